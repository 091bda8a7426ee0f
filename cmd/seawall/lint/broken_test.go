package lint

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// brokenCases returns the broken configs; every name says what is wrong. Included
// files end in .inc.
func brokenCases(t testing.TB) (names []string) {
	t.Helper()
	all, err := filepath.Glob("*")
	require.NoError(t, err)
	for _, name := range all {
		if filepath.Ext(name) != ".inc" {
			names = append(names, name)
		}
	}
	return names
}

// Fifty at least, and no two say the same: a message that fits several faults
// explains none.
func TestEachBrokenConfigHasAMessageOfItsOwnWithFileLineAndFix(t *testing.T) {
	golden, err := filepath.Abs("testdata/broken.golden")
	require.NoError(t, err)
	t.Chdir("../testdata/broken")
	here, err := os.Getwd()
	require.NoError(t, err)
	names := brokenCases(t)
	require.GreaterOrEqual(t, len(names), 50)
	said := map[string]string{} // message -> case
	var all bytes.Buffer
	for _, name := range names {
		contents, err := os.ReadFile(name)
		require.NoError(t, err)
		report := Report{Checked: []string{name}, Findings: Document(name, contents)}
		require.NotEmpty(t, report.Findings, name)
		assert.Equal(t, Error, Worst(report.Findings), name)
		for _, f := range report.Findings {
			assert.NotEmpty(t, f.File, name)
			assert.Positive(t, f.Line, name)
			assert.NotEmpty(t, f.Fix, "%s: %s", name, f.Message)
			assert.NotContains(t, f.Fix, "see the reference", "%s: no fix of its own: %s", name, f.Message)
		}
		message := report.Findings[0].what()
		assert.Empty(t, said[message], "%s says what %s says: %s", name, said[message], message)
		said[message] = name
		report.Text(&all, false)
	}
	got := strings.ReplaceAll(all.String(), here, "$PWD")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "go test ./cmd/seawall/lint -update")
}

// The line is the one that a reader would look at: what it says is part of the
// message, or the fault itself stands there.
func TestALineIsTheOneAtFault(t *testing.T) {
	t.Chdir("../testdata/broken")
	for name, want := range map[string]string{
		"unknown-directive.yaml":    "SecRulee ARGS",
		"in-an-included-file.yaml":  "SecRequestBodyAccess Perhaps",
		"rule-id-twice.yaml":        `SecAction "id:100003`,
		"host-twice.yaml":           "SHOP.example.com",
		"default-action-twice.yaml": "SecDefaultAction",
		"limit-above-held.yaml":     "SecRequestBodyLimit 67108864",
		"backtick-open.yaml":        "SecDataset",
	} {
		contents, err := os.ReadFile(name)
		require.NoError(t, err)
		f := Document(name, contents)[0]
		at, err := os.ReadFile(f.File)
		require.NoError(t, err)
		assert.Contains(t, strings.Split(string(at), "\n")[f.Line-1], want, name)
	}
}

func TestEveryFaultOfARuleSetIsNamedAtOnce(t *testing.T) {
	found := Document("x.yaml", []byte(`directives: |
  SecRuleEngine Enforce
  SecAction "id:1,phase:1,pass"
  SecRule ARGUMENTS "@rx x" "id:2,phase:2,deny"
  SecRule ARGS "@rx x" "phase:2,deny"
  SecRule ARGS "@rx x" "phase:2,pass"
  SecRule ARGS "@rx x" "id:3,\
    phase:2,refuse"
`))
	var lines []int
	for _, f := range found {
		lines = append(lines, f.Line)
	}
	assert.Equal(t, []int{2, 4, 5, 6, 7}, lines, "%v", found)
}
