package main

import (
	"fmt"
	"slices"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/filter"
)

// A remedy is one exclusion for each rule that contributed, and what came of them.
type remedy struct {
	Name       string             `json:"name"`
	Exclusions []filter.Exclusion `json:"exclusions"`
	// Alone is what each exclusion comes to without the others, where there are several.
	Alone []filter.Outcome `json:"alone,omitempty"`
	// Request is the same request with all of them; nil where it could not be replayed.
	Request *filter.Outcome `json:"request,omitempty"`
	// Attacks is what CRS's own attacks came to at the path of the request. Within is
	// the price: the same in the very arguments that rules do not look at any more.
	Attacks *attackProof `json:"attacks,omitempty"`
	Within  *attackProof `json:"attacks_within_targets,omitempty"`
}

// maxAlone bounds how many exclusions are tried one by one: each compiles the rules.
const maxAlone = 6

type prover struct {
	session   *session
	explainer *filter.Explainer
	request   *exchange.Exchange
	found     *filter.Explanation
	attacks   int
	prove     bool
	// elsewhere are CRS's attacks as they are, within the same attacks in the very
	// arguments that the exclusions are about; nil until they are needed.
	elsewhere, within *attackSet
}

// remedies are, from the narrowest: targets at the path, targets everywhere, and
// whole rules at the path.
func (p *prover) remedies() ([]*remedy, error) {
	contributors := p.found.Contributors()
	if len(contributors) == 0 {
		return nil, nil
	}
	id, err := p.explainer.FreeID(p.request.Host, len(contributors))
	if err != nil {
		return nil, err
	}
	var all []*remedy
	useless := map[int]bool{} // rules that taking targets away does not help
	for _, form := range filter.Forms() {
		r := &remedy{Name: string(form)}
		for attempt := 0; attempt < 2; attempt++ {
			if r.Exclusions = p.exclusions(form, contributors, useless, id); r.Exclusions == nil {
				break
			}
			if err := p.tryRequest(r); err != nil {
				return nil, err
			}
			if r.Request == nil || !r.ineffective(useless) {
				break
			}
		}
		if r.Exclusions == nil || slices.ContainsFunc(all, r.same) {
			continue
		}
		if err := p.tryMore(r); err != nil {
			return nil, err
		}
		all = append(all, r)
		if p.session.ctx.Err() != nil {
			break
		}
	}
	return all, nil
}

// exclusions are one for each rule; nil where the form cannot say one of them. A rule
// that the narrowest form does not fit is taken from the path as a whole.
func (p *prover) exclusions(form filter.Form, contributors []*filter.RuleMatch, useless map[int]bool, id int) []filter.Exclusion {
	var all []filter.Exclusion
	for i, m := range contributors {
		e, ok := filter.NewExclusion(form, m.ID, m.Targets(), p.found.Path, id+i)
		if form != filter.RuleAtPath && (!ok || useless[m.ID]) {
			if form == filter.Target {
				return nil
			}
			e, ok = filter.NewExclusion(filter.RuleAtPath, m.ID, nil, p.found.Path, id+i)
		}
		if !ok {
			return nil
		}
		all = append(all, e)
	}
	return all
}

// tryRequest replays the request with the exclusions. An event holds none.
func (p *prover) tryRequest(r *remedy) error {
	if !p.prove || p.request.Event != nil {
		return nil
	}
	engine, err := p.explainer.Try(p.request.Host, r.Exclusions)
	if err != nil {
		return fmt.Errorf("compiling the exclusion: %w", err)
	}
	outcome := engine.Replay(p.request.Filter())
	r.Request = &outcome
	return nil
}

// ineffective notes which rules still match in spite of their targets' exclusion.
func (r *remedy) ineffective(useless map[int]bool) bool {
	found := false
	for _, e := range r.Exclusions {
		if e.Form != filter.RuleAtPath && slices.Contains(r.Request.Rules, e.Rule) && !useless[e.Rule] {
			useless[e.Rule], found = true, true
		}
	}
	return found
}

func (r *remedy) same(other *remedy) bool {
	return slices.EqualFunc(r.Exclusions, other.Exclusions, func(a, b filter.Exclusion) bool { return a.SecLang == b.SecLang })
}

// tryMore replays the request with each exclusion alone, and the attacks with all.
func (p *prover) tryMore(r *remedy) error {
	if !p.prove {
		return nil
	}
	if p.request.Event == nil && len(r.Exclusions) > 1 && len(r.Exclusions) <= maxAlone && r.Name == string(filter.TargetAtPath) {
		for _, e := range r.Exclusions {
			one := &remedy{Exclusions: []filter.Exclusion{e}}
			if err := p.tryRequest(one); err != nil {
				return err
			}
			r.Alone = append(r.Alone, *one.Request)
		}
	}
	return p.tryAttacks(r)
}
