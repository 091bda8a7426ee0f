package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/corazawaf/coraza/v3"

	"github.com/seawall-waf/seawall/rules"
)

// RuleMethod says how rules are timed; reports print it.
const RuleMethod = "Each rule is timed where it stands in the whole rule set, by Coraza's own report of its start and end: " +
	"with the engine on every exchange (no screen), an earlier rule's transformations found in the cache, a chain's links counted for its head. " +
	"The time is a request's mean in one round, the median of all rounds; the sum is scaled to CPU time."

// A RuleCost is what one rule takes of an exchange.
type RuleCost struct {
	ID      int     `json:"id"` // 0: all markers and actions without an ID
	Phase   int     `json:"phase"`
	File    string  `json:"file,omitempty"` // "" for the config itself
	Line    int     `json:"line,omitempty"`
	Message string  `json:"message,omitempty"`
	Runs    float64 `json:"runs_per_request"`
	Nanos   Spread  `json:"ns_per_request"`
	Share   float64 `json:"share"` // of the time of all rules
}

// A RuleReport is what every rule that ran took, the dearest first.
type RuleReport struct {
	Policy   string  `json:"policy"`
	Requests string  `json:"requests"`
	Seed     uint64  `json:"seed"`
	Method   string  `json:"method"`
	Machine  Machine `json:"machine"`
	Rounds   int     `json:"rounds"`
	// Total is an exchange's whole CPU time without the stopwatch, InRules the sum
	// of the rules' with it, Stopwatch the time with it over the time without.
	Total     float64     `json:"ns_total"`
	InRules   float64     `json:"ns_in_rules"`
	Stopwatch float64     `json:"stopwatch_factor"`
	Idle      int         `json:"rules_that_never_ran"` // skipped for the paranoia level, for the most part
	Rules     []*RuleCost `json:"rules"`
}

// MeasureRules sends the cases' exchanges through the policy's rules.
func MeasureRules(ctx context.Context, policy *Policy, cases []*Case, plan Plan) (*RuleReport, error) {
	known, err := listRules(policy.Text)
	if err != nil {
		return nil, err
	}
	watch := newStopwatch()
	var subjects [2]*coraza3 // without the stopwatch, and with it
	for i, config := range []coraza.WAFConfig{coraza.NewWAFConfig(), coraza.NewWAFConfig().WithDebugLogger(watch)} {
		waf, err := rules.Compile(rules.FS(), policy.Text, config)
		if err != nil {
			return nil, err
		}
		defer closeWAF(waf)
		subjects[i] = &coraza3{waf: waf}
	}
	var plain, timed []float64
	samples := map[int][]ruleSample{}
	end := time.Now().Add(plan.Time)
	for round := 0; round < maxRounds && (round <= fewRounds || time.Now().Before(end)); round++ {
		fmt.Fprintf(plan.Progress, "bench: rules, round %d\n", round)
		requests, costs, clock, err := ruleRound(ctx, cases, subjects)
		if err != nil {
			return nil, err
		}
		times := watch.take()
		if round == 0 {
			continue // caches were cold
		}
		plain, timed = append(plain, costs[0].per(requests).Nanos), append(timed, costs[1].per(requests).Nanos)
		for id, t := range times {
			by := float64(requests) * clock // the stopwatch's time becomes CPU time
			samples[id] = append(samples[id], ruleSample{runs: float64(t.runs) / float64(requests), nanos: float64(t.spent) / by})
		}
	}
	report := &RuleReport{Policy: policy.Name, Requests: strings.Join(caseNames(cases), ", "), Method: RuleMethod, Machine: ThisMachine(), Rounds: len(plain),
		Total: spreadOf(plain).Median, Stopwatch: spreadOf(timed).Median / spreadOf(plain).Median}
	report.fill(known, samples)
	return report, nil
}

// ruleRound sends one batch of each case through both. clock is how long the
// stopwatch's subject took by the clock, over its CPU time: a stopwatch cannot
// tell when another process had the CPU, but the whole of it can.
func ruleRound(ctx context.Context, cases []*Case, subjects [2]*coraza3) (requests int, costs [2]Cost, clock float64, err error) {
	var elapsed [2]time.Duration
	for _, c := range cases {
		batch, err := c.Batch(max(1, 20/c.size))
		if err != nil {
			return 0, costs, 0, err
		}
		requests += len(batch)
		for i, s := range subjects {
			if err := ctx.Err(); err != nil {
				return 0, costs, 0, err
			}
			settle()
			start := time.Now()
			cost, _, err := s.Run(batch)
			if err != nil {
				return 0, costs, 0, err
			}
			elapsed[i] += time.Since(start)
			costs[i].Nanos += cost.Nanos
		}
	}
	return requests, costs, float64(elapsed[1]) / max(costs[1].Nanos, 1), nil
}

// ruleSample is one rule in one round, for one exchange.
type ruleSample struct{ runs, nanos float64 }

// fill computes the table from what was timed in each round. A rule that did not
// run in a round took nothing in it.
func (r *RuleReport) fill(known map[int]*RuleCost, samples map[int][]ruleSample) {
	for id, times := range samples {
		c := known[id]
		if c == nil {
			c = &RuleCost{ID: id, Message: "(markers and rules without an ID)"}
		}
		nanos := make([]float64, r.Rounds)
		for i, t := range times {
			nanos[i] = t.nanos
			c.Runs += t.runs / float64(r.Rounds)
		}
		c.Nanos = spreadOf(nanos)
		r.InRules += c.Nanos.Median
		r.Rules = append(r.Rules, c)
	}
	for id := range known {
		if _, ran := samples[id]; !ran {
			r.Idle++
		}
	}
	for _, c := range r.Rules {
		c.Share = c.Nanos.Median / r.InRules
	}
	slices.SortFunc(r.Rules, func(a, b *RuleCost) int {
		return cmp.Or(cmp.Compare(b.Nanos.Median, a.Nanos.Median), cmp.Compare(a.ID, b.ID))
	})
}
