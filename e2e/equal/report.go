package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A report is build/equal.json.
type report struct {
	Screen      string            `json:"screen"`
	Inputs      int               `json:"inputs"`
	Control     int               `json:"control"` // inputs on which stock did not agree with itself
	Seconds     float64           `json:"seconds"`
	Sources     map[string]*tally `json:"sources"`
	Refused     map[string]string `json:"refused"`  // rule sets that Seawall does not compile, and why
	Skipped     []string          `json:"skipped"`  // what was not run, and why
	Unsteady    map[string]string `json:"unsteady"` // on which of them stock contradicts itself, and in what
	Differences []*difference     `json:"differences"`
}

// A tally counts a source's inputs, and what shows that they prove something.
type tally struct {
	Inputs      int `json:"inputs"`
	Control     int `json:"control"`
	Differences int `json:"differences"`
	Matched     int `json:"matched"` // stock showed a rule
	Denied      int `json:"denied"`
	WouldDeny   int `json:"would_deny"`
	Audited     int `json:"audited"`
}

// A difference is an input of which the two sides do not say the same.
type difference struct {
	Input    string               `json:"input"`
	Rules    string               `json:"rules"`
	Exchange string               `json:"exchange"`
	Aspects  map[string][2]string `json:"aspects"` // stock's word, Seawall's word
	order    []string
}

func newDifference(j job, aspects []string, stock, seawall outcome) *difference {
	d := &difference{Input: j.name, Rules: j.rules.name, Exchange: j.input.String(), Aspects: map[string][2]string{}, order: aspects}
	for _, aspect := range aspects {
		d.Aspects[aspect] = [2]string{stock[aspect], seawall[aspect]}
	}
	return d
}

// shown is how much of a text a block on the terminal has; the report has all.
const shown = 2000

func (d *difference) block() string {
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s (rules %s)\n%s\n", d.Input, d.Rules, indent(cut(d.Exchange)))
	for _, aspect := range d.order {
		fmt.Fprintf(&b, "  %s\n    stock:   %s\n    seawall: %s\n", aspect, oneLine(d.Aspects[aspect][0]), oneLine(d.Aspects[aspect][1]))
	}
	return b.String()
}

func cut(text string) string {
	if len(text) > shown {
		return text[:shown] + fmt.Sprintf("... (%d bytes)", len(text))
	}
	return text
}

// oneLine shows a client's bytes without giving them to the terminal.
func oneLine(text string) string { return fmt.Sprintf("%q", cut(text)) }

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		quoted := fmt.Sprintf("%q", line)
		b.WriteString("  | " + quoted[1:len(quoted)-1] + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (r *report) verdict() string {
	return fmt.Sprintf("verdict differences: %d (%d inputs, control %d)", len(r.Differences), r.Inputs, r.Control)
}

// add counts a finding.
func (r *report) add(j job, f finding) {
	t := r.Sources[j.source]
	if t == nil {
		t = &tally{}
		r.Sources[j.source] = t
	}
	r.Inputs++
	t.Inputs++
	for condition, counts := range map[*int]bool{
		&t.Matched: f.stock["rules"] != "", &t.Denied: strings.HasPrefix(f.stock["verdict"], "deny"),
		&t.WouldDeny: strings.HasPrefix(f.stock["verdict"], "would_deny"), &t.Audited: f.stock["audit"] != "",
	} {
		if counts {
			*condition++
		}
	}
	if len(f.control) > 0 {
		slices.Sort(f.control)
		r.Unsteady[j.name] = strings.Join(slices.Compact(f.control), ", ")
		r.Control++
		t.Control++
	}
	if f.difference != nil {
		t.Differences++
		r.Differences = append(r.Differences, f.difference)
	}
}

func (r *report) write(path string) error {
	if path == "" {
		return nil
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(r); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
