package tuning

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/cmd/seawall/record"
	"github.com/seawall-waf/seawall/cmd/seawall/replay"
	"github.com/seawall-waf/seawall/filter"
)

// A Proof is what a replay of CRS's attacks showed.
type Proof struct {
	Attacks int `json:"attacks"` // among CRS's tests
	Blocked int `json:"blocked"` // of them by the policy as it is
	// Replayed are those in which a rule of the exclusions matched, and which were
	// sent once more: no other can have changed.
	Replayed int `json:"replayed"`
	// Opened are those that are not blocked any more. There are none: what opened one
	// was narrowed or dropped. CRS's attacks stand elsewhere than in the excluded
	// targets, where Inside says what passes.
	Opened  []string  `json:"opened_elsewhere"`
	Inside  Inside    `json:"inside_excluded_targets"`
	Dropped []Dropped `json:"dropped,omitempty"`
}

// Claims are what the proof says, a sentence a line: what it does not open, and what
// it does.
func (proof *Proof) Claims() []string {
	in := proof.Inside
	claims := []string{
		fmt.Sprintf("elsewhere nothing opened: CRS has %s, of which the policy blocks %s, and still does (%s replayed; the others met none of these rules)",
			count(proof.Attacks, "attack"), Thousands(proof.Blocked), count(proof.Replayed, "attack")),
	}
	if in.Sent > 0 {
		claims = append(claims, fmt.Sprintf("inside the excluded targets %s of %s of the excluded rules' own attacks pass now, with all exclusions together",
			Thousands(in.Pass), Thousands(in.Sent)))
	}
	if in.Untried > 0 {
		claims = append(claims, fmt.Sprintf("inside the targets of %s no attack could be tried: what passes there is not known", count(in.Untried, "exclusion")))
	}
	return claims
}

// Dropped is a proposal that opened something, or had no effect.
type Dropped struct {
	*Exclusion
	Reason string   `json:"reason"`
	Opened []string `json:"opened,omitempty"` // the tests
}

// Prove sends CRS's attacks to the policy with the exclusions in it, and narrows or
// drops each that opens one, until none does. It returns those that are left.
func (p *Policy) Prove(ctx context.Context, exclusions []*Exclusion) ([]*Exclusion, *Proof, error) {
	attacks, err := replay.Attacks()
	if err != nil {
		return nil, nil, err
	}
	before, err := sendAll(ctx, p.base, attacks)
	if err != nil {
		return nil, nil, err
	}
	proof := &Proof{Attacks: len(attacks), Opened: []string{}}
	var blocked []exchange.Attack
	var records []*record.Record
	for i, r := range before {
		if r.Denied() {
			blocked, records = append(blocked, attacks[i]), append(records, r)
		}
	}
	if proof.Blocked = len(blocked); proof.Blocked == 0 {
		return nil, nil, errors.New("the policy blocks none of CRS's attacks: is SecRuleEngine Off?")
	}
	for {
		engine, err := p.With(NewConf(exclusions, p.Catalogue))
		if err != nil {
			return nil, nil, fmt.Errorf("compiling the proposed exclusions: %w", err)
		}
		var again []exchange.Attack
		var as []*record.Record
		rules := Rules(exclusions)
		for i, r := range records {
			if slices.ContainsFunc(r.Rules, func(rule record.Rule) bool { return slices.Contains(rules, rule.ID) }) {
				again, as = append(again, blocked[i]), append(as, r)
			}
		}
		after, err := sendAll(ctx, engine, again)
		if err != nil {
			return nil, nil, err
		}
		proof.Replayed = len(again)
		opened := map[*Exclusion][]string{}
		for i, r := range after {
			if r.Denied() {
				continue
			}
			culprits := responsible(exclusions, as[i])
			if len(culprits) == 0 {
				culprits = exclusions // an exclusion's effect that we do not understand
			}
			for _, e := range culprits {
				opened[e] = append(opened[e], again[i].Test)
			}
		}
		if len(opened) == 0 {
			inside, idle, err := p.tryOwn(ctx, engine, exclusions, blocked, records)
			for _, e := range idle {
				proof.Dropped = append(proof.Dropped, Dropped{Exclusion: e, Reason: "the rule matches there all the same"})
			}
			exclusions = slices.DeleteFunc(exclusions, func(e *Exclusion) bool { return slices.Contains(idle, e) })
			if err != nil || len(idle) == 0 || len(exclusions) == 0 {
				proof.Inside = inside
				return exclusions, proof, err
			}
			continue // the proof is of those that are left
		}
		exclusions = proof.narrow(exclusions, opened)
	}
}

// narrow takes an exclusion to its most frequent paths or, where it has some
// already, drops it.
func (proof *Proof) narrow(exclusions []*Exclusion, opened map[*Exclusion][]string) []*Exclusion {
	var left []*Exclusion
	for _, e := range exclusions {
		tests := opened[e]
		paths, _ := e.from.dominant()
		switch {
		case len(tests) == 0:
			left = append(left, e)
		case len(e.Paths) == 0 && len(paths) > 0:
			narrower := *e
			narrower.Paths = paths
			narrower.Narrowed = fmt.Sprintf("to its most frequent paths: everywhere it opened %s of CRS's, such as %s", count(len(tests), "attack"), tests[0])
			left = append(left, &narrower)
		default:
			proof.Dropped = append(proof.Dropped, Dropped{Exclusion: e, Opened: tests,
				Reason: fmt.Sprintf("it would have opened %s of CRS's, such as %s", count(len(tests), "attack"), tests[0])})
		}
	}
	return left
}

// responsible are the exclusions that took a match out of what a record is of.
func responsible(exclusions []*Exclusion, r *record.Record) []*Exclusion {
	s := shapeOf(r)
	var found []*Exclusion
	for _, e := range exclusions {
		for _, m := range s.rules {
			if m.id == e.Rule && e.at(s.path) && (e.Target == "" || slices.ContainsFunc(m.variables, func(v string) bool {
				return e.Target == v || covers(e.Target, v)
			})) {
				found = append(found, e)
				break
			}
		}
	}
	return found
}

func sendAll(ctx context.Context, engine *filter.Engine, attacks []exchange.Attack) ([]*record.Record, error) {
	all := make([]*exchange.Exchange, len(attacks))
	for i, attack := range attacks {
		all[i] = attack.Request
	}
	return replay.All(ctx, engine, all)
}
