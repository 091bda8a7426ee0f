package filter_test

import (
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/debuglog"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/rules"
)

// touchesTheWorld keeps the fuzzer from files, sockets and pages of memory.
var touchesTheWorld = regexp.MustCompile(`(?i)include|file|dir|exec|rbl|validateschema|sec(audit|debug|remote|upload|data|httpbl|gsb)`)

// FuzzConfigAndEngine: whatever stands in a config document and in its SecLang,
// it is refused with an error or compiled, in full, and nothing panics. Beside
// the document the fuzzer has a text that is put into a document by itself, so
// that it need not invent YAML to reach the engine.
func FuzzConfigAndEngine(f *testing.F) {
	for _, doc := range []string{
		"", "{}", "disabled: true", "directives: SecRuleEngine On", "policies: {a: {directives: SecMarker x}}\nhosts: {b.example: a}",
		"request_body: {max_held_bytes: 1KiB}\nblock_response: {text: '{{id}}'}\ndirectives: SecRequestBodyLimit 2000",
	} {
		for _, text := range []string{
			"SecRuleEngine On", "SecRule ARGS \"@rx (a+)+$\" \"id:1,phase:2,deny,chain\"\n SecRule ARGS_NAMES \"@pm a b\" \"t:none,t:lowercase\"",
			"SecAction \\\n \"id:2,\\\n phase:1,pass,setvar:tx.a=%{tx.b}\"\nSecMarker END", "SecRule &REQUEST_HEADERS:Host|!ARGS:/^x/ \"!@within a,b\" \"id:3,phase:1,redirect:/why,status:302,ctl:ruleRemoveTargetById=1;ARGS:a\"",
			"SecRequestBodyLimit 100\nSecRequestBodyLimitAction ProcessPartial\nSecRequestBodyInMemoryLimit 50", "SecDefaultAction \"phase:1,deny\"\nSecRule REMOTE_ADDR \"@ipMatch 10.0.0.0/8,::1\" id:4",
			"SecRuleUpdateTargetById 5 !ARGS:a\nSecRuleRemoveById 5-9 12", "SecRul ARGS", "SecAction \"id:9\\\"", "SecAction `\n`",
		} {
			f.Add([]byte(doc), text)
		}
	}
	base, compiled := filter.LiveRuleSets(), 0
	f.Fuzz(func(t *testing.T, doc []byte, text string) {
		if len(doc)+len(text) > 4<<10 || touchesTheWorld.Match(doc) || touchesTheWorld.MatchString(text) {
			return
		}
		tryConfig(t, doc)
		c := &filter.Config{Policies: map[string]*filter.Policy{"a": {Name: "a", Snippets: []filter.Snippet{{Text: text, Key: "directives", Line: 1}}}},
			DefaultPolicy: "a", RequestBody: filter.BodyOptions{MaxHeldBytes: filter.MaxHeldBytes},
			ResponseBody: filter.BodyOptions{MaxHeldBytes: filter.MaxHeldBytes}, Block: filter.DefaultBlockResponse}
		e, err := filter.NewEngine(c)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		requireEveryDirective(t, text)
		meetsTheFailurePolicy(t, e)
		if compiled++; compiled%512 == 0 {
			e = nil
			awaitRuleSets(t, base)
		}
		runtime.KeepAlive(e)
	})
}

// tryConfig compiles a document that has few rules: CRS takes a second.
func tryConfig(t *testing.T, doc []byte) {
	c, err := filter.ParseConfig(doc)
	if err != nil {
		require.Nil(t, c)
		return
	}
	for _, p := range c.Policies {
		for _, s := range p.Snippets {
			if touchesTheWorld.MatchString(s.Text) {
				return // the default, or written with an escape
			}
		}
	}
	if e, err := filter.NewEngine(c); err == nil {
		meetsTheFailurePolicy(t, e)
	}
}

// requireEveryDirective: what the engine evaluated is what Walk lists.
func requireEveryDirective(t *testing.T, text string) {
	walked, err := rules.Walk(rules.FS(), text)
	require.NoError(t, err, "NewEngine walks the same text")
	var seen parsed
	waf, err := rules.Compile(rules.FS(), text, coraza.NewWAFConfig().WithDebugLogger(&seen))
	require.NoError(t, err, "NewEngine compiled the same text")
	require.NoError(t, waf.(experimental.WAFCloser).Close())
	require.Len(t, seen.lines, len(walked), "%q", text)
	for i, d := range walked {
		require.Equal(t, d.Text, seen.lines[i], "%q", text)
	}
}

// parsed is a debug logger that keeps the lines that Coraza's parser evaluates.
type parsed struct{ lines []string }

func (p *parsed) WithOutput(io.Writer) debuglog.Logger          { return p }
func (p *parsed) WithLevel(debuglog.Level) debuglog.Logger      { return p }
func (p *parsed) With(...debuglog.ContextField) debuglog.Logger { return p }
func (p *parsed) Trace() debuglog.Event                         { return debuglog.Noop().Trace() }
func (p *parsed) Debug() debuglog.Event                         { return &parsedEvent{Event: p.Trace(), to: p} }
func (p *parsed) Info() debuglog.Event                          { return p.Trace() }
func (p *parsed) Warn() debuglog.Event                          { return p.Trace() }
func (p *parsed) Error() debuglog.Event                         { return p.Trace() }

type parsedEvent struct {
	debuglog.Event
	to   *parsed
	line string
}

func (e *parsedEvent) Str(key, value string) debuglog.Event {
	if key == "line" {
		e.line = value
	}
	return e
}

func (e *parsedEvent) Msg(message string) {
	if message == "Parsing directive" {
		e.to.lines = append(e.to.lines, e.line)
	}
}

// meetsTheFailurePolicy: nothing panics out of the core. What panics within the
// engine (Coraza 3.8.1: a setvar without a value) is answered by on_error.
func meetsTheFailurePolicy(t *testing.T, e *filter.Engine) {
	h := newRecorder()
	tx := e.NewTransaction(h)
	v := tx.RequestHeaders(post("content-type", formType), false)
	if v.Action == filter.Hold {
		v = tx.RequestBody(chunk("a=1"), true)
	}
	if v.Evaluate != nil {
		v = v.Evaluate()
	}
	faults := len(h.lines) > 0 && strings.Contains(h.lines[0], `"event":"seawall_error"`)
	if faults && e.Config().OnError == filter.FailClosed {
		require.NotNil(t, v.Reply, "%q", h.lines)
		require.Equal(t, 500, v.Reply.Status)
	}
	tx.Close()
}
