package screen

import (
	"regexp"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/rules"
)

func compiled(t *testing.T, text string) *Screen {
	t.Helper()
	fsys := rules.Recording(rules.FS())
	directives, err := rules.Walk(fsys, text)
	require.NoError(t, err)
	_, err = rules.Compile(fsys, text, coraza.NewWAFConfig())
	require.NoError(t, err, "a rule set of a test that Coraza refuses")
	return Compile(directives, fsys)
}

// parsed is a front that has parsed the head of a request.
func parsed(t *testing.T, s *Screen, uri string, headers ...string) types.Transaction {
	t.Helper()
	require.Empty(t, s.Off)
	waf, err := rules.Compile(rules.Recording(rules.FS()), s.Front, coraza.NewWAFConfig())
	require.NoError(t, err)
	tx := waf.NewTransaction()
	t.Cleanup(func() { _ = tx.Close() })
	tx.ProcessURI(uri, "GET", "HTTP/1.1")
	for i := 0; i < len(headers); i += 2 {
		tx.AddRequestHeader(headers[i], headers[i+1])
	}
	tx.ProcessRequestHeaders()
	return tx
}

// asked is what phase 1 says about a request: whether it is suspicious, and which
// rules the engine may leave out.
func asked(t *testing.T, s *Screen, uri string, headers ...string) (suspicious bool, spared []int) {
	t.Helper()
	state := s.NewState()
	defer state.Release()
	suspicious = state.Phase(1, parsed(t, s, uri, headers...).(plugintypes.TransactionState))
	state.Spare(1, func(id int) { spared = append(spared, id) })
	return suspicious, spared
}

func candidates(s *Screen) (ids []int) {
	for _, phase := range s.phases {
		for _, k := range phase {
			ids = append(ids, k.rule.ID)
		}
	}
	return ids
}

const gated = `
SecAction "id:1,phase:1,pass,nolog,setvar:tx.level=1"
SecRule TX:level "@lt 2" "id:2,phase:1,pass,nolog,skipAfter:END"
SecRule ARGS "@rx evil" "id:3,phase:1,deny,log"
SecMarker END
SecRule ARGS "@gt %{tx.level}" "id:4,phase:1,deny,log"
`

func TestWhatAGateJumpsOverIsNoCandidate(t *testing.T) {
	assert.Equal(t, []int{4}, candidates(compiled(t, gated)))
	assert.Equal(t, []int{3, 4}, candidates(compiled(t, strings.Replace(gated, "tx.level=1", "tx.level=2", 1))))
}

func TestSettingsAreFoldedIntoWhatRulesCompareWith(t *testing.T) {
	s := compiled(t, gated)
	suspicious, _ := asked(t, s, "/?n=1")
	assert.False(t, suspicious)
	suspicious, _ = asked(t, s, "/?n=2")
	assert.True(t, suspicious)
}

func TestAQuietRulesMatchIsInnocentAndKept(t *testing.T) {
	s := compiled(t, `SecRule ARGS:a "@rx evil" "id:1,phase:1,pass,nolog,setvar:tx.unread=1"
SecRule ARGS:b "@rx evil" "id:2,phase:1,pass,log"`)
	suspicious, spared := asked(t, s, "/?a=evil")
	assert.False(t, suspicious)
	assert.Equal(t, []int{2}, spared)
	suspicious, spared = asked(t, s, "/?b=evil")
	assert.True(t, suspicious)
	assert.Equal(t, []int{1}, spared)
}

func TestTheFrontHoldsSettingsAndWhatShapesParsing(t *testing.T) {
	s := compiled(t, `SecRequestBodyAccess On
SecRule ARGS "@rx evil" "id:1,phase:2,deny,log"
SecAction "id:2,phase:1,pass,nolog,setvar:tx.type=json"
SecRule REQUEST_HEADERS:Content-Type "@contains %{tx.type}" "id:3,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRuleRemoveById 9
SecRuleUpdateTargetById 1 "!ARGS:x"`)
	assert.Contains(t, s.Front, "SecRequestBodyAccess On")
	assert.Contains(t, s.Front, "requestBodyProcessor=JSON")
	assert.Contains(t, s.Front, "setvar:'tx.type=json'", "what the rule compares with")
	assert.NotContains(t, s.Front, "evil")
	assert.NotContains(t, s.Front, "SecRuleUpdate")
	assert.NotContains(t, s.Front, "SecRuleRemove")
	tx := parsed(t, s, "/", "content-type", "application/json").(plugintypes.TransactionState)
	assert.Equal(t, "JSON", tx.Variables().RequestBodyProcessor().Get())
}

func TestExclusionsAndSelectorsTakeNamesInAnyCase(t *testing.T) {
	s := compiled(t, `SecRule ARGS|!ARGS:Token|!ARGS:/^Skip/|!ARGS:/^drop/ "@rx evil" "id:1,phase:1,deny,log"
SecRule ARGS:Foo "@streq x" "id:2,phase:1,deny,log"
SecRule REQUEST_HEADERS:/^X-/ "@streq x" "id:3,phase:1,deny,log"`)
	for uri, want := range map[string]bool{"/?token=evil": false, "/?TOKEN=evil": false, "/?drop1=evil": false, "/?DROP1=evil": false, "/?tokens=evil": true,
		"/?skip1=evil": true /* Coraza asks with lower-case names, so /^Skip/ excludes nothing */, "/?foo=x": true, "/?FOO=x": true, "/?fo=x": false} {
		suspicious, _ := asked(t, s, uri)
		assert.Equal(t, want, suspicious, uri)
	}
	suspicious, _ := asked(t, s, "/", "x-anything", "x")
	assert.True(t, suspicious)
}

func TestMoreNameExpressionsThanAShelfKeepsSelectMore(t *testing.T) {
	var b strings.Builder
	for i := range maxRegexes + 3 {
		id := string(rune('1' + i))
		b.WriteString(`SecRule ARGS:/^a` + id + `/ "@rx evil" "id:` + id + `,phase:1,deny,log"` + "\n")
	}
	s := compiled(t, b.String())
	for i := range maxRegexes + 3 {
		suspicious, spared := asked(t, s, "/?a"+string(rune('1'+i))+"=evil")
		assert.True(t, suspicious)
		assert.NotContains(t, spared, i+1)
	}
}

func TestCountsAreTakenOfWhatIsSelected(t *testing.T) {
	s := compiled(t, `SecRule &ARGS|!ARGS:x "@gt 1" "id:1,phase:1,deny,log"
SecRule &REQUEST_HEADERS:Host "@eq 0" "id:2,phase:1,deny,log"`)
	for uri, want := range map[string]bool{"/?a=1": false, "/?a=1&x=1": false, "/?a=1&b=1": true, "/?a=1&a=1": true} {
		suspicious, _ := asked(t, s, uri, "host", "h")
		assert.Equal(t, want, suspicious, uri)
	}
	suspicious, _ := asked(t, s, "/")
	assert.True(t, suspicious, "no Host")
}

func TestNegationsAreFulfilledByEveryOtherValue(t *testing.T) {
	s := compiled(t, `SecRule ARGS "!@rx ^[a-z]*$" "id:1,phase:1,deny,log"
SecRule ARGS:w "!@pm good" "id:2,phase:1,deny,log"`)
	for uri, want := range map[string]bool{"/": false, "/?a=abc": false, "/?a=ab1": true, "/?w=good": false, "/?w=bad": true} {
		suspicious, _ := asked(t, s, uri)
		assert.Equal(t, want, suspicious, uri)
	}
}

func TestMultiMatchLooksAtEveryStep(t *testing.T) {
	s := compiled(t, `SecRule ARGS "@rx EviL|^evil$" "id:1,phase:1,deny,log,multiMatch,t:lowercase,t:compressWhitespace"`)
	for uri, want := range map[string]bool{"/?a=xEviLx": true, "/?a=EVIL": true, "/?a=xEVILx": false} {
		suspicious, _ := asked(t, s, uri)
		assert.Equal(t, want, suspicious, uri)
	}
}

func TestACapturingChainIsDecidedByWhatWasCaptured(t *testing.T) {
	s := compiled(t, `SecRule REQUEST_BASENAME "@rx \.([^.]+)$" "id:1,phase:1,deny,log,capture,setvar:'tx.ext=.%{tx.1}/',chain"
  SecRule TX:EXT "@within .bak/ .old/"`)
	for uri, want := range map[string]bool{"/index": false, "/index.html": false, "/index.bak": true} {
		suspicious, _ := asked(t, s, uri)
		assert.Equal(t, want, suspicious, uri)
	}
}

func TestWhatASkipCountsIsNeverLeftOut(t *testing.T) {
	s := compiled(t, `SecRule ARGS:y "@eq 1" "id:1,phase:1,pass,nolog,skip:1"
SecRule ARGS:a "@rx foo" "id:2,phase:1,pass,log"
SecRule ARGS:b "@rx bar" "id:3,phase:1,pass,log"`)
	_, spared := asked(t, s, "/?y=1")
	assert.Equal(t, []int{3}, spared)
}

func TestAChainWhoseHeadActsIsLeftOutByItsHeadAlone(t *testing.T) {
	s := compiled(t, `SecRule ARGS:a "@rx evil" "id:1,phase:1,deny,log,ctl:ruleRemoveById=9,chain"
  SecRule ARGS:b "@eq 1"`)
	suspicious, spared := asked(t, s, "/?a=evil")
	assert.False(t, suspicious)
	assert.Empty(t, spared, "its head excludes, whatever its link says")
	_, spared = asked(t, s, "/?b=1")
	assert.Equal(t, []int{1}, spared)
}

func TestWhatUnsettlesTheWorldIsToldFromTheRest(t *testing.T) {
	s := compiled(t, `SecAction "id:1,phase:1,pass,nolog,setvar:tx.limit=5"
SecRule ARGS:a "@eq 1" "id:2,phase:1,pass,nolog,ctl:ruleRemoveById=1"
SecRule ARGS:b "@eq 1" "id:3,phase:1,pass,nolog,ctl:ruleRemoveById=4"
SecRule ARGS:n "@gt %{tx.limit}" "id:4,phase:1,deny,log"`)
	for uri, want := range map[string]bool{"/?a=1": true, "/?b=1": false} {
		state := s.NewState()
		assert.Equal(t, want, state.Phase(1, parsed(t, s, uri).(plugintypes.TransactionState)), uri)
		assert.Equal(t, want, state.Shaped(), uri)
		state.Release()
	}
}

func TestUnscreenedRulesAreNamedWithTheirReason(t *testing.T) {
	s := compiled(t, `SecRule ARGS "@rx evil" "id:1,phase:1,deny,log"
SecRule MATCHED_VAR "@rx evil" "id:2,phase:1,deny,log"
SecAction "id:3,phase:1,pass,log"`)
	require.Len(t, s.Unscreened, 2)
	assert.Equal(t, Unscreened{ID: 2, Line: 2, Why: "it reads MATCHED_VAR"}, s.Unscreened[0])
	assert.Equal(t, Unscreened{ID: 3, Line: 3, Why: "it matches every exchange"}, s.Unscreened[1])
}

func TestWhatCannotBeScreenedSaysWhy(t *testing.T) {
	for why, text := range map[string]string{
		"SecUploadKeepFiles": "SecUploadDir /tmp\nSecUploadKeepFiles On",
		"SecDebugLogLevel":   "SecDebugLogLevel 9",
		"denies every":       `SecAction "id:1,phase:1,deny,log"`,
		"skips the next":     `SecAction "id:1,phase:1,pass,nolog,skip:1"`,
		"MATCHED_VAR":        `SecRule ARGS:a "@streq %{MATCHED_VAR}" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"`,
		"which phases":       "SecAction \"id:1,phase:3,pass,nolog,setvar:tx.a=1\"\nSecRule &TX:a \"@eq 0\" \"id:2,phase:5,pass,log\"",
	} {
		assert.Contains(t, compiled(t, "SecRuleEngine On\n"+text).Off, why)
	}
}

func TestAReleasedStateHoldsNothingOfItsExchange(t *testing.T) {
	s := compiled(t, `SecRule ARGS|REQUEST_HEADERS "@rx evil" "id:1,phase:1,deny,log,t:lowercase"`)
	state := s.NewState()
	assert.True(t, state.Phase(1, parsed(t, s, "/?secret=EVIL-secret", "x-secret", "Secret").(plugintypes.TransactionState)))
	state.Release()
	for _, found := range state.scans {
		for _, text := range found.texts {
			assert.NotRegexp(t, regexp.MustCompile("(?i)secret"), text)
		}
	}
	again := s.NewState()
	defer again.Release()
	assert.False(t, again.Phase(1, parsed(t, s, "/").(plugintypes.TransactionState)), "nor what it had found")
	assert.False(t, again.Shaped())
}

func TestAMatchThatWasFoundImpossibleIsMissed(t *testing.T) {
	s := compiled(t, `SecRule ARGS "@rx evil" "id:1,phase:1,pass,log"`)
	waf, err := rules.Compile(rules.FS(), `SecRule ARGS "@rx good" "id:1,phase:1,pass,log"`, coraza.NewWAFConfig())
	require.NoError(t, err)
	tx := waf.NewTransaction()
	defer func() { _ = tx.Close() }()
	tx.ProcessURI("/?a=good", "GET", "HTTP/1.1")
	tx.ProcessRequestHeaders()
	state := s.NewState()
	defer state.Release()
	state.Phase(1, tx.(plugintypes.TransactionState))
	assert.Equal(t, 1, state.Missed(tx.MatchedRules()))
}

// Text that makes automata give up again and again costs more to look at than the
// rules do: the engine then runs all of them, and none is taken for impossible.
func TestAnExchangeThatWearsTheAutomataOutIsTheEngines(t *testing.T) {
	s := compiled(t, `SecRule ARGS "@rx evil" "id:1,phase:1,deny,log"`)
	for gaveUp, want := range map[int]bool{0: false, patience - 1: false, patience: true} {
		state := s.NewState()
		state.gaveUp = gaveUp
		var spared []int
		suspicious := state.Phase(1, parsed(t, s, "/?a=good").(plugintypes.TransactionState))
		state.Spare(1, func(id int) { spared = append(spared, id) })
		assert.Equal(t, want, suspicious, "after %d", gaveUp)
		assert.Equal(t, want, len(spared) == 0, "after %d", gaveUp)
		state.Release()
		assert.Zero(t, state.gaveUp, "the next exchange begins anew")
	}
}
