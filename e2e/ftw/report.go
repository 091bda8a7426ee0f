package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pinnedEnvoy is the version whose behaviour testdata records: what it refuses
// and with which status is asserted, test by test.
const pinnedEnvoy = "1.40.0"

// A report is build/ftw.json.
type report struct {
	Envoy string       `json:"envoy"`
	Runs  []runSummary `json:"runs"`
}

// A runSummary is one pass over one protocol.
type runSummary struct {
	Protocol      string   `json:"protocol"`
	Total         int      `json:"total"`
	Matched       int      `json:"matched"`
	Refused       int      `json:"refused"`
	Inexpressible int      `json:"inexpressible"`
	Engine        int      `json:"engine"`
	Ignored       int      `json:"ignored"` // nothing can set it: it is printed for readers of other suites
	Failed        int      `json:"failed"`
	Compared      int      `json:"compared"` // requests for which stock Coraza was asked, and agreed
	Tests         []result `json:"tests"`
}

func summarise(protocol string, results []result) runSummary {
	r := runSummary{Protocol: protocol, Total: len(results), Tests: results}
	count := map[string]*int{matched: &r.Matched, refused: &r.Refused, inexpressible: &r.Inexpressible,
		engine: &r.Engine, failed: &r.Failed}
	for _, t := range results {
		*count[t.Class]++
		for _, s := range t.Stages {
			if s.StockAgrees {
				r.Compared++
			}
		}
	}
	return r
}

func (r *runSummary) lastLine() string {
	return fmt.Sprintf("ftw dynamicmodule %s: %d total, %d matched, %d refused, %d inexpressible, %d engine, %d ignored, %d failed",
		r.Protocol, r.Total, r.Matched, r.Refused, r.Inexpressible, r.Engine, r.Ignored, r.Failed)
}

// complaints are the failed tests, a line each.
func (r *runSummary) complaints() []string {
	var lines []string
	for _, t := range r.Tests {
		if t.Class == failed {
			text, _ := json.Marshal(t.Stages)
			lines = append(lines, fmt.Sprintf("%s %s failed: %s", r.Protocol, t.Test, text))
		}
	}
	return lines
}

// exceptions are the tests that do not simply match, each with its stages'
// classes and causes.
func (r *runSummary) exceptions() map[string]string {
	all := map[string]string{}
	for _, t := range r.Tests {
		var stages []string
		plain := true
		for _, s := range t.Stages {
			plain = plain && s.Class == matched && s.Cause == ""
			stages = append(stages, strings.TrimSuffix(s.Class+": "+s.Cause, ": "))
		}
		if !plain {
			all[t.Test] = strings.Join(stages, " | ")
		}
	}
	return all
}

// compare holds a run of the pinned Envoy against testdata, which says for each
// exception what Envoy does; with update it writes that instead.
func (r *runSummary) compare(o options) (drift []string, err error) {
	if o.only != "" || o.envoy != pinnedEnvoy || os.Getenv("ENVOY") != "" {
		return nil, nil // another Envoy may refuse other things; the classes hold for it too
	}
	path := filepath.Join("e2e", "ftw", "testdata", r.Protocol+".json")
	seen := r.exceptions()
	if o.update {
		return nil, writeJSON(path, seen)
	}
	pinned := map[string]string{}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		if err := json.Unmarshal(text, &pinned); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
	}
	both := maps.Clone(pinned)
	maps.Copy(both, seen)
	for _, id := range slices.Sorted(maps.Keys(both)) {
		if pinned[id] != seen[id] {
			drift = append(drift, fmt.Sprintf("%s %s: seen %q, but testdata has %q", r.Protocol, id, seen[id], pinned[id]))
		}
	}
	return drift, nil
}

func (r *report) write(path string) error { return writeJSON(path, r) }

func writeJSON(path string, v any) error {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

func only(suite []crsTest, prefix string) []crsTest {
	var chosen []crsTest
	for _, t := range suite {
		if strings.HasPrefix(t.id, prefix) {
			chosen = append(chosen, t)
		}
	}
	return chosen
}
