package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/corazawaf/coraza/v3/types/variables"
)

// An outcome is what a user can see of an exchange, by aspect: "verdict",
// "rules", "rule 942100 matched", "scores", "audit" and so on.
type outcome map[string]string

// shownRule is a rule that matched and that some log shows. Rules with nolog and
// noauditlog are in none: CRS steers itself with them, on every request.
type shownRule interface {
	types.MatchedRule
	Log() bool
	Audit() bool
}

// describe adds what the engine's transaction holds when everything is over.
func (o outcome) describe(tx types.Transaction) {
	state := tx.(plugintypes.TransactionState)
	hide := steady(tx.ID(), state)
	var ids, logged []string
	times := map[int]int{}
	for _, m := range tx.MatchedRules() {
		rule, ok := m.(shownRule)
		if !ok || !rule.Log() && !rule.Audit() {
			continue
		}
		id := strconv.Itoa(rule.Rule().ID())
		ids = append(ids, id)
		if rule.Log() {
			logged = append(logged, id)
		}
		aspect := "rule " + id
		if times[rule.Rule().ID()]++; times[rule.Rule().ID()] > 1 {
			aspect += fmt.Sprintf(" (%d)", times[rule.Rule().ID()])
		}
		o[aspect+" message"] = hide.Replace(rule.Message())
		o[aspect+" data"] = hide.Replace(rule.Data())
		o[aspect+" matched"], o[aspect+" said"] = matched(rule.MatchedDatas(), hide)
		o[aspect+" is"] = fmt.Sprintf("phase %d, severity %s, disruptive %t, log %t, audit %t",
			rule.Rule().Phase(), rule.Rule().Severity(), rule.Disruptive(), rule.Log(), rule.Audit())
	}
	o["rules"] = strings.Join(ids, " ")
	if len(ids) > 0 {
		o["scores"] = scores(state)
		o["highest severity"] = state.Variables().HighestSeverity().Get()
	}
	o["event"] = strings.Join(logged, " ")
	if len(logged) > 0 {
		o["event"] += " " + o["scores"]
	}
	if it := tx.Interruption(); it != nil {
		o["interruption"] = fmt.Sprintf("%+v", *it)
	}
	if d, ok := tx.(interface {
		DetectionOnlyInterruption() *types.Interruption
	}); ok && d.DetectionOnlyInterruption() != nil {
		o["interruption held back"] = fmt.Sprintf("%+v", *d.DetectionOnlyInterruption())
	}
}

// matched lists what a rule matched on, and what it said of that. Collections are
// maps, so their order means nothing, even to stock; and of a chain, only what
// came first has a message.
func matched(data []types.MatchData, hide *strings.Replacer) (on, said string) {
	var lines, messages []string
	for _, d := range data {
		value := hide.Replace(d.Value())
		if fleeting[d.Variable()] {
			value = "*"
		}
		lines = append(lines, fmt.Sprintf("%s:%q=%q in link %d", d.Variable().Name(), d.Key(), value, d.ChainLevel()))
		if d.Message() != "" || d.Data() != "" {
			messages = append(messages, fmt.Sprintf("%q %q", hide.Replace(d.Message()), hide.Replace(d.Data())))
		}
	}
	slices.Sort(lines)
	slices.Sort(messages)
	return strings.Join(lines, "\n"), strings.Join(messages, "\n")
}

// fleeting are variables whose values no two runs share.
var fleeting = map[variables.RuleVariable]bool{
	variables.UniqueID: true, variables.Duration: true, variables.FilesTmpNames: true,
	variables.Time: true, variables.TimeDay: true, variables.TimeEpoch: true, variables.TimeHour: true, variables.TimeMin: true,
	variables.TimeMon: true, variables.TimeSec: true, variables.TimeWday: true, variables.TimeYear: true,
}

// steady replaces such values where a message quotes them.
func steady(id string, state plugintypes.TransactionState) *strings.Replacer {
	pairs := []string{id, "<id>"}
	for _, v := range []variables.RuleVariable{variables.TimeEpoch, variables.Time} {
		if c, ok := state.Collection(v).(interface{ Get() string }); ok && c.Get() != "" {
			pairs = append(pairs, c.Get(), "<time>")
		}
	}
	return strings.NewReplacer(pairs...)
}

// scores are CRS's anomaly scores that are not zero.
func scores(state plugintypes.TransactionState) string {
	found := map[string]string{}
	for _, m := range state.Variables().TX().FindAll() {
		score := strings.HasSuffix(m.Key(), "_score") || strings.Contains(m.Key(), "_anomaly_score_pl")
		n, err := strconv.Atoi(m.Value())
		if score && !price[m.Key()] && err == nil && n != 0 {
			found[m.Key()] = m.Value()
		}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		all = append(all, name+"="+found[name])
	}
	return strings.Join(all, " ")
}

// price has CRS's settings of what a match of each severity costs, no scores.
var price = map[string]bool{"critical_anomaly_score": true, "error_anomaly_score": true,
	"warning_anomaly_score": true, "notice_anomaly_score": true}

// differs lists the aspects in which two outcomes are not the same.
func (o outcome) differs(other outcome) []string {
	both := maps.Clone(o)
	maps.Copy(both, other)
	var aspects []string
	for _, aspect := range slices.Sorted(maps.Keys(both)) {
		if o[aspect] != other[aspect] {
			aspects = append(aspects, aspect)
		}
	}
	return aspects
}
