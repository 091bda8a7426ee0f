package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
	"github.com/seawall-waf/seawall/filter"
)

// explainText writes a report for people. Nothing that a client sent, or that a log
// says, reaches the terminal raw.
type explainText struct {
	colour bool
	out    strings.Builder
}

func (t *explainText) line(format string, args ...any) { fmt.Fprintf(&t.out, format+"\n", args...) }

func (t *explainText) paint(code, text string) string {
	if !t.colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (t *explainText) bold(text string) string { return t.paint("1", text) }

func (t *explainText) write(r *explainReport) string {
	t.verdict(r)
	t.line("%s  (host %s, from %s)", terminal.Printable(r.Request), terminal.Printable(cmp.Or(r.Host, "none")), r.Source)
	for _, missing := range r.Missing {
		t.line("Note: %s.", terminal.Printable(missing))
	}
	t.ledger(r)
	t.rules(r)
	t.timing(r)
	t.remedies(r)
	return t.out.String()
}

func (t *explainText) verdict(r *explainReport) {
	by := ""
	switch {
	case r.Rule != 0:
		by = fmt.Sprintf(" by rule %d in phase %d", r.Rule, r.Phase)
	case r.Blocked():
		by = fmt.Sprintf(" by Seawall itself: %s", terminal.Printable(r.Details))
	}
	policy := ""
	if r.Policy != "" {
		policy = fmt.Sprintf(", policy %s", terminal.Printable(r.Policy))
	}
	switch {
	case r.Denied():
		t.line("%s%s%s", t.paint("1;31", fmt.Sprintf("BLOCKED with %d", r.Status)), by, policy)
	case r.Blocked():
		t.line("%s%s%s: SecRuleEngine DetectionOnly lets it pass", t.paint("1;33", fmt.Sprintf("WOULD BE BLOCKED with %d", r.Status)), by, policy)
	case r.Fault != "":
		t.line("%s%s: %s", t.paint("1;33", "PASSES after a fault"), policy, terminal.Printable(r.Fault))
	default:
		t.line("%s%s (SecRuleEngine %s)", t.paint("1;32", "PASSES"), policy, terminal.Printable(r.Engine))
	}
}

func (t *explainText) ledger(r *explainReport) {
	l := r.Ledger
	if l == nil {
		if len(r.Scores) > 0 {
			t.line("\n%s", t.bold("Score"))
			for _, name := range sortedKeys(r.Scores) {
				t.line("  %-34s %d", terminal.Printable(name), r.Scores[name])
			}
		}
		return
	}
	t.line("\n%s, paranoia level %d (%d detects)", t.bold("Score"), l.BlockingLevel, l.DetectionLevel)
	for _, a := range []*filter.Account{l.Inbound, l.Outbound} {
		if a == l.Outbound && len(a.By) == 0 {
			continue
		}
		t.line("  %-24s %s of %d%s", a.Name, t.bold(fmt.Sprint(a.Score)), a.Threshold, t.entries(a))
		for level, points := range a.Levels {
			if points > 0 && (level > 0 || slices.Max(a.Levels[1:]) > 0) {
				t.line("    paranoia level %d        %d", level+1, points)
			}
		}
	}
	for _, a := range l.Categories {
		t.line("  %-24s %d%s", terminal.Printable(a.Name), a.Score, t.entries(a))
	}
}

func (t *explainText) entries(a *filter.Account) string {
	var parts []string
	for _, e := range a.By {
		text := fmt.Sprintf("%d +%d", e.Rule, e.Points)
		if e.Times > 1 {
			text += fmt.Sprintf(" (%d times)", e.Times)
		}
		parts = append(parts, text)
	}
	if a.Unaccounted != 0 {
		parts = append(parts, fmt.Sprintf("others %+d", a.Unaccounted))
	}
	if len(parts) == 0 {
		return ""
	}
	return "   " + strings.Join(parts, ", ")
}

func (t *explainText) rules(r *explainReport) {
	if len(r.Matches) == 0 {
		t.line("\nNo rule matched.")
		return
	}
	t.line("\n%s", t.bold("Rules that matched"))
	for _, m := range r.Matches {
		about := []string{fmt.Sprintf("phase %d", m.Phase)}
		if m.Severity != "" {
			about = append(about, terminal.Printable(m.Severity))
		}
		if m.Level > 0 {
			about = append(about, fmt.Sprintf("paranoia level %d", m.Level))
		}
		if m.Points > 0 {
			about = append(about, fmt.Sprintf("+%d", m.Points))
		}
		if m.Decided {
			about = append(about, t.paint("1;31", "blocked here"))
		}
		if m.AfterDenial {
			about = append(about, "runs only if nothing blocks before")
		}
		t.line("%s %s", t.bold(fmt.Sprint(m.ID)), strings.Join(about, ", "))
		if m.Message != "" {
			t.line("  %s", terminal.Printable(cut(m.Message, 200)))
		}
		if m.Place != "" {
			t.line("  %s", terminal.Printable(m.Place))
		}
		if m.Contributes() {
			t.values(m)
		}
	}
}

func (t *explainText) timing(r *explainReport) {
	if r.Timing == nil {
		return
	}
	var phases []string
	for i, took := range r.Timing.Phases {
		if took > 0 {
			phases = append(phases, fmt.Sprintf("phase %d %s", i+1, milliseconds(took)))
		}
	}
	var dearest []string
	for _, d := range r.Timing.Dearest {
		dearest = append(dearest, fmt.Sprintf("%d %s", d.Rule, milliseconds(d.Took)))
	}
	t.line("\n%s in %d rules, on this machine, without the screen", t.bold("Time"), r.Timing.Rules)
	t.line("  %s", strings.Join(phases, ", "))
	t.line("  the dearest: %s", strings.Join(dearest, ", "))
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
