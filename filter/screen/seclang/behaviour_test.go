package seclang

import (
	"slices"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exchange sends GET /?a=Foo&b=bar with a User-Agent of Probe through waf and
// returns the rules that matched and the interruption, if any.
func exchange(t *testing.T, waf coraza.WAF) (matched []int, by *types.Interruption) {
	t.Helper()
	tx := waf.NewTransaction()
	tx.ProcessURI("/?a=Foo&b=bar", "GET", "HTTP/1.1")
	tx.AddRequestHeader("User-Agent", "Probe")
	by = tx.ProcessRequestHeaders()
	if by == nil {
		var err error
		by, err = tx.ProcessRequestBody()
		require.NoError(t, err)
	}
	tx.ProcessLogging()
	for _, m := range tx.MatchedRules() {
		matched = append(matched, m.Rule().ID())
	}
	require.NoError(t, tx.Close())
	return matched, by
}

// What model.go says of the fields, Coraza does.
func TestCorazaEvaluatesAsTheModelSays(t *testing.T) {
	const all = `"@unconditionalMatch" `
	for _, tc := range []struct {
		name, text string
		matched    []int
		status     int // 0: not interrupted
	}{
		{"KeysIgnoreCase", `SecRule ARGS:A ` + all + `"id:1,phase:1"`, []int{1}, 0},
		{"LoweredExpressions", `SecRule REQUEST_HEADERS:/^USER\WAGENT$/ ` + all + `"id:1,phase:1"
SecRule REQUEST_HEADERS:/^USER-AGENT$/ ` + all + `"id:2,phase:1"`, []int{2}, 0},
		{"ExpressionsOfArgsAreNotLowered", `SecRule ARGS:/^A$/ ` + all + `"id:1,phase:1"
SecRule ARGS:/^a$/ ` + all + `"id:2,phase:1"`, []int{2}, 0},
		{"ExclusionOfEverything", `SecRule ARGS|!ARGS ` + all + `"id:1,phase:1"`, nil, 0},
		{"ExclusionWithinACount", `SecRule &ARGS|!ARGS:A "@eq 1" "id:1,phase:1"`, []int{1}, 0},
		{"ExclusionsGoBackOnly", `SecRule !ARGS:a|ARGS "@rx Foo" "id:1,phase:1"`, []int{1}, 0},
		{"BlockWithoutDefault", `SecAction "id:1,phase:1,block"`, []int{1}, 0},
		{"BlockWithDefault", "SecDefaultAction \"phase:1,deny,status:418\"\n" + `SecAction "id:1,phase:1,block"`, []int{1}, 418},
		{"BlockOfAnUpdate", `SecAction "id:1,phase:1,deny"` + "\nSecRuleUpdateActionById 1 block", []int{1}, 0},
		{"PhaseOfAnUpdate", `SecAction "id:1,phase:4,deny"` + "\nSecRuleUpdateActionById 1 phase:1", []int{1}, 403},
		{"NoneInAnotherSpelling", `SecRule ARGS:a "@streq foo" "id:1,phase:1,t:lowercase,t:None"`, []int{1}, 0},
		{"None", `SecRule ARGS:a "@streq foo" "id:1,phase:1,t:lowercase,t:none"`, nil, 0},
		{"MultiMatchSeesEveryStep", `SecRule ARGS:a "@streq Foo" "id:1,phase:1,multiMatch,t:lowercase"`, []int{1}, 0},
		{"ALinkRunsItsDefaultsSetVars", `SecDefaultAction "phase:2,pass,setvar:tx.x=1"
SecRule ARGS:a "@rx Foo" "id:1,phase:1,chain"
SecRule ARGS:b "@rx bar" "t:none"
SecRule TX:x "@eq 1" "id:2,phase:1"`, []int{1, 2}, 0},
		{"ALinksDefaultDisruptionIsNotRun", `SecDefaultAction "phase:2,deny"
SecRule ARGS:a "@rx Foo" "id:1,phase:1,chain"
SecRule ARGS:b "@rx bar" "t:none"`, []int{1}, 0},
		{"ALinkSetsWithoutTheRestOfTheChain", `SecRule ARGS:a "@rx Foo" "id:1,phase:1,setvar:tx.x=1,chain"
SecRule ARGS:b "@rx absent" ""
SecRule TX:x "@eq 1" "id:2,phase:1"`, []int{2}, 0},
		{"ALinksSkipIsNotRun", `SecRule ARGS:a "@rx Foo" "id:1,phase:1,chain"
SecRule ARGS:b "@rx bar" "skip:1,skipAfter:x"
SecAction "id:2,phase:1"
SecMarker x`, []int{1, 2}, 0},
		{"SkipAfterGoesToTheLabel", `SecAction "id:1,phase:1,skipAfter:END"
SecAction "id:2,phase:1"
SecMarker END
SecAction "id:3,phase:1"`, []int{1, 3}, 0},
		{"AMarkersQuotesAreOfItsLabel", `SecAction "id:1,phase:1,skipAfter:'END'"
SecMarker 'END'
SecAction "id:2,phase:1"`, []int{1}, 0},
		{"SetVarWhoseMacroAdds", `SecAction "id:1,phase:1,setvar:tx.n=2,setvar:tx.plus=+x"
SecAction "id:2,phase:1,setvar:tx.y=-y,setvar:'tx.op=%{tx.plus}'"
SecRule TX:op "@streq +x" "id:3,phase:1"`, []int{1, 2, 3}, 0},
		{"OnlyTheFirstOfSeveralIDsIsUpdated", `SecAction "id:1,phase:1,pass"
SecAction "id:2,phase:1,deny"
SecRuleUpdateActionById 1 2 pass`, []int{1, 2}, 403},
		{"AMarkerCanBeRemoved", `SecAction "id:1,phase:1,skipAfter:END"
SecMarker END
SecAction "id:2,phase:1"
SecRuleRemoveById 0`, []int{1}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set, waf := parse(t, "SecRuleEngine On\n"+tc.text)
			matched, by := exchange(t, waf)
			assert.Equal(t, tc.matched, matched)
			status := 0
			if by != nil {
				status = by.Status
			}
			assert.Equal(t, tc.status, status)
			// The rule that interrupted is one that the model calls disruptive.
			if by != nil {
				i := slices.IndexFunc(set.Rules, func(r *Rule) bool { return r.ID == by.RuleID })
				assert.Equal(t, "deny", set.Rules[i].Disruptive)
			}
		})
	}
}
