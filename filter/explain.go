package filter

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// An Explanation accounts for what the rules made of one exchange.
type Explanation struct {
	Outcome
	// Engine is SecRuleEngine for this exchange: On, DetectionOnly or Off.
	Engine string  `json:"engine"`
	Ledger *Ledger `json:"ledger,omitempty"` // nil without anomaly scores
	// Matches are the rules that matched and are logged, score or end the exchange, in
	// order: all that would have if none had denied before.
	Matches []*RuleMatch `json:"matches"`
	// Path is REQUEST_FILENAME, as rules see it.
	Path string `json:"path"`
}

// A RuleMatch is one rule that matched.
type RuleMatch struct {
	ID       int    `json:"id"`
	Phase    int    `json:"phase"`
	Severity string `json:"severity,omitempty"`
	Message  string `json:"msg,omitempty"`
	// Place is "file.conf:12", or the key and the line in the config document.
	Place string   `json:"place,omitempty"`
	Tags  []string `json:"tags,omitempty"`
	Level int      `json:"paranoia_level,omitempty"`
	// Action is its disruptive action; Decided: the exchange ended by it.
	Action  string `json:"action,omitempty"`
	Decided bool   `json:"decided,omitempty"`
	// AfterDenial: it ran only because the replay went on behind the denial.
	AfterDenial bool `json:"after_denial,omitempty"`
	// Points are what it added to the anomaly score; Scores, to each score.
	Points int            `json:"points,omitempty"`
	Scores map[string]int `json:"scores,omitempty"`
	On     []*ValueMatch  `json:"matched,omitempty"`
}

// Contributes reports whether the exchange is blocked, or nearer to it, by the
// rule's own finding. CRS's 949110 and its like only sum up what others found.
func (m *RuleMatch) Contributes() bool { return m.Points > 0 || m.Decided && !m.sumsUp() }

// sumsUp reports whether all that the rule looks at is what other rules left in TX.
func (m *RuleMatch) sumsUp() bool {
	for _, v := range m.On {
		if !strings.HasPrefix(v.Variable, "TX") {
			return false
		}
	}
	return len(m.On) > 0
}

// An Explainer explains exchanges against one config. It compiles each policy when
// it first needs it, and is safe for concurrent use.
type Explainer struct {
	config *Config
	mu     sync.Mutex
	sets   map[string]*explained
}

// explained is a policy as the gateway has it, and the same with nothing denied.
type explained struct {
	name         string
	real, detect *Engine
	rules        map[int]*seclang.Rule
}

// NewExplainer keeps c.
func NewExplainer(c *Config) *Explainer {
	return &Explainer{config: c, sets: map[string]*explained{}}
}

// policy finds what an exchange's host is judged by; nil where it is refused.
func (e *Explainer) policy(authority string) (*explained, error) {
	name, ok := e.config.PolicyFor(authority)
	if !ok {
		return nil, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.sets[name]; p != nil {
		return p, nil
	}
	p := &explained{name: name, rules: map[int]*seclang.Rule{}}
	var err error
	if p.real, err = replayEngine(e.config, name, "", "", nil); err == nil {
		p.detect, err = replayEngine(e.config, name, "", "SecRuleEngine DetectionOnly\n", nil)
	}
	if err != nil {
		return nil, fmt.Errorf("compiling policy %q: %w", name, err)
	}
	directives, err := rules.Walk(rules.FS(), e.config.Policies[name].text())
	if err != nil {
		return nil, fmt.Errorf("reading policy %q: %w", name, err)
	}
	for _, r := range seclang.Parse(directives).Rules {
		if r.ID != 0 {
			p.rules[r.ID] = r
		}
	}
	e.sets[name] = p
	return p, nil
}

// Explain replays x as the gateway would judge it. If a rule denies it, it is
// replayed once more with SecRuleEngine DetectionOnly, to see what the rules behind
// that one would have found.
func (e *Explainer) Explain(x *Exchange) (*Explanation, error) {
	if e.config.Disabled {
		return &Explanation{Outcome: Outcome{Action: actionPassed}, Engine: "disabled: true"}, nil
	}
	p, err := e.policy(x.Request.Authority)
	if err != nil {
		return nil, err
	}
	if p == nil {
		d := denial{status: 400, reason: "invalid_host"}
		return &Explanation{Outcome: Outcome{Action: actionDenied, Status: d.status, Details: d.details()}, Engine: "On"}, nil
	}
	found := &Explanation{}
	found.Outcome = p.real.replay(x, func(tx types.Transaction) { found.account(p, tx) })
	if found.Denied() {
		reached := map[int]bool{}
		for _, m := range found.Matches {
			reached[m.ID] = true
		}
		engine := found.Engine
		p.detect.replay(x, func(tx types.Transaction) { found.account(p, tx) })
		found.Engine = engine
		for _, m := range found.Matches {
			m.AfterDenial = !reached[m.ID]
		}
	}
	for _, m := range found.Matches {
		m.Decided = m.ID == found.Rule
	}
	return found, nil
}

// account reads everything from an engine's transaction that has ended.
func (f *Explanation) account(p *explained, tx types.Transaction) {
	values := transactionVariables(tx)
	if values == nil {
		return
	}
	f.Engine, f.Path = engineMode(tx), strings.Clone(values.RequestFilename().Get())
	f.Matches, f.Ledger = nil, newLedger(values)
	for _, m := range tx.MatchedRules() {
		f.match(p, tx, m)
	}
	f.Ledger = f.Ledger.closed()
}

func (f *Explanation) match(p *explained, tx types.Transaction, m types.MatchedRule) {
	rule := m.Rule()
	model := p.rules[rule.ID()]
	e := &RuleMatch{ID: rule.ID(), Phase: int(rule.Phase()), Severity: rule.Severity().String(), Message: m.Message(),
		Tags: rule.Tags(), Level: paranoiaLevel(rule.Tags())}
	if e.Severity == "unknown" {
		e.Severity = ""
	}
	e.Place = p.place(e.ID)
	if model != nil {
		e.Action = model.Disruptive
		f.Ledger.enter(e, model, m)
	}
	ends := e.Action != "" && e.Action != "pass" && e.Action != "block"
	if !isLogged(m) && len(e.Scores) == 0 && !ends {
		return // control rules: CRS has some 75 that match on every request
	}
	for _, d := range m.MatchedDatas() {
		e.On = append(e.On, newValueMatch(tx, model, d))
	}
	f.Matches = append(f.Matches, e)
}

// place says where a rule is written, for people.
func (p *explained) place(id int) string {
	at := p.real.sets[p.name].places[id]
	if at.file != "" {
		return fmt.Sprintf("%s:%d", at.file, at.line)
	}
	var placed *placedError
	policy := p.real.config.Policies[p.name]
	if at.line > 0 && errors.As(policy.locate(&rules.DirectiveError{Line: at.line}), &placed) {
		return placed.where
	}
	return ""
}

// paranoiaLevel reads CRS's tag paranoia-level/2; 0 where there is none.
func paranoiaLevel(tags []string) int {
	for _, t := range tags {
		if level, ok := strings.CutPrefix(t, "paranoia-level/"); ok {
			n, _ := strconv.Atoi(level)
			return n
		}
	}
	return 0
}

// engineMode is what SecRuleEngine was for the exchange in the end.
func engineMode(tx types.Transaction) string {
	if tx.IsRuleEngineOff() {
		return "Off"
	}
	d, ok := engineOf(tx).(interface {
		DetectionOnlyInterruption() *types.Interruption
	})
	if ok && d.DetectionOnlyInterruption() != nil {
		return "DetectionOnly"
	}
	return ruleEngine(tx)
}
