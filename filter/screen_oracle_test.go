package filter_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/corazawaf/coraza/v3/experimental/plugins"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

// visit is one exchange, for a comparison of the screen with the engine alone.
type visit struct {
	path              string // "/" where empty
	headers           []string
	body              string
	trailers          []string
	status            int // 0: no answer ever comes
	answer            []string
	answerBody        string
	answerTrailers    []string
	requestUnfinished bool // the client goes away in the body
}

// told is all that anybody sees of an exchange, a line for each thing.
func told(e *filter.Engine, x visit) string {
	var b strings.Builder
	host := newRecorder()
	tx := e.NewTransaction(host)
	over := make(chan struct{})
	var id string
	tx.Observe(func(inner types.Transaction) {
		if inner == nil {
			close(over)
			return
		}
		id = inner.ID()
		matchedIn(&b, inner)
	})
	said := x.play(tx)
	tx.Close()
	<-over
	fmt.Fprintln(&b, said)
	for _, line := range host.lines {
		if strings.Contains(line, `"seawall_error"`) {
			fmt.Fprintln(&b, line)
		}
	}
	if record, ok := screenRecords.LoadAndDelete(id); ok {
		fmt.Fprintln(&b, record)
	}
	return b.String()
}

func matchedIn(b *strings.Builder, inner types.Transaction) {
	logged := false
	for _, m := range inner.MatchedRules() {
		shown := m.(interface {
			Log() bool
			Audit() bool
		})
		if !shown.Log() && !shown.Audit() {
			continue
		}
		logged = true
		var on []string
		for _, d := range m.MatchedDatas() {
			on = append(on, fmt.Sprintf("%s:%q=%q in %d", d.Variable().Name(), d.Key(), d.Value(), d.ChainLevel()))
		}
		slices.Sort(on)
		fmt.Fprintf(b, "rule %d %q %q on %s\n", m.Rule().ID(), m.Message(), m.Data(), strings.Join(on, ", "))
	}
	if it := inner.Interruption(); it != nil {
		fmt.Fprintf(b, "interrupted %+v\n", *it)
	}
	if d := inner.(interface {
		DetectionOnlyInterruption() *types.Interruption
	}).DetectionOnlyInterruption(); d != nil {
		fmt.Fprintf(b, "held back %+v\n", *d)
	}
	if !logged {
		return // then nobody asks for scores
	}
	var scores []string
	for _, m := range inner.(plugintypes.TransactionState).Variables().TX().FindAll() {
		if strings.HasSuffix(m.Key(), "_score") && m.Value() != "0" {
			scores = append(scores, m.Key()+"="+m.Value())
		}
	}
	slices.Sort(scores)
	fmt.Fprintln(b, "scores", scores)
}

// play drives a Transaction as a proxy does; it tells where it ended.
func (x visit) play(tx *filter.Transaction) string {
	now := func(v filter.Verdict) filter.Verdict {
		if v.Evaluate != nil {
			return v.Evaluate()
		}
		return v
	}
	path := x.path
	if path == "" {
		path = "/"
	}
	r := filter.Request{Method: "POST", Path: path, Authority: "app.example.com", Protocol: "HTTP/1.1", Headers: headers(x.headers...)}
	bodied := x.body != "" || len(x.trailers) > 0 || x.requestUnfinished
	v := now(tx.RequestHeaders(r, !bodied))
	if v.Reply == nil && x.body != "" {
		half := len(x.body) / 2
		v = now(tx.RequestBody(chunk(x.body[:half]), false))
		if v.Reply == nil && !x.requestUnfinished {
			v = now(tx.RequestBody(chunk(x.body[half:]), len(x.trailers) == 0))
		}
	}
	if v.Reply == nil && len(x.trailers) > 0 {
		v = now(tx.RequestTrailers(headers(x.trailers...)))
	}
	if v.Reply != nil {
		return fmt.Sprintf("request denied %d %s", v.Reply.Status, v.Reply.Details)
	}
	if x.status == 0 {
		return "no answer"
	}
	v = now(tx.ResponseHeaders(filter.Response{Status: x.status, Headers: headers(x.answer...)}, x.answerBody == "" && len(x.answerTrailers) == 0))
	if v.Reply == nil && x.answerBody != "" {
		v = now(tx.ResponseBody(chunk(x.answerBody), len(x.answerTrailers) == 0))
	}
	if v.Reply == nil && len(x.answerTrailers) > 0 {
		v = now(tx.ResponseTrailers(headers(x.answerTrailers...)))
	}
	if v.Reply != nil {
		return fmt.Sprintf("response denied %d %s", v.Reply.Status, v.Reply.Details)
	}
	return "passed"
}

// screenRecords are audit records by transaction ID.
var screenRecords sync.Map

type screenAudit struct{}

func init() {
	plugins.RegisterAuditLogWriter("screenTest", func() plugintypes.AuditLogWriter { return screenAudit{} })
}

func (screenAudit) Init(plugintypes.AuditLogConfig) error { return nil }
func (screenAudit) Close() error                          { return nil }

// Write keeps what of a record is the same in every run; messages have the order of
// maps.
func (screenAudit) Write(al plugintypes.AuditLog) error {
	t := al.Transaction()
	var messages []string
	for _, m := range al.Messages() {
		messages = append(messages, fmt.Sprintf("%d %q %q", m.Data().ID(), m.Message(), m.Data().Data()))
	}
	slices.Sort(messages)
	text := fmt.Sprintf("audit %s %s interrupted %t messages %v", t.Request().Method(), t.Request().URI(), t.IsInterrupted(), messages)
	if t.HasRequest() {
		text += fmt.Sprintf(" request %v %q", t.Request().Headers(), t.Request().Body())
	}
	if t.HasResponse() {
		text += fmt.Sprintf(" response %d %v %q", t.Response().Status(), t.Response().Headers(), t.Response().Body())
	}
	if _, twice := screenRecords.Swap(t.ID(), text); twice {
		screenRecords.Store(t.ID(), "a second record: "+text)
	}
	return nil
}

// screenPair compiles one rule set with the screen and without.
func screenPair(t testing.TB, directives, more string) (on, off *filter.Engine) {
	t.Helper()
	text, err := json.Marshal(directives)
	require.NoError(t, err)
	doc := "directives: " + string(text) + "\n" + more
	return engine(t, doc+"\nscreen: on\n"), engine(t, doc+"\nscreen: off\n")
}
