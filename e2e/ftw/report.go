package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A report is build/ftw.json.
type report struct {
	Door   string       `json:"door"`
	Envoy  string       `json:"envoy"`
	Config string       `json:"config,omitempty"` // what was added to Seawall's document
	Runs   []runSummary `json:"runs"`
}

// A runSummary is one pass over one protocol.
type runSummary struct {
	Door          string   `json:"-"`
	Protocol      string   `json:"protocol"`
	Total         int      `json:"total"`
	Matched       int      `json:"matched"`
	Refused       int      `json:"refused"`
	Inexpressible int      `json:"inexpressible"`
	Engine        int      `json:"engine"`
	Ignored       int      `json:"ignored"` // nothing can set it: it is printed for readers of other suites
	Failed        int      `json:"failed"`
	Compared      int      `json:"compared"` // tests for which stock Coraza was asked about what arrived, and agreed
	Tests         []result `json:"tests"`
}

func summarise(door, protocol string, results []result) runSummary {
	r := runSummary{Door: door, Protocol: protocol, Total: len(results), Tests: results}
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
	return fmt.Sprintf("ftw %s %s: %d total, %d matched, %d refused, %d inexpressible, %d engine, %d ignored, %d failed",
		r.Door, r.Protocol, r.Total, r.Matched, r.Refused, r.Inexpressible, r.Engine, r.Ignored, r.Failed)
}

// complaints are the failed tests, a line each.
func (r *runSummary) complaints() []string {
	var lines []string
	for _, t := range r.Tests {
		if t.Class == failed {
			text, _ := json.Marshal(t)
			lines = append(lines, fmt.Sprintf("%s %s failed: %s", r.Protocol, t.Test, text))
		}
	}
	return lines
}

// print ends with the last lines; it reports whether nothing failed.
func (r *report) print() (ok bool) {
	ok = true
	for i := range r.Runs {
		for _, line := range r.Runs[i].complaints() {
			fmt.Println(line)
		}
		ok = ok && r.Runs[i].Failed == 0
	}
	for i := range r.Runs {
		fmt.Printf("%s: for %d requests that reached the upstream, stock Coraza logs the same rules\n", r.Runs[i].Protocol, r.Runs[i].Compared)
	}
	for i := range r.Runs {
		fmt.Println(r.Runs[i].lastLine())
	}
	return ok
}

func (r *report) write(path string) error {
	if path == "" {
		path = "build/ftw.json"
		if r.Door != doorDynamicModule {
			path = "build/ftw-" + r.Door + "-" + r.Envoy + ".json"
		}
	}
	return writeJSON(path, r)
}

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
