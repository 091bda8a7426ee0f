package attack

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

// A Report is everything that was sent to one server.
type Report struct {
	Target  string   `json:"target"`
	Attacks Count    `json:"attacks"`
	Benign  Count    `json:"benign"`
	Classes []Class  `json:"classes"`
	Results []Result `json:"results"`
}

// Class sums up the results of one class.
type Class struct {
	Name string `json:"class"`
	Count
	P50 float64 `json:"p50_ms"` // of the latency, failures left out
	P95 float64 `json:"p95_ms"`
}

// Count counts verdicts.
type Count struct {
	Total   int `json:"total"`
	Blocked int `json:"blocked"`
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
}

// Add takes a result in.
func (r *Report) Add(result Result) {
	r.Results = append(r.Results, result)
	count := &r.Attacks
	if result.Class == "benign" {
		count = &r.Benign
	}
	count.take(result.Verdict)
}

func (c *Count) take(verdict string) {
	c.Total++
	switch verdict {
	case Blocked:
		c.Blocked++
	case Passed:
		c.Passed++
	default:
		c.Failed++
	}
}

// OK says that every attack was blocked and every benign case passed.
func (r *Report) OK() bool {
	return r.Attacks.Blocked == r.Attacks.Total && r.Benign.Passed == r.Benign.Total
}

// Text writes a table row by row, as results come.
type Text struct {
	W      io.Writer
	Colour bool
}

const row = "%-7s %-9s %s %6s %9s  %s\n"

// Begin writes the head of the table.
func (t Text) Begin(target string) {
	fmt.Fprintf(t.W, "%s\n", target)
	fmt.Fprintf(t.W, row, "class", "place", fmt.Sprintf("%-8s", "verdict"), "status", "ms", "block id")
}

// Row writes one result.
func (t Text) Row(r Result) {
	note := r.ID
	if r.Error != "" {
		note = r.Error
	}
	if !r.OK {
		note = strings.TrimSpace("<- wrong " + note)
	}
	fmt.Fprintf(t.W, row, r.Class, r.Place, t.paint(fmt.Sprintf("%-8s", r.Verdict), r.OK),
		fmt.Sprint(r.Status), fmt.Sprintf("%.1f", r.Millis), terminal.Printable(note))
}

// Sum fills Classes, in the order in which they came.
func (r *Report) Sum() {
	r.Classes = nil
	latencies := map[string][]float64{}
	for _, result := range r.Results {
		i := slices.IndexFunc(r.Classes, func(c Class) bool { return c.Name == result.Class })
		if i < 0 {
			i = len(r.Classes)
			r.Classes = append(r.Classes, Class{Name: result.Class})
		}
		r.Classes[i].take(result.Verdict)
		if result.Verdict != Failed {
			latencies[result.Class] = append(latencies[result.Class], result.Millis)
		}
	}
	for i := range r.Classes {
		c := &r.Classes[i]
		c.P50, c.P95 = quantile(latencies[c.Name], 50), quantile(latencies[c.Name], 95)
	}
}

// quantile is the smallest value that percent of all are not above; 0 of none.
func quantile(of []float64, percent int) float64 {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[(len(sorted)*percent+99)/100-1]
}

const sum = "%-9s %5s %8s %7s %7s %7s %7s\n"

// End writes the sums, of a report that Sum was called of.
func (t Text) End(r *Report) {
	fmt.Fprintf(t.W, "\n"+sum, "class", "sent", "blocked", "passed", "failed", "p50 ms", "p95 ms")
	for _, c := range r.Classes {
		fmt.Fprintf(t.W, sum, c.Name, fmt.Sprint(c.Total), fmt.Sprint(c.Blocked), fmt.Sprint(c.Passed), fmt.Sprint(c.Failed),
			fmt.Sprintf("%.1f", c.P50), fmt.Sprintf("%.1f", c.P95))
	}
	verdict := "fine"
	if !r.OK() {
		verdict = "NOT fine"
	}
	fmt.Fprintf(t.W, "%s: %d attacks: %d blocked, %d passed, %d failed; %d benign: %d passed, %d blocked, %d failed\n",
		t.paint(verdict, r.OK()), r.Attacks.Total, r.Attacks.Blocked, r.Attacks.Passed, r.Attacks.Failed,
		r.Benign.Total, r.Benign.Passed, r.Benign.Blocked, r.Benign.Failed)
}

func (t Text) paint(text string, good bool) string {
	if !t.Colour {
		return text
	}
	colour := 31 // red
	if good {
		colour = 32
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colour, text)
}
