package rules

import (
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatGuardsLessThanItSaysIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"RuleWithoutAnID":           {"SecRule ARGS \"@streq x\" \"phase:2,deny\"", "line 1: a rule without an id"},
		"RuleWithoutActions":        {"SecRuleEngine On\nSecRule ARGS \"@streq id:1\"", "line 2: a rule without an id"},
		"ActionWithoutAnID":         {"SecAction \"phase:1,nolog,pass\"", "line 1: a rule without an id"},
		"IDOnlyInAMessage":          {"SecAction \"phase:1,pass,msg:'see id:7'\"", "line 1: a rule without an id"},
		"ChainAtTheEnd":             {"SecRule ARGS \"@streq x\" \"id:1,phase:2,deny,chain\"", "line 1: a chain whose next rule does not follow"},
		"ChainBeforeAMarker":        {"SecRule ARGS \"x\" \"id:1,phase:2,deny,chain\"\nSecMarker END", "line 1: a chain whose next rule does not follow"},
		"ErrorsIgnored":             {"SecIgnoreRuleCompilationErrors On", "SecIgnoreRuleCompilationErrors On drops broken rules in silence"},
		"ErrorsIgnoredInQuotes":     {"SecIgnoreRuleCompilationErrors \"on\"", "SecIgnoreRuleCompilationErrors On drops broken rules in silence"},
		"SetvarWithoutAValue":       {"SecAction \"id:1,phase:1,pass,setvar:tx.a\"", "line 1: setvar:tx.a has no value"},
		"QuotedSetvarWithoutAValue": {"SecAction \"id:1,phase:1,pass,msg:'a, setvar:b',setvar:'tx.a'\"", "line 1: setvar:tx.a has no value"},
		"MemoryAboveTheLimit": {"Include @recommended.conf\nSecRequestBodyLimit 2048",
			"SecRequestBodyInMemoryLimit 131072 is above SecRequestBodyLimit 2048 (write SecRequestBodyInMemoryLimit 2048 beside SecRequestBodyLimit 2048)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(FS(), c.text, coraza.NewWAFConfig())
			assert.ErrorContains(t, err, c.want)
			var place *DirectiveError
			assert.ErrorAs(t, err, &place)
		})
	}
}

func TestWhatGuardsAsItSaysIsAccepted(t *testing.T) {
	for name, text := range map[string]string{
		"Chain":            "SecRule ARGS \"@streq x\" \"id:1,phase:2,deny,chain\"\nSecRule ARGS \"@streq y\" \"chain\"\nSecRule ARGS \"@streq z\"",
		"QuotedID":         "SecRule ARGS \"x\" \"phase:2,deny, id:'2'\"",
		"EscapedQuotes":    "SecRule ARGS \"@rx a\\\"b c\" \"id:3,phase:2,deny\"",
		"Setvars":          "SecAction \"id:4,phase:1,pass,msg:'a, setvar:b',setvar:tx.a=1,setvar:'tx.b=%{tx.a} x'\"",
		"ErrorsNotIgnored": "SecIgnoreRuleCompilationErrors Off",
		"Default":          "Include @seawall.conf",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Compile(FS(), text, coraza.NewWAFConfig())
			require.NoError(t, err)
		})
	}
}
