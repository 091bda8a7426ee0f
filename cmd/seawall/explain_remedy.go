package main

import (
	"fmt"
	"strings"

	"github.com/seawall-waf/seawall/filter"
)

// heading says what a remedy does and what it costs, by the forms that it has.
func heading(r *remedy) string {
	forms := map[filter.Form]bool{}
	for _, e := range r.Exclusions {
		forms[e.Form] = true
	}
	switch {
	case len(forms) > 1:
		return "The narrowest: these targets where a rule has any, else the whole rule, on this path"
	case forms[filter.TargetAtPath]:
		return "The narrowest: these rules, these targets, on this path"
	case forms[filter.Target]:
		return "These rules, these targets, on every path"
	}
	return "These rules as a whole, on this path"
}

func (t *explainText) remedies(r *explainReport) {
	if !r.Blocked() {
		return
	}
	if len(r.Remedies) == 0 {
		t.line("\nNo exclusion lets it pass: what blocked it is no rule that looks at the request.")
		if r.Rule != 0 {
			t.line("Look at rule %d itself.", r.Rule)
		}
		t.nameless(r)
		return
	}
	t.line("\n%s", t.bold("If this request is legitimate"))
	t.nameless(r)
	for i, remedy := range r.Remedies {
		t.line("%d. %s.", i+1, heading(remedy))
		t.directives(remedy, true)
		t.directives(remedy, false)
		t.proof(r, remedy)
	}
}

// nameless says why a rule's targets are not among the remedies.
func (t *explainText) nameless(r *explainReport) {
	for _, m := range r.Contributors() {
		for _, collection := range m.Nameless() {
			t.line("Rule %d matched on a field of %s that has no name: no exclusion by target exists for it, only for all of %s.", m.ID, collection, collection)
		}
	}
}

// directives prints what stands before the rules, or what stands behind them.
func (t *explainText) directives(r *remedy, before bool) {
	var text strings.Builder
	for _, e := range r.Exclusions {
		if e.Form.Before() == before {
			text.WriteString(e.SecLang)
		}
	}
	if text.Len() == 0 {
		return
	}
	where := "Before the line that includes the rules (Include @seawall.conf, Include @owasp_crs/*.conf):"
	if !before {
		where = "Behind the line that includes the rules (Include @seawall.conf, Include @owasp_crs/*.conf):"
	}
	t.line("   %s", where)
	for line := range strings.Lines(text.String()) {
		t.out.WriteString("     " + line)
	}
}

func (t *explainText) proof(r *explainReport, remedy *remedy) {
	if r.Event != nil {
		t.line("   Not replayed with the request itself: the event does not hold it.")
	}
	if remedy.Request != nil {
		if remedy.Request.Blocked() {
			t.line("   %s with it the request is still blocked%s.", t.paint("1;31", "Replayed:"), rest(r, remedy.Request))
		} else {
			t.line("   %s with it the request passes%s.", t.paint("1;32", "Replayed:"), rest(r, remedy.Request))
		}
	}
	for i, alone := range remedy.Alone {
		verdict := "passes"
		if alone.Blocked() {
			verdict = "is still blocked"
		}
		t.line("     Rule %d's alone: it %s%s.", remedy.Exclusions[i].Rule, verdict, rest(r, &alone))
	}
	t.attacks(remedy.Attacks, "at this path, elsewhere")
	t.attacks(remedy.Within, "in the very argument")
}

// attacks tells what came of one set of CRS's attacks.
func (t *explainText) attacks(a *attackProof, where string) {
	switch {
	case a == nil:
	case a.Blocked == 0:
		t.line("   CRS's attacks of this category, %s: none of %d is blocked by this policy at all.", where, a.Sent)
	case len(a.Opened) == 0:
		t.line("   CRS's attacks of this category, %s: %d of %d are blocked, %s.", where, a.Blocked, a.Sent,
			t.paint("1;32", fmt.Sprintf("with it all %d still", a.Still)))
	default:
		t.line("   CRS's attacks of this category, %s: %d of %d are blocked, %s.", where, a.Blocked, a.Sent,
			t.paint("1;33", fmt.Sprintf("with it %d still, and %d pass", a.Still, len(a.Opened))))
		t.line("     It opens %s.", list(a.Opened, 10))
	}
}

func list(names []string, limit int) string {
	text := strings.Join(names[:min(len(names), limit)], ", ")
	if len(names) > limit {
		text += fmt.Sprintf(" and %d more", len(names)-limit)
	}
	return text
}

// rest is the score that is left.
func rest(r *explainReport, o *filter.Outcome) string {
	if r.Ledger == nil || r.Ledger.Inbound.Threshold == 0 {
		return ""
	}
	return fmt.Sprintf(" (inbound score %d of %d)", o.Scores["blocking_inbound_anomaly_score"], r.Ledger.Inbound.Threshold)
}
