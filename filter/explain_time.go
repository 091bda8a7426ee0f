package filter

import (
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/corazawaf/coraza/v3/debuglog"
)

// A Timing is what the engine took for one exchange, on the machine of the replay.
type Timing struct {
	Phases [5]time.Duration `json:"phases_ns"` // within rules, phases 1 to 5
	Rules  int              `json:"rules"`     // that were evaluated
	// Dearest are the rules that took longest, in order.
	Dearest []RuleTime `json:"dearest"`
}

// A RuleTime is one rule, a chain's links counted for its head.
type RuleTime struct {
	Rule int           `json:"rule"`
	Took time.Duration `json:"took_ns"`
}

// maxDearest bounds Timing.Dearest.
const maxDearest = 5

// Time measures an exchange: the best of a few replays for each rule, since the
// first one finds every cache cold, and another process may have had the CPU.
// `seawall bench --rules` measures well.
func (e *Explainer) Time(x *Exchange) (*Timing, error) {
	p, err := e.policy(x.Request.Authority)
	if err != nil || p == nil {
		return nil, err
	}
	watch := &ruleClock{Logger: debuglog.Noop()}
	engine, err := replayEngine(e.config, p.name, "", "", watch)
	if err != nil {
		return nil, err
	}
	best := map[int]time.Duration{}
	for range 3 {
		watch.spent = map[int]time.Duration{}
		engine.Replay(x)
		for id, took := range watch.spent {
			if before, ok := best[id]; !ok || took < before {
				best[id] = took
			}
		}
	}
	t := &Timing{Rules: len(best)}
	for id, took := range best {
		if r := p.rules[id]; r != nil && r.Phase > 0 {
			t.Phases[r.Phase-1] += took
			t.Dearest = append(t.Dearest, RuleTime{id, took})
		}
	}
	slices.SortFunc(t.Dearest, func(a, b RuleTime) int {
		return cmp.Or(cmp.Compare(b.Took, a.Took), cmp.Compare(a.Rule, b.Rule))
	})
	t.Dearest = t.Dearest[:min(maxDearest, len(t.Dearest))]
	return t, nil
}

// A ruleClock is a debug logger that writes nothing: Coraza tells its logger of the
// start and the end of each rule. It serves one transaction at a time.
type ruleClock struct {
	debuglog.Logger
	spent map[int]time.Duration
	depth int // rules that have begun and not ended: a chain's links
	began time.Time
}

func (c *ruleClock) WithOutput(io.Writer) debuglog.Logger     { return c }
func (c *ruleClock) WithLevel(debuglog.Level) debuglog.Logger { return c }

// Debug is asked whether it is enabled before a rule is named.
func (c *ruleClock) Debug() debuglog.Event { return enabled{debuglog.Noop().Debug()} }

func (c *ruleClock) With(fields ...debuglog.ContextField) debuglog.Logger {
	which := ruleName{Event: debuglog.Noop().Debug()}
	for _, f := range fields {
		f(&which)
	}
	if which.id == 0 {
		return c
	}
	return ruleLogger{Logger: debuglog.Noop(), clock: c, id: which.id}
}

type enabled struct{ debuglog.Event }

func (enabled) IsEnabled() bool { return true }

// ruleName reads which rule a logger is for.
type ruleName struct {
	debuglog.Event
	id int
}

func (n *ruleName) Int(key string, value int) debuglog.Event {
	if key == "rule_id" {
		n.id = value
	}
	return n
}

// ruleLogger is the logger of one rule's evaluation, links included. Its events are
// not enabled, so that nothing is prepared for them.
type ruleLogger struct {
	debuglog.Logger
	clock *ruleClock
	id    int
}

func (l ruleLogger) With(...debuglog.ContextField) debuglog.Logger { return l }
func (l ruleLogger) Debug() debuglog.Event {
	return ruleEvent{debuglog.Noop().Debug(), l.clock, l.id}
}

type ruleEvent struct {
	debuglog.Event
	clock *ruleClock
	id    int
}

func (e ruleEvent) Msg(text string) {
	c := e.clock
	switch text {
	case "Evaluating rule":
		if c.depth++; c.depth == 1 {
			c.began = time.Now()
		}
	case "Finished rule evaluation":
		if c.depth--; c.depth == 0 {
			c.spent[e.id] += time.Since(c.began)
		}
	}
}
