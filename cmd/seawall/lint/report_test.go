package lint

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func sample() *Report {
	return &Report{Checked: []string{"a b.yaml"}, Findings: []Finding{
		{Code: "config", Level: Error, File: "a b.yaml", Line: 3, Column: 2, Key: "hosts", Place: "listener x", Message: "wrong", Fix: "right"},
		{Code: "unscreened", Level: Warning, File: "/etc/rules/own.conf", Line: 7, Message: "rule 1"},
		{Code: "library", Level: Note, Message: "no place"},
	}}
}

// What the schema of SARIF 2.1.0 requires (section numbers of the standard), and
// what code scanning does: a place that is relative to the checkout, and indices
// that lead to the rule.
func TestSARIFIsWhatItsSchemaAsks(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, sample().SARIF(&out, "v1"))
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			ColumnKind string
			Tool       struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID               string
						ShortDescription struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           map[string]int
					}
					LogicalLocations []map[string]string
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &log))
	assert.Equal(t, "2.1.0", log.Version)                       // 3.13.2
	assert.True(t, strings.HasSuffix(log.Schema, "2.1.0.json")) // 3.13.3
	require.Len(t, log.Runs, 1)                                 // 3.13.4
	run := log.Runs[0]                                          // 3.14
	assert.Equal(t, "seawall", run.Tool.Driver.Name)            // 3.19.8
	assert.Contains(t, []string{"utf16CodeUnits", "unicodeCodePoints"}, run.ColumnKind)
	seen := map[string]bool{}
	for _, rule := range run.Tool.Driver.Rules {
		assert.NotEmpty(t, rule.ShortDescription.Text) // 3.49.9
		assert.False(t, seen[rule.ID], rule.ID)
		seen[rule.ID] = true
	}
	require.Len(t, run.Results, 3) // 3.14.23
	for _, r := range run.Results {
		require.Less(t, r.RuleIndex, len(run.Tool.Driver.Rules))
		assert.Equal(t, r.RuleID, run.Tool.Driver.Rules[max(0, r.RuleIndex)].ID)
		assert.NotEmpty(t, r.Message.Text)                                        // 3.27.11
		assert.Contains(t, []string{"none", "note", "warning", "error"}, r.Level) // 3.27.10
		for _, l := range r.Locations {
			_, err := url.Parse(l.PhysicalLocation.ArtifactLocation.URI)
			assert.NoError(t, err)
			assert.Positive(t, l.PhysicalLocation.Region["startLine"]) // 3.30.5
		}
	}
	assert.Equal(t, "a%20b.yaml", run.Results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI)
	assert.Equal(t, map[string]int{"startLine": 3, "startColumn": 2}, run.Results[0].Locations[0].PhysicalLocation.Region)
	assert.Equal(t, "listener x: hosts: wrong; fix: right", run.Results[0].Message.Text)
	assert.Equal(t, "file:///etc/rules/own.conf", run.Results[1].Locations[0].PhysicalLocation.ArtifactLocation.URI)
	assert.Empty(t, run.Results[2].Locations)
}

func TestAnEmptySARIFHasResults(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, (&Report{}).SARIF(&out, "v1"))
	assert.Contains(t, out.String(), `"results":[]`)
}

func TestTextOfAConfigCannotSteerTheTerminal(t *testing.T) {
	report := &Report{Checked: []string{"x"}, Findings: []Finding{{Code: "config", Level: Error, File: "x", Line: 1, Message: "a\x1b[2Jb\nc", Fix: "\x07"}}}
	var plain, coloured bytes.Buffer
	report.Text(&plain, false)
	assert.Equal(t, "x:1: error: a?[2Jb c [config]\n    fix: ?\nx: 1 error\n", plain.String())
	report.Text(&coloured, true)
	assert.Contains(t, coloured.String(), "\x1b[31merror\x1b[0m")
}

func TestNotesAreFine(t *testing.T) {
	report := &Report{Checked: []string{"x"}, Findings: []Finding{{Code: "engine-off", Level: Note, File: "x", Line: 1, Message: "m"}}}
	assert.Equal(t, "x: fine, 1 note", report.summary())
	assert.Equal(t, Note, Worst(report.Findings))
	assert.Equal(t, Note, Worst(nil))
}

// SARIF's readers look a finding's rule up by its code.
func TestEveryCodeIsListed(t *testing.T) {
	var listed, used []string
	for _, c := range Codes {
		listed = append(listed, c.Name)
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	files = append(files, "../validateenvoy.go")
	named := regexp.MustCompile(`(?:report\(|Code: |f\.Code, f\.Message = )"([a-z-]+)"`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range named.FindAllStringSubmatch(string(source), -1) {
			if !slices.Contains(used, m[1]) {
				used = append(used, m[1])
			}
		}
	}
	assert.ElementsMatch(t, listed, used)
}
