package filter_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

// awaitRuleSets collects garbage until at most n rule sets are left: cleanups
// run on a goroutine of the runtime, after a collection.
func awaitRuleSets(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool { runtime.GC(); return filter.LiveRuleSets() <= n }, 20*time.Second, time.Millisecond,
		"rule sets that nothing uses are closed")
}

func ruleDoc(id string) string {
	return "directives: 'SecAction \"id:" + id + ",phase:1,deny,status:403\"'"
}

func TestEqualDirectivesAreCompiledOnce(t *testing.T) {
	before := filter.LiveRuleSets()
	a, b := engine(t, ruleDoc("31")), engine(t, "on_error: open\n"+ruleDoc("31"))
	assert.Equal(t, before+1, filter.LiveRuleSets())
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
}

func TestRuleSetsAreClosedWhenNothingUsesThem(t *testing.T) {
	awaitRuleSets(t, 0)
	tx := engine(t, ruleDoc("32")).NewTransaction(newRecorder())
	runtime.GC()
	assert.Equal(t, filter.Deny, tx.RequestHeaders(post(), true).Action, "a transaction keeps its rule set through reloads")
	assert.Equal(t, 1, filter.LiveRuleSets())
	tx.Close()
	runtime.KeepAlive(tx)
	tx = nil
	awaitRuleSets(t, 0)
}

func TestAChangedFileIsCompiledAgain(t *testing.T) {
	list := filepath.Join(t.TempDir(), "words.data")
	rules := filepath.Join(filepath.Dir(list), "rules.conf")
	require.NoError(t, os.WriteFile(rules, []byte("SecRule REQUEST_HEADERS:X-Word \"@pmFromFile words.data\" \"id:33,phase:1,deny\"\n"), 0o600))
	doc := "directives: Include " + rules
	judge := func(word string) filter.Action {
		require.NoError(t, os.WriteFile(list, []byte(word), 0o600))
		tx := engine(t, doc).NewTransaction(newRecorder())
		defer tx.Close()
		return tx.RequestHeaders(post("x-word", "first"), true).Action
	}
	assert.Equal(t, filter.Deny, judge("first"))
	assert.Equal(t, filter.Continue, judge("second"), "the config's text is the same, its data file is not")
}

func TestCompileErrorsNameTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"Block": {"directives: |\n  SecRuleEngine On\n  SecRul ARGS x\n", `compiling policy "default": directives (line 3)`},
		"List":  {"policies:\n  a:\n    directives:\n    - SecRuleEngine On\n    - SecRule ARGS\n", `compiling policy "a": policies.a.directives[1] (line 5)`},
		"JSON":  {"{\"directives\": \"SecRuleEngine On\\nSecRule ARGS\"}", `compiling policy "default": directives (line 1)`},
		"LimitAboveOurCap": {"request_body: {max_held_bytes: 1MiB}\ndirectives: |\n  SecRuleEngine On\n  SecRequestBodyLimit 1048577\n",
			`directives (line 4): SecRequestBodyLimit 1048577 is above request_body.max_held_bytes, 1048576 (raise max_held_bytes in the config, or write a lower SecRequestBodyLimit behind the Include)`},
		"OneLineNumber": {"directives: |\n  SecRuleEngine On\n  SecRuleEngin On\n", `compiling policy "default": directives (line 3): unknown directive "SecRuleEngin"`},
		"IgnoredErrors": {"directives: |\n  SecIgnoreRuleCompilationErrors On\n  SecRule ARGS \"@nonsense x\" \"id:1\"\n", "SecIgnoreRuleCompilationErrors On drops broken rules in silence"},
		"Included":      {"directives: Include @nowhere.conf", "@nowhere.conf"},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := filter.ParseConfig([]byte(c.doc))
			require.NoError(t, err)
			_, err = filter.NewEngine(config)
			assert.ErrorContains(t, err, c.want)
		})
	}
}
