package main

import (
	"fmt"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/filter"
)

// severityPoints are what CRS's crs-setup.conf gives a match of each severity.
var severityPoints = map[string]int{"critical": 5, "error": 4, "warning": 3, "notice": 2}

// explainEvent tells from an event what a replay would have shown, as far as the
// event has it. Points follow from the severities, as CRS sets them.
func explainEvent(e *exchange.Event) *filter.Explanation {
	found := &filter.Explanation{Path: e.Request.Path, Engine: "On", Outcome: filter.Outcome{
		Action: e.Action, Policy: e.Policy, Status: e.Status, Phase: e.Phase, Rule: e.Rule, Details: e.Details,
		Scores: e.Scores, Fault: e.Error}}
	if e.Action == "would_deny" {
		found.Engine = "DetectionOnly"
	}
	for _, r := range e.Rules {
		m := &filter.RuleMatch{ID: r.ID, Phase: r.Phase, Severity: r.Severity, Message: r.Message,
			Decided: r.ID == e.Rule, Points: severityPoints[r.Severity]}
		if r.File != "" {
			m.Place = fmt.Sprintf("%s:%d", r.File, r.Line)
		}
		for _, v := range r.Matched {
			m.On = append(m.On, &filter.ValueMatch{Variable: v.Variable, Before: v.Value, After: v.Value, Known: v.Value != ""})
		}
		found.Matches = append(found.Matches, m)
		found.Rules = append(found.Rules, r.ID)
	}
	return found
}
