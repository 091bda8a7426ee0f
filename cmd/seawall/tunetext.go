package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/tuning"
)

type printer func(format string, args ...any)

func (t *tuned) proposals(w io.Writer, p printer) {
	if len(t.Proposed) == 0 {
		// A cluster of attacking clients alone is none, and not among the refused.
		if t.Scanners > 0 && t.Denied > t.OfScanners+t.OfNothing+t.Unkept && len(t.Refused) == 0 {
			p("nothing is proposed: what else was denied is those clients', from before")
			return
		}
		p("nothing is proposed")
		return
	}
	for i, e := range t.Proposed {
		fmt.Fprintln(w)
		where := "everywhere"
		if len(e.Paths) > 0 {
			where = "at " + strings.Join(e.Paths, ", ")
		}
		if e.Target == "" {
			p("%d. THE WHOLE RULE %d no longer runs %s", i+1, e.Rule, where)
		} else {
			p("%d. %d no longer looks at %s %s", i+1, e.Rule, e.Target, where)
		}
		p("   %s", e.Message)
		p("   %d events of %d clients; alone it lets pass %d that were denied", e.Events, e.Clients, e.Alone)
		if len(e.Others) > 0 {
			p("   other rules that match in these: %s", others(e.Others))
		}
		if e.Own > 0 {
			p("   there, %d of %d of the rule's own attacks pass now; other rules block the rest", e.Own-e.OwnBlocked, e.Own)
		}
		if e.Narrowed != "" {
			p("   narrowed %s", e.Narrowed)
		}
	}
	p("\ntogether they let pass %d of the %d denied events", t.Passing.Events, t.Denied)
}

func eventsAre(n int) string {
	if n == 1 {
		return "1 event is"
	}
	return fmt.Sprintf("%d events are", n)
}

func others(all []tuning.Other) string {
	const most = 5
	var parts []string
	for i, o := range all {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%d (%d events)", o.Rule, o.Events))
	}
	return strings.Join(parts, ", ")
}

func pathsOf(c *tuning.Cluster) string {
	first := c.Paths[0].Pattern
	if first == "" {
		first = "(no path that a rule could name)"
	}
	if len(c.Paths) > 1 {
		return fmt.Sprintf("at %s and %d more", first, len(c.Paths)-1)
	}
	return "at " + first
}

func (t *tuned) ending(w io.Writer, p printer, out string, files [2]string) {
	if proof := t.Proof; proof != nil {
		for _, d := range proof.Dropped {
			p("\ndropped: %d at %s: %s", d.Rule, d.Target, d.Reason)
		}
	}
	if len(t.Proposed) == 0 {
		if out != "" {
			p("\nno file was written: there is nothing to put into %s", out)
		}
		return
	}
	fmt.Fprintln(w)
	for _, claim := range t.Proof.Claims() {
		p("%s", claim)
	}
	if files == [2]string{} {
		fmt.Fprintf(w, "\n%s%s", t.Before, t.After)
		return
	}
	p("\nread it, then:")
	for i, file := range files {
		if file != "" {
			p("  Include %s   %s", file, []string{"before CRS", "behind CRS"}[i])
		}
	}
}
