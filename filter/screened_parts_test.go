package filter

import (
	"fmt"
	"io"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/screen"
	"github.com/seawall-waf/seawall/rules"
)

const screenedRules = `
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain
SecRequestBodyLimit 1000
SecRequestBodyInMemoryLimit 1000
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:1,phase:1,pass,nolog,chain"
  SecRule REQUEST_HEADERS:X-Force "@eq 1" "ctl:requestBodyProcessor=JSON"
SecRule REQUEST_HEADERS:X-Stop "@eq 1" "id:2,phase:1,deny,log,ctl:forceRequestBodyVariable=On"
SecRule ARGS:p1 "@rx evil" "id:11,phase:1,deny,log"
SecRule ARGS:p2 "@rx evil" "id:12,phase:2,deny,log"
SecRule RESPONSE_HEADERS:X-P3 "@rx evil" "id:13,phase:3,deny,log"
SecRule RESPONSE_BODY "@rx evil" "id:14,phase:4,deny,log"
SecRule ARGS:p5 "@rx evil" "id:15,phase:5,pass,log"
SecRule ARGS:a "@rx evil" "id:16,phase:2,pass,log"
`

func screenedSet(t *testing.T, text string) *ruleSet {
	t.Helper()
	set, err := newRuleSet(text, true, false, coraza.NewWAFConfig())
	require.NoError(t, err)
	require.Empty(t, set.unscreened)
	return set
}

// begun is an inspection that has had its phase 1.
func begun(t *testing.T, set *ruleSet, uri string, headers ...string) (*screened, *types.Interruption) {
	t.Helper()
	s := set.newInspection("id", 0, nil).(*screened)
	t.Cleanup(func() { _ = s.Close() })
	s.ProcessConnection("192.0.2.1", 1, "192.0.2.2", 2)
	s.ProcessURI(uri, "POST", "HTTP/1.1")
	s.AddRequestHeader("host", "h")
	for i := 0; i < len(headers); i += 2 {
		s.AddRequestHeader(headers[i], headers[i+1])
	}
	return s, s.ProcessRequestHeaders()
}

func TestAnInnocentExchangeNeverReachesTheEngine(t *testing.T) {
	s, it := begun(t, screenedSet(t, screenedRules), "/?a=1")
	assert.Nil(t, it)
	_, err := s.ProcessRequestBody()
	require.NoError(t, err)
	s.AddResponseHeader("content-type", "text/plain")
	s.ProcessResponseHeaders(200, "HTTP/1.1")
	_, err = s.ProcessResponseBody()
	require.NoError(t, err)
	s.ProcessLogging()
	assert.Nil(t, s.engine)
	assert.Equal(t, s.front, engineOf(s))
}

func TestEachPhaseDeniesInItself(t *testing.T) {
	set := screenedSet(t, screenedRules)
	_, it := begun(t, set, "/?p1=evil")
	require.NotNil(t, it)
	assert.Equal(t, 11, it.RuleID)

	s, it := begun(t, set, "/?p2=evil")
	assert.Nil(t, it)
	assert.Nil(t, s.engine)
	it, err := s.ProcessRequestBody()
	require.NoError(t, err)
	require.NotNil(t, it)
	assert.Equal(t, 12, it.RuleID)
}

func TestALateSuspicionReplaysTheWholeExchange(t *testing.T) {
	for phase, id := range map[int]int{3: 13, 4: 14, 5: 15} {
		t.Run(fmt.Sprintf("Phase%d", phase), func(t *testing.T) {
			uri, header, answer := "/?q=1", "fine", "fine"
			switch phase {
			case 3:
				header = "evil"
			case 4:
				answer = "evil"
			case 5:
				uri = "/?q=1&p5=evil"
			}
			s, _ := begun(t, screenedSet(t, screenedRules), uri, "content-type", "application/x-www-form-urlencoded", "x-mine", "1")
			_, _, err := s.WriteRequestBody([]byte("body=1"))
			require.NoError(t, err)
			_, err = s.ProcessRequestBody()
			require.NoError(t, err)
			s.AddResponseHeader("content-type", "text/plain")
			s.AddResponseHeader("x-p3", header)
			it := s.ProcessResponseHeaders(200, "HTTP/1.1")
			if it == nil {
				_, _, err = s.WriteResponseBody([]byte(answer))
				require.NoError(t, err)
				it, err = s.ProcessResponseBody()
				require.NoError(t, err)
			}
			if phase < 5 {
				require.NotNil(t, it)
				assert.Equal(t, id, it.RuleID)
			} else {
				assert.Nil(t, s.engine, "nothing was suspicious until now")
			}
			s.ProcessLogging()
			require.NotNil(t, s.engine)
			matched := s.engine.MatchedRules()
			require.NotEmpty(t, matched)
			assert.Equal(t, id, matched[len(matched)-1].Rule().ID())
			body, err := s.engine.(interface {
				RequestBodyReader() (io.Reader, error)
			}).RequestBodyReader()
			require.NoError(t, err)
			held, err := io.ReadAll(body)
			require.NoError(t, err)
			assert.Equal(t, "body=1", string(held), "the request's body is the engine's too")
		})
	}
}

func TestAnInterruptedFrontLeavesAllRulesToTheEngine(t *testing.T) {
	s, it := begun(t, screenedSet(t, screenedRules), "/", "x-stop", "1")
	require.NotNil(t, it)
	assert.Equal(t, 2, it.RuleID, "which the engine has confirmed")
	assert.True(t, s.blind)
}

func TestAShapingChainThatTheFrontLacksLeavesParsingToTheEngine(t *testing.T) {
	s, _ := begun(t, screenedSet(t, screenedRules), "/", "content-type", "application/json", "x-force", "1")
	assert.True(t, s.blind)
	_, _, err := s.WriteRequestBody([]byte(`{"a":"evil"}`))
	require.NoError(t, err)
	_, err = s.ProcessRequestBody()
	require.NoError(t, err)
	s.ProcessLogging()
	var ids []int
	for _, m := range s.MatchedRules() {
		ids = append(ids, m.Rule().ID())
	}
	assert.Contains(t, ids, 1)
}

func TestParsingThatOnlyTheEngineWasToldOfIsNoticed(t *testing.T) {
	s, _ := begun(t, screenedSet(t, `
SecRuleEngine On
SecRequestBodyAccess On
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:1,phase:1,nolog,pass,setvar:tx.json=1"
SecRule TX:json "@eq 1" "id:2,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"`), "/", "content-type", "application/json")
	require.NotNil(t, s.engine)
	assert.True(t, s.blind)
}

func TestABodyOverTheLimitIsTheEnginesToDeny(t *testing.T) {
	s, _ := begun(t, screenedSet(t, screenedRules), "/")
	it, _, err := s.WriteRequestBody(make([]byte, 600))
	require.NoError(t, err)
	assert.Nil(t, it)
	it, _, err = s.WriteRequestBody(make([]byte, 600))
	require.NoError(t, err)
	require.NotNil(t, it)
	assert.Equal(t, 413, it.Status)
	assert.Same(t, it, s.engine.Interruption())
}

// closed counts what is given back.
type closed struct {
	types.Transaction
	times int
}

func (c *closed) Close() error { c.times++; return c.Transaction.Close() }

func TestCloseGivesBothTransactionsBack(t *testing.T) {
	set := screenedSet(t, screenedRules)
	s := set.newInspection("id", 0, nil).(*screened)
	s.ProcessURI("/?p1=evil", "GET", "HTTP/1.1")
	s.ProcessRequestHeaders()
	front, engine := &closed{Transaction: s.front}, &closed{Transaction: s.engine}
	s.front, s.engine = front, engine
	require.NoError(t, s.Close())
	assert.Equal(t, []int{1, 1}, []int{front.times, engine.times})
}

// wronged gives a rule set the screen of other rules.
func wronged(t *testing.T, set *ruleSet, text string) {
	t.Helper()
	directives, err := rules.Walk(rules.FS(), text)
	require.NoError(t, err)
	set.screen = screen.Compile(directives, rules.FS())
	require.Empty(t, set.screen.Off)
}

func TestASampledCheckFindsAMistakeAndTurnsTheScreenOff(t *testing.T) {
	const right = "SecRuleEngine On\nSecRule ARGS \"@rx evil\" \"id:1,phase:1,deny,log\"\n"
	for name, wrong := range map[string]string{
		"ARuleThatItFoundImpossible": "SecRuleEngine On\nSecRule ARGS \"@rx other\" \"id:1,phase:1,deny,log\"\n",
		"ARuleThatItDoesNotKnow":     "SecRuleEngine On\n",
	} {
		t.Run(name, func(t *testing.T) {
			set := screenedSet(t, right)
			wronged(t, set, wrong)
			var said []string
			tx := set.newInspection("id", 1, func(why string) { said = append(said, why) })
			tx.ProcessURI("/?a=evil", "GET", "HTTP/1.1")
			it := tx.ProcessRequestHeaders()
			require.NotNil(t, it, "the check's engine decides")
			require.NoError(t, tx.Close())
			require.Len(t, said, 1, "one line, however many mistakes")
			assert.Contains(t, said[0], "rule 1 matched")
			next := set.newInspection("id", 0, nil)
			_, isScreened := next.(*screened)
			assert.False(t, isScreened)
			require.NoError(t, next.Close())
		})
	}
}

func TestASampledCheckOfARightScreenSaysNothing(t *testing.T) {
	set := screenedSet(t, screenedRules)
	for _, uri := range []string{"/", "/?p1=evil", "/?a=evil", "/?p2=evil", "/?p5=evil"} {
		tx := set.newInspection("id", 1, func(why string) { t.Error(uri, why) })
		tx.ProcessURI(uri, "GET", "HTTP/1.1")
		if tx.ProcessRequestHeaders() == nil {
			_, err := tx.ProcessRequestBody()
			require.NoError(t, err)
		}
		tx.ProcessLogging()
		require.NoError(t, tx.Close())
	}
	assert.False(t, set.distrusted.Load())
}

func TestARuleSetThatCannotBeScreenedRunsWithoutAScreen(t *testing.T) {
	set, err := newRuleSet("SecRuleEngine On\nSecDebugLogLevel 9\n", true, false, coraza.NewWAFConfig())
	require.NoError(t, err)
	assert.Contains(t, set.unscreened, "SecDebugLogLevel")
	config, err := ParseConfig([]byte("policies: {loud: {directives: SecDebugLogLevel 9}}\ndefault_policy: loud\n"))
	require.NoError(t, err)
	e, err := NewEngine(config)
	require.NoError(t, err)
	require.Len(t, e.Unscreened(), 1)
	assert.Contains(t, e.Unscreened()[0], `policy "loud" has no screen, every rule runs for every exchange: SecDebugLogLevel`)
	tx := set.newInspection("id", 1, nil)
	defer func() { _ = tx.Close() }()
	_, isScreened := tx.(*screened)
	assert.False(t, isScreened)
}
