package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// corazaSource reads the files of Coraza's source that match.
func corazaSource(t *testing.T, pattern string) string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/corazawaf/coraza/v3").Output()
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "internal", pattern))
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			all.Write(text)
		}
	}
	require.NotEmpty(t, all.String(), pattern)
	return all.String()
}

// namesIn returns what a pattern's first group matches, in lower case.
func namesIn(text, pattern string) map[string]bool {
	names := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		names[strings.ToLower(m[1])] = true
	}
	return names
}

// fixtureRules are the fixtures' directives, comments left out.
func fixtureRules(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("testdata/rules/*.conf")
	require.NoError(t, err)
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "#") {
				all.WriteString(line)
			}
		}
	}
	return all.String()
}

// uncovered are names that no fixture can have, and why.
var uncovered = map[string]string{
	"secremoterules":   "it is an error in Coraza",
	"invalid_variable": "it is no name but an error's",
}

// What Coraza has, a fixture has. A new name in an update of Coraza fails here.
func TestFixturesCoverEveryNameOfCoraza(t *testing.T) {
	rules := fixtureRules(t)
	for _, kind := range []struct{ name, source, declared, used string }{
		{"operator", "operators/*.go", `Register\("(\w+)"`, `"!?@(\w+)`},
		{"transformation", "transformations/transformations.go", `Register\("(\w+)"`, `[,"]t:(\w+)`},
		{"action", "actions/actions.go", `Register\("(\w+)"`, `\b(\w+)(?:[:,"]|$)`},
		{"ctl action", "actions/ctl.go", `case "(\w+)":\n\t\tact = `, `ctl:(\w+)=`},
		{"directive", "seclang/directivesmap.gen.go", `"(sec\w+)":`, `(?m)^(Sec\w+)`},
		{"variable", "variables/variablesmap.gen.go", `"([A-Z_0-9]+)"`, `[\s|!&]([A-Z][A-Z_0-9]+)[\s:|]`},
	} {
		t.Run(kind.name, func(t *testing.T) {
			declared, used := namesIn(corazaSource(t, kind.source), kind.declared), namesIn(rules, kind.used)
			assert.Greater(t, len(declared), 10)
			for _, name := range slices.Sorted(maps.Keys(declared)) {
				if reason := uncovered[name]; reason != "" {
					t.Logf("%s has no fixture: %s", name, reason)
					continue
				}
				assert.True(t, used[name], "%s %s stands in no fixture", kind.name, name)
			}
		})
	}
}

// inert are rules of fixtures that never, or always, show; each stands there for
// that.
var inert = map[string]string{
	"operators/123":   "@noMatch",
	"operators/130":   "@rbl of a name that cannot resolve",
	"operators/147":   "the negation of @unconditionalMatch",
	"phases/5902":     "it is not 1970",
	"exclusions/3001": "removed by its ID",
	"exclusions/3002": "removed by a range",
	"exclusions/3003": "removed by a range",
	"exclusions/3004": "removed by its message",
	"exclusions/3005": "removed by its tag",
	"exclusions/3020": "an update made it nolog",
	"constants/9194":  "Coraza has the variable's name, but no collection",
	"flow/2048":       "2047 skips it whenever it could match",
	"actions/1025":    "SecDefaultAction made it nolog",
}

// A fixture's rule that never shows, or always does, would not tell a lost rule
// from a kept one.
func TestEveryRuleOfAFixtureShowsForSomeRequestsOnly(t *testing.T) {
	in := &inputs{}
	require.NoError(t, in.fixtures())
	shows, requests := map[string]int{}, map[string]int{}
	all := map[string]bool{}
	for _, j := range in.jobs {
		name := j.rules.name
		if strings.HasSuffix(name, "/detect") || name == "paranoia" { // CRS's rules are CRS's tests' affair
			continue
		}
		if j.rules.stock == nil {
			require.NoError(t, j.rules.compileStock(), name)
		}
		requests[name]++
		for id := range strings.FieldsSeq(throughStock(j.rules, j.input)["rules"]) {
			shows[name+"/"+id]++
		}
		for id := range logging(j.rules.text) {
			all[name+"/"+id] = true
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(all)) {
		name, _, _ := strings.Cut(rule, "/")
		n := shows[rule]
		if reason, known := inert[rule]; known {
			t.Logf("%s shows for %d of %d requests: %s", rule, n, requests[name], reason)
			continue
		}
		assert.True(t, n > 0 && n < requests[name], fmt.Sprintf("rule %s shows for %d of %d requests", rule, n, requests[name]))
	}
}

// logging returns the IDs of a configuration's rules that some log is to show.
func logging(text string) map[string]bool {
	ids := map[string]bool{}
	for line := range strings.Lines(text) {
		if m := regexp.MustCompile(`^Sec(?:Rule|Action) .*"(?:.*,)?id:(\d+)`).FindStringSubmatch(line); m != nil &&
			(!strings.Contains(line, "nolog") || strings.Contains(line, ",auditlog")) {
			ids[m[1]] = true
		}
	}
	return ids
}
