package attack

import (
	"fmt"
	"io"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

// A Report is everything that was sent to one server.
type Report struct {
	Target  string   `json:"target"`
	Attacks Count    `json:"attacks"`
	Benign  Count    `json:"benign"`
	Results []Result `json:"results"`
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
	count.Total++
	switch result.Verdict {
	case Blocked:
		count.Blocked++
	case Passed:
		count.Passed++
	default:
		count.Failed++
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

// End writes the sums.
func (t Text) End(r *Report) {
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
