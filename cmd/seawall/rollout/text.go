package rollout

import (
	"fmt"
	"io"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
	"github.com/seawall-waf/seawall/cmd/seawall/tuning"
)

// Text writes the report for people.
func (r *Report) Text(w io.Writer) {
	fmt.Fprintf(w, "%s\n", terminal.Printable(r.Sentence))
	for _, reason := range r.Reasons {
		fmt.Fprintf(w, "  - %s\n", terminal.Printable(reason))
	}
	if r.First != "" {
		fmt.Fprintf(w, "\n%s to %s\n", r.First, r.Last)
	}
	fmt.Fprintf(w, "%d events: %d would be denied, %d were denied, %d faults\n", r.Events, r.WouldDeny, r.Denied, r.Faults)
	table(w, "looks innocent (rule, field, path)", r.innocent())
	table(w, "denials by rule", r.Rules)
	table(w, "denials by path", r.Paths)
	table(w, "denials by client", r.Clients)
	table(w, fmt.Sprintf("events by inbound score (threshold %d)", r.Threshold), r.Scores)
	table(w, "denials by "+r.Over, r.denials())
}

// innocent are the places as a table has them.
func (r *Report) innocent() []Count {
	var all []Count
	for i, c := range r.Innocent {
		if i == tops {
			break
		}
		all = append(all, Count{Name: fmt.Sprintf("%d %s %s", c.Rule, orUnknown(c.Target), orUnknown(c.Paths[0].Pattern)),
			Message: fmt.Sprintf("%s; %s", counted(c.Clients, "client"), c.Message), Events: c.Denied})
	}
	return all
}

func (r *Report) denials() []Count {
	all := make([]Count, len(r.Time))
	for i, s := range r.Time {
		all[i] = Count{Name: s.Begin, Events: s.Denied}
	}
	return all
}

const barWidth = 30 // characters

func table(w io.Writer, title string, rows []Count) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	most, wide := 1, 0
	for _, row := range rows {
		most = max(most, row.Events)
		wide = max(wide, min(len([]rune(terminal.Printable(row.Name))), 60))
	}
	for _, row := range rows {
		name := []rune(terminal.Printable(row.Name))
		if len(name) > 60 {
			name = append(name[:57], '.', '.', '.')
		}
		bar := strings.Repeat("#", row.Events*barWidth/most)
		line := fmt.Sprintf("  %-*s %9s %-*s %s", wide, string(name), tuning.Thousands(row.Events), barWidth, bar, terminal.Printable(row.Message))
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}
