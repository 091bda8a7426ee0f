package rules

import (
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental/plugins"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCompileNamesTheDirectiveAtFault(t *testing.T) {
	dir := t.TempDir()
	typo := write(t, dir, "typo.conf", "# comment\nSecAction \\\n \"id:1,phase:1,pass\"\nSecRul ARGS \"@rx a\" \"id:2\"")
	outer := write(t, dir, "outer.conf", "SecMarker a\nInclude typo.conf")
	plugins.RegisterOperator("panics", func(plugintypes.OperatorOptions) (plugintypes.Operator, error) { panic("boom") })

	for _, tc := range []struct {
		name, text string
		file       string
		line       int
		says       string
	}{
		{"UnknownDirective", "SecMarker a\n\nSecRul ARGS", "", 3, `unknown directive "SecRul" (did you mean SecRule?)`},
		{"UnknownDirectiveTwoIncludesDeep", "Include @crs-setup.conf\nInclude " + outer, typo, 4, typo + `:4: unknown directive "SecRul"`},
		{"Nonsense", "Floccinaucinihilipilification On", "", 1, `unknown directive "Floccinaucinihilipilification"`},
		{"Tab", "SecRuleEngine\tOn", "", 1, "not a tab"},
		{"ApacheSection", "<IfModule security2_module>", "", 1, "Apache"},
		{"BadRegexp", "SecRule ARGS \"@rx (?=a)\" \"id:1\"", "", 1, "no lookaround"},
		{"DuplicateID", "\nSecAction \"id:7,pass\"\nSecMarker x\nSecAction \"id:7,pass\"", "", 4, "rule 7 already stands at line 2"},
		{"DefaultActionTwice", "SecDefaultAction \"phase:1,pass\"\nSecDefaultAction \"phase:1,deny\"\nSecMarker a\nSecAction \"id:1\"", "", 2, "one for each phase"},
		{"MissingDataFile", "\nSecRule ARGS \"@pmFromFile absent.data\" \"id:1\"", "", 2, "looked up beside the rule's file"},
		{"MissingDataFileForIPs", "\nSecRule REMOTE_ADDR \"@ipMatchFromFile absent.data\" \"id:1\"", "", 2, "looked up beside the rule's file"},
		{"UnclosedQuote", "SecRule ARGS \"@rx a\" \"id:1", "", 1, "SecRule VARIABLES"},
		{"BadValue", "SecMarker a\nSecRequestBodyLimit ten", "", 2, `parsing "ten"`},
		{"AfterADebugLevel", "SecDebugLogLevel 1\nSecMarker a\nSecRul", "", 3, "unknown directive"},
		{"Panic", "SecMarker a\nSecRule ARGS \"@panics\" \"id:1\"", "", 2, "parser panicked: boom"},
		{"WalksRefusal", "SecMarker a\nSecAction \\", "", 2, "the file ends"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			waf, err := Compile(FS(), tc.text, coraza.NewWAFConfig())
			require.Error(t, err)
			assert.Nil(t, waf)
			var at *DirectiveError
			require.ErrorAs(t, err, &at, "%v", err)
			assert.Equal(t, tc.file, at.File)
			assert.Equal(t, tc.line, at.Line)
			assert.ErrorContains(t, err, tc.says)
		})
	}
}

// What is wrong with the whole must not be blamed on the last directive.
func TestCompileBlamesNoDirectiveForTheWhole(t *testing.T) {
	_, err := Compile(FS(), "SecUploadKeepFiles On\nSecMarker last", coraza.NewWAFConfig())
	require.Error(t, err)
	var at *DirectiveError
	assert.NotErrorAs(t, err, &at)
}

func TestEveryHintedDirectiveIsKnownToCoraza(t *testing.T) {
	for _, name := range directiveNames {
		// Without an argument most fail, but not for their name.
		if _, err := evaluated(FS(), name); err != nil {
			assert.NotContains(t, err.Error(), "unknown directive", name)
		}
	}
}
