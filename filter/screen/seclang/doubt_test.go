package seclang

import (
	"testing"

	"github.com/seawall-waf/seawall/rules"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Where the model may differ from what Coraza evaluates, it says so.
func TestWhatIsNotUnderstoodIsMarked(t *testing.T) {
	for _, tc := range []struct{ name, text, set, rule string }{
		{"PluginOperator", `SecRule ARGS "@ours a" "id:1"`, "", "operator @ours"},
		{"OperatorInAnotherCase", `SecRule ARGS "@RX a" "id:1"`, "", "operator @RX"},
		{"PluginAction", `SecAction "id:1,ours:x"`, "", "action ours"},
		{"PluginTransformation", `SecAction "id:1,t:Ours"`, "", "transformation t:Ours"},
		{"UnknownVariable", `SecRule OURS "a" "id:1"`, "", "variable OURS"},
		{"SetVarWithoutValue", `SecAction "id:1,setvar:tx.a"`, "", "tx.a has no value"},
		{"OperatorWithoutQuotes", `SecRule ARGS a`, "", "quotes"},
		{"RuleWithoutID", `SecRule ARGS "a"`, "", "no id"},
		{"InALink", "SecAction \"id:1,chain\"\nSecAction \"ours\"", "", "in its chain: action ours"},
		{"TwoDefaults", "SecDefaultAction \"phase:1,pass\"\nSecDefaultAction \"phase:1,deny\"\nSecAction \"id:1\"", "", "second time"},
		{"TwiceTheSameID", "SecAction \"id:1\"\nSecAction \"id:2\"\nSecRuleUpdateActionById 2 id:1", "", "same id"},
		{"ActionsOfAMarker", "SecMarker a\nSecRuleUpdateActionById 0 deny", "line 2", ""},
		{"CompilationErrorsIgnored", "SecMarker a\nSecIgnoreRuleCompilationErrors On", "without an error", ""},
		{"PluginDirective", "SecMarker a\nSecOurs a", "Coraza 3.8.1 does not have", ""},
		{"RemovalByNoID", "SecMarker a\nSecRuleRemoveById x", `"x" is no ID`, ""},
		{"RemovalByNoRange", "SecMarker a\nSecRuleRemoveById 3-1", "no range", ""},
		{"UpdateOfNothing", "SecMarker a\nSecRuleUpdateTargetById 1", "needs an ID", ""},
		{"UpdateByTagOfNothing", "SecMarker a\nSecRuleUpdateTargetByTag a b c", "needs a tag", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			directives, err := rules.Walk(rules.FS(), tc.text)
			require.NoError(t, err)
			set := Parse(directives)
			if tc.set == "" {
				assert.Empty(t, set.Unknown)
			}
			assert.Contains(t, set.Unknown, tc.set)
			assert.Contains(t, set.Rules[0].Unknown, tc.rule)
		})
	}
}

func TestADoubtNamesItsPlace(t *testing.T) {
	set := Parse([]rules.Directive{{File: "a.conf", Line: 7, Text: "SecOurs x"}})
	assert.Equal(t, "SecOurs (a.conf:7): a directive that Coraza 3.8.1 does not have", set.Unknown)
}
