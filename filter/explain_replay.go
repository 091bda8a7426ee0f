package filter

import (
	"log/slog"
	"strings"

	"github.com/corazawaf/coraza/v3/debuglog"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/corazawaf/coraza/v3"
)

// An Exchange is one whole exchange, to be replayed.
type Exchange struct {
	Request Request
	Body    []byte
	// Response is nil where what follows the request is not known: phases 3 and 4
	// do not run then.
	Response     *Response
	ResponseBody []byte
}

// An Outcome is what an exchange comes to.
type Outcome struct {
	Action  string         `json:"action"` // pass, deny, would_deny or fault, as events have it
	Policy  string         `json:"policy"`
	Status  int            `json:"status,omitempty"` // of the denial
	Phase   int            `json:"phase,omitempty"`  // that denied
	Rule    int            `json:"rule_id,omitempty"`
	Details string         `json:"details,omitempty"` // response code details
	Scores  map[string]int `json:"scores,omitempty"`
	// Rules are those that matched and are logged, in order.
	Rules []int  `json:"rules,omitempty"`
	Fault string `json:"error,omitempty"`
}

// Blocked reports whether the exchange is denied, or would be with SecRuleEngine On.
func (o *Outcome) Blocked() bool {
	return o.Action == actionDenied || o.Action == actionWouldDeny
}

// Denied reports whether the exchange is denied.
func (o *Outcome) Denied() bool { return o.Action == actionDenied }

// Replay runs an exchange through a Transaction, as a host would, and writes no log.
func (e *Engine) Replay(x *Exchange) Outcome {
	return e.replay(x, func(types.Transaction) {})
}

// replay lets look see the engine's transaction when all phases have run.
func (e *Engine) replay(x *Exchange, look func(types.Transaction)) Outcome {
	t := e.NewTransaction(silentHost{})
	over := make(chan struct{})
	var matched []int
	t.Observe(func(tx types.Transaction) {
		if tx == nil {
			close(over)
			return
		}
		for _, m := range tx.MatchedRules() {
			if isLogged(m) {
				matched = append(matched, m.Rule().ID())
			}
		}
		look(tx)
	})
	t.send(x)
	t.Close()
	<-over
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &t.record
	o := Outcome{Action: r.action, Policy: t.policy, Scores: r.scores, Rules: matched}
	if o.Action == "" {
		o.Action = actionPassed // the config is disabled
	}
	if r.fault != nil {
		o.Fault = r.fault.Error()
		if o.Action == actionPassed {
			o.Action = actionFaulted
		}
	}
	if o.Blocked() {
		o.Status, o.Phase, o.Rule, o.Details = r.denial.status, r.phase, r.denial.rule, r.denial.details()
	}
	return o
}

// send is a host that has all of the exchange from the start.
func (t *Transaction) send(x *Exchange) {
	passes := func(v Verdict) bool {
		if v.Evaluate != nil {
			v = v.Evaluate()
		}
		return v.Action != Deny
	}
	body := len(x.Body) > 0
	if !passes(t.RequestHeaders(x.Request, !body)) || body && !passes(t.RequestBody([][]byte{x.Body}, true)) {
		return
	}
	if x.Response == nil {
		return
	}
	body = len(x.ResponseBody) > 0
	if passes(t.ResponseHeaders(*x.Response, !body)) && body {
		passes(t.ResponseBody([][]byte{x.ResponseBody}, true))
	}
}

type silentHost struct{}

func (silentHost) Log(slog.Level, string) {}
func (silentHost) Count(Counter, string)  {}
func (silentHost) Observe(uint64, string) {}

func isLogged(m types.MatchedRule) bool {
	l, ok := m.(interface{ Log() bool })
	return ok && l.Log()
}

// transactionVariables are read once the exchange is over.
func transactionVariables(tx types.Transaction) plugintypes.TransactionVariables {
	if state, ok := engineOf(tx).(plugintypes.TransactionState); ok {
		return state.Variables()
	}
	return nil
}

// replayEngine compiles one policy as the gateway does, every rule run by the
// engine and no log written, with SecLang before and after it. watch may be nil.
func replayEngine(c *Config, name, before, after string, watch debuglog.Logger) (*Engine, error) {
	snippets := make([]Snippet, 0, len(c.Policies[name].Snippets)+2)
	if before != "" {
		snippets = append(snippets, Snippet{Text: before, Key: "before " + name})
	}
	snippets = append(snippets, c.Policies[name].Snippets...)
	if after != "" {
		snippets = append(snippets, Snippet{Text: after, Key: "after " + name})
	}
	p := &Policy{Name: name, Snippets: snippets}
	config := *c
	config.ScreenOff = true
	config.Policies, config.DefaultPolicy, config.Hosts = map[string]*Policy{name: p}, name, nil
	waf := coraza.NewWAFConfig()
	if watch != nil {
		waf = waf.WithDebugLogger(watch)
	}
	set, err := newRuleSet(p.text(), false, true, waf)
	if err == nil {
		err = set.within(&config)
	}
	if err != nil {
		return nil, p.locate(err)
	}
	return &Engine{config: &config, sets: map[string]*ruleSet{name: set}, pages: newBlockPages(c.Block)}, nil
}

// cutText bounds what is shown of a value, in bytes.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "?") + "..."
}
