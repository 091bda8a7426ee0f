package lint

import (
	"fmt"
	"io"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

// A Report is what was checked and what was found.
type Report struct {
	Checked  []string  `json:"checked"` // as the user named them
	Findings []Finding `json:"findings"`
}

// Text prints the report for people: each finding with its place, then what would
// be right, then a count.
func (r *Report) Text(w io.Writer, colour bool) {
	paint := func(level Level, text string) string {
		code := map[Level]string{Error: "31", Warning: "33", Note: "36"}[level]
		if !colour {
			return text
		}
		return "\x1b[" + code + "m" + text + "\x1b[0m"
	}
	for i, f := range r.Findings {
		if f.Code == "unscreened" && (i == 0 || r.Findings[i-1].Code != "unscreened") {
			n := 1
			for n+i < len(r.Findings) && r.Findings[i+n].Code == "unscreened" {
				n++
			}
			these := "these " + count(n, "rule") + " run the engine on every request:"
			if n == 1 {
				these = "this rule runs the engine on every request:"
			}
			fmt.Fprintln(w, these)
		}
		fmt.Fprintf(w, "%s: %s: %s [%s]\n", printable(f.where()), paint(f.Level, string(f.Level)), printable(f.what()), f.Code)
		if f.Fix != "" {
			fmt.Fprintf(w, "    fix: %s\n", printable(f.Fix))
		}
	}
	fmt.Fprintln(w, r.summary())
}

func (r *Report) summary() string {
	counts := map[Level]int{}
	for _, f := range r.Findings {
		counts[f.Level]++
	}
	var parts []string
	for _, level := range []Level{Error, Warning, Note} {
		if n := counts[level]; n > 0 {
			parts = append(parts, count(n, string(level)))
		}
	}
	said := strings.Join(parts, ", ")
	if counts[Error]+counts[Warning] == 0 {
		said = strings.TrimSuffix("fine, "+said, ", ")
	}
	return terminal.Printable(strings.Join(r.Checked, ", ")) + ": " + said
}

// printable keeps a config's text from steering the terminal; it may have come
// from anywhere.
func printable(text string) string {
	return terminal.Printable(strings.Join(strings.Fields(text), " "))
}

// JSON prints the report as one object.
func (r *Report) JSON(w io.Writer) error {
	if r.Findings == nil {
		r.Findings = []Finding{} // [], not null
	}
	return terminal.JSON(w).Encode(r)
}
