package seclang

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Each text is also compared with what Coraza compiled, by parse; the wanted
// fields are those that the case is about.
func TestActionsAndTheirDefaults(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       view
	}{
		{"PhaseTwoHasDefaults", `SecAction "id:1"`, view{Phase: 2, Disruptive: "pass", Log: true, Audit: true}},
		{"OtherPhasesHaveNone", `SecAction "id:1,phase:1"`, view{Phase: 1}},
		{"BlockWithoutADefaultDoesNothing", `SecAction "id:1,phase:1,block"`, view{Phase: 1, Disruptive: "block"}},
		{"BlockBecomesTheDefault", `SecDefaultAction "phase:1,deny,status:418,log"
SecAction "id:1,phase:1,block"`, view{Phase: 1, Disruptive: "deny", Status: 418, Log: true, Audit: true}},
		{"BlockBecomesABlock", `SecDefaultAction "phase:1,block"
SecAction "id:1,phase:1,block"`, view{Phase: 1, Disruptive: "block"}},
		{"OwnActionWins", `SecDefaultAction "phase:2,deny,status:418,log"
SecAction "id:1,pass,status:404,noauditlog"`, view{Phase: 2, Disruptive: "pass", Status: 404, Log: true}},
		{"DefaultsHoldFromWhereTheyStand", `SecAction "id:1"
SecDefaultAction "phase:2,deny,nolog"
SecAction "id:2"`, view{Phase: 2, Disruptive: "deny"}},
		{"DefaultsOfPhaseTwoReplaceTheImplicit", `SecDefaultAction "phase:2,pass"
SecAction "id:1"`, view{Phase: 2, Disruptive: "pass"}},
		{"NamesOfPhases", `SecAction "id:1,phase:response"`, view{Phase: 4}},
		{"LoggingPhase", `SecAction "id:1,phase:logging"`, view{Phase: 5}},
		{"TheLastPhaseDecidesOnDefaults", `SecAction "id:1,deny,phase:1,phase:request"`, view{Phase: 2, Disruptive: "deny", Log: true, Audit: true}},
		{"LastOfLogAndNolog", `SecAction "id:1,phase:1,log,nolog,auditlog"`, view{Phase: 1, Audit: true}},
		{"NolongerThanDefault", `SecAction "id:1,nolog"`, view{Phase: 2, Disruptive: "pass"}},
		{"LastDisruptiveAction", `SecAction "id:1,phase:1,deny,pass,drop"`, view{Phase: 1, Disruptive: "drop"}},
		{"AllowOfAPhase", `SecAction "id:1,phase:1,allow:phase"`, view{Phase: 1, Disruptive: "allow:phase"}},
		{"Allow", `SecAction "id:1,phase:1,allow"`, view{Phase: 1, Disruptive: "allow"}},
		{"Redirect", `SecAction "id:1,phase:1,redirect:'https://example.com/a,b:c',status:307"`, view{Phase: 1, Status: 307, Disruptive: "redirect https://example.com/a,b:c"}},
		{"Skips", `SecAction "id:1,phase:1,skip:2,skipAfter:'\"END\"',skip:3"`, view{Phase: 1, Skip: 3, SkipAfter: `\"END\"`}},
		{"NamesInAnyCase", `SecAction "ID:1,Phase:1,DENY,MultiMatch,CAPTURE"`, view{Phase: 1, Disruptive: "deny", MultiMatch: true, Capture: true}},
		{"QuotedValues", `SecAction "id:'1',phase:'1',msg:'''a, b''',tag:'c:d'"`, view{Phase: 1, Msg: "'a, b'", Tags: []string{"c:d"}}},
		{"EscapedComma", `SecAction "id:1,phase:1,msg:a\,b,tag:x"`, view{Phase: 1, Msg: `a\,b`, Tags: []string{"x"}}},
		{"Transformations", `SecAction "id:1,phase:1,t:lowercase,t:none,t:urlDecodeUni,t:normalizePath,t:SHA1"`, view{Phase: 1, Transformations: []string{"urldecodeuni", "normalisepath", "sha1"}}},
		{"NoneInAnotherSpellingClearsNothing", `SecAction "id:1,phase:1,t:lowercase,t:None,t:trim"`, view{Phase: 1, Transformations: []string{"lowercase", "trim"}}},
		{"SetVars", `SecAction "id:1,phase:1,setvar:tx.a=1,setvar:'TX.b.%{tx.a}=+%{tx.x}',setvar:'!tx.c=0',setvar:tx.d=-5"`,
			view{Phase: 1, SetVars: []string{"TX.a=1", "TX.b.%{tx.a}=+%{tx.x}", "!TX.c=0", "TX.d=-5"}}},
		{"SetVarOfADefault", `SecDefaultAction "phase:1,pass,setvar:tx.a=1"
SecAction "id:1,phase:1,setvar:tx.b=1"`, view{Phase: 1, Disruptive: "pass", SetVars: []string{"TX.a=1", "TX.b=1"}}},
		{"Ctls", `SecAction "id:1,phase:1,ctl:ruleRemoveTargetById=942100;ARGS:/a/,ctl:ruleEngine=Off"`, view{Phase: 1, Ctls: []string{"942100", "Off"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set, _ := parse(t, tc.text)
			got := modelled(set.Rules[len(set.Rules)-1])
			got.ID = 0
			assert.Equal(t, tc.want, got)
			assert.Empty(t, set.Rules[0].Unknown)
		})
	}
}

func TestValuesAreKeptForTheScreen(t *testing.T) {
	set, _ := parse(t, `SecAction "id:1,phase:1,severity:CRITICAL,setenv:'A=%{tx.a}',logdata:'x',setvar:'tx.b=+3',ctl:ruleRemoveTargetById=9-10;ARGS:a"`)
	r := set.Rules[0]
	assert.Equal(t, []Action{{"severity", "CRITICAL"}, {"setenv", "A=%{tx.a}"}, {"logdata", "x"}}, r.Others)
	assert.Equal(t, SetVar{"TX", "b", "=+", "3", "tx.b=+3"}, r.SetVars[0])
	assert.Equal(t, []Ctl{{"ruleRemoveTargetById", "9-10;ARGS:a"}}, r.Ctls)
}

func TestChainsAreLinkedAsCorazaLinksThem(t *testing.T) {
	const head = `SecRule ARGS "@rx a" "id:1,phase:1,deny,chain"` + "\n"
	link := func(actions string) string { return `SecRule TX:x "!@rx b" "` + actions + "\"\n" }
	for _, tc := range []struct {
		name, text string
		links      []int // of each rule and marker
	}{
		{"Three", head + link("chain,t:none") + link("capture"), []int{2}},
		{"ALinkWithoutActions", head + `SecRule ARGS "b"` + "\n" + link("id:2"), []int{1, 0}},
		{"AnActionAsLink", head + `SecAction "setvar:tx.a=1"`, []int{1}},
		{"ALinkHasThePhaseTwoDefaults", `SecDefaultAction "phase:2,drop,nolog,setvar:tx.a=1"` + "\n" + head + link("t:none"), []int{1}},
		{"AMarkerEndsTheChain", head + "SecMarker x\n" + link("id:2"), []int{0, 0, 0}},
		{"ARemovalEndsTheChain", head + "SecRuleRemoveById 1\n" + link("id:2"), []int{0}},
		{"ARemovalOpensAnotherChain", head + "SecMarker x\nSecRuleRemoveById 0\n" + link("phase:1"), []int{1}},
		{"AnUpdateOpensAChain", `SecAction "id:1,phase:1"` + "\nSecRuleUpdateActionById 1 chain\n" + link(""), []int{1}},
		{"Unfinished", head, []int{0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set, _ := parse(t, tc.text)
			var links []int
			for _, r := range set.Rules {
				links = append(links, len(r.Links))
			}
			assert.Equal(t, tc.links, links)
		})
	}
}
