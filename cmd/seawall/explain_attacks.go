package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/filter"
)

// An attackProof counts what attacks came to.
type attackProof struct {
	Sent    int      `json:"sent"`
	Blocked int      `json:"blocked_without"` // without the exclusions
	Still   int      `json:"blocked_with"`    // of these, with them
	Opened  []string `json:"opened,omitempty"`
}

// An attackSet is attacks and whether each is blocked as things are.
type attackSet struct {
	names   []string
	sent    []*filter.Exchange
	blocked []bool
}

func (s *attackSet) add(engine *filter.Engine, name string, x *exchange.Exchange) {
	f := x.Filter()
	outcome := engine.Replay(f)
	s.names, s.sent, s.blocked = append(s.names, name), append(s.sent, f), append(s.blocked, outcome.Blocked())
}

// with replays those that were blocked; nil where there are none.
func (s *attackSet) with(p *prover, engine *filter.Engine) *attackProof {
	if len(s.sent) == 0 {
		return nil
	}
	proof := &attackProof{Sent: len(s.sent)}
	for i, x := range s.sent {
		if !s.blocked[i] || p.session.ctx.Err() != nil {
			continue
		}
		proof.Blocked++
		if outcome := engine.Replay(x); outcome.Blocked() {
			proof.Still++
		} else {
			proof.Opened = append(proof.Opened, s.names[i])
		}
	}
	return proof
}

// tryAttacks replays CRS's attacks of the rules' categories with the exclusions.
func (p *prover) tryAttacks(r *remedy) error {
	if err := p.collect(); err != nil || len(p.elsewhere.sent) == 0 {
		return err
	}
	engine, err := p.explainer.Try(p.request.Host, r.Exclusions)
	if err != nil {
		return fmt.Errorf("compiling the exclusion: %w", err)
	}
	r.Attacks, r.Within = p.elsewhere.with(p, engine), p.within.with(p, engine)
	return nil
}

// collect takes the attacks and finds which are blocked as things are.
func (p *prover) collect() error {
	if p.elsewhere != nil {
		return nil
	}
	p.elsewhere, p.within = &attackSet{}, &attackSet{}
	engine, err := p.explainer.Try(p.request.Host, nil)
	if err != nil || engine == nil {
		return err
	}
	categories := map[int]bool{}
	for _, m := range p.found.Contributors() {
		if categories[m.ID/1000] {
			continue
		}
		categories[m.ID/1000] = true
		attacks, err := exchange.Attacks(m.ID, p.attacks)
		if err != nil {
			return err
		}
		argument := argumentOf(m)
		for _, a := range attacks {
			x := p.here(a.Request)
			elsewhere, _ := renamed(x, func(name string) string {
				if argument != "" && strings.EqualFold(name, argument) {
					return "not-" + name
				}
				return name
			})
			p.elsewhere.add(engine, a.Test, elsewhere)
			within, has := renamed(x, func(string) string { return argument })
			if has && argument != "" {
				p.within.add(engine, a.Test, within)
			}
		}
	}
	return nil
}

// generic are the paths of tests whose attack is elsewhere.
var generic = regexp.MustCompile(`^/[a-z]*$`)

// here sends an attack to the path of the request, where runtime exclusions apply,
// unless its own path is the attack.
func (p *prover) here(attack *exchange.Exchange) *exchange.Exchange {
	x := *attack
	path, query, hasQuery := strings.Cut(x.Path, "?")
	if !generic.MatchString(path) {
		return &x
	}
	x.Path, _, _ = strings.Cut(p.request.Path, "?")
	if hasQuery {
		x.Path += "?" + query
	}
	return &x
}

// argumentOf is the argument that a rule matched on; "" where it is none.
func argumentOf(m *filter.RuleMatch) string {
	for _, target := range m.Targets() {
		if name, key, ok := strings.Cut(target, ":"); ok && (name == "ARGS" || name == "ARGS_GET" || name == "ARGS_POST") {
			return key
		}
	}
	return ""
}

// renamed is the attack with other names for its arguments, where it has any in a
// query or a form.
func renamed(attack *exchange.Exchange, name func(string) string) (_ *exchange.Exchange, has bool) {
	x := *attack
	rename := func(form string) string {
		pairs := strings.Split(form, "&")
		for i, pair := range pairs {
			if old, value, ok := strings.Cut(pair, "="); ok {
				pairs[i], has = name(old)+"="+value, true
			}
		}
		return strings.Join(pairs, "&")
	}
	if path, query, ok := strings.Cut(x.Path, "?"); ok {
		x.Path = path + "?" + rename(query)
	}
	if contentType, _ := x.Header("content-type"); strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		x.Body = []byte(rename(string(x.Body)))
		x.Headers = nil
		for _, h := range attack.Headers {
			if h[0] == "content-length" && len(x.Body) != len(attack.Body) {
				h[1] = fmt.Sprint(len(x.Body))
			}
			x.Headers = append(x.Headers, h)
		}
	}
	return &x, has
}
