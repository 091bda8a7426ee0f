package tuning

import (
	"cmp"
	"maps"
	"slices"

	"github.com/seawall-waf/seawall/cmd/seawall/replay"
)

// Passing says what exclusions would have let pass.
type Passing struct {
	Events  int `json:"events"`       // denied ones that would have passed
	Touched int `json:"touched"`      // denied ones in which an excluded match was
	Denied  int `json:"still_denied"` // of those
}

// Estimate works out, by CRS's arithmetic, what all exclusions together would have
// let pass, and writes into each what it would have alone.
//
// A match that is taken out takes its points from the score of its event; an event
// that another rule denied passes only if that rule has no match left. An event
// that was denied early may have had more matches, which nobody knows.
func (t *Traffic) Estimate(exclusions []*Exclusion, catalogue Catalogue, scoring replay.Scoring) Passing {
	shapes := t.settled()
	for _, e := range exclusions {
		alone, others := 0, map[int]int{}
		for _, s := range shapes {
			touched, passes, left := s.without([]*Exclusion{e}, catalogue, scoring)
			if !touched || !s.denied {
				continue
			}
			if passes {
				alone += s.events
			}
			for _, rule := range left {
				others[rule] += s.events
			}
		}
		e.Alone, e.Others = alone, nil
		for rule, events := range others {
			e.Others = append(e.Others, Other{rule, events})
		}
		slices.SortFunc(e.Others, func(a, b Other) int { return cmp.Or(b.Events-a.Events, a.Rule-b.Rule) })
	}
	var all Passing
	for _, s := range shapes {
		touched, passes, _ := s.without(exclusions, catalogue, scoring)
		switch {
		case !touched || !s.denied:
		case passes:
			all.Events += s.events
			all.Touched += s.events
		default:
			all.Denied += s.events
			all.Touched += s.events
		}
	}
	return all
}

// without tells whether exclusions take a match out of a shape, whether it passes
// then, and which rules still match.
func (s *shape) without(exclusions []*Exclusion, catalogue Catalogue, scoring replay.Scoring) (touched, passes bool, left []int) {
	in, out := s.in, s.out
	rules := map[int]bool{}
	for _, m := range s.rules {
		points := catalogue.points(m, scoring)
		taken := 0
		for _, variable := range m.variables {
			if excluded(exclusions, m.id, variable, s.path) {
				taken++
			}
		}
		whole := len(m.variables) == 0 && excluded(exclusions, m.id, "", s.path) ||
			taken > 0 && catalogue[m.id].first != nil // all of the chain is gone
		if whole {
			taken = 1
		}
		touched = touched || taken > 0
		if catalogue.outbound(m.id) {
			out -= taken * points
		} else {
			in -= taken * points
		}
		if !whole && (len(m.variables) == 0 || taken < len(m.variables)) {
			rules[m.id] = true
		}
	}
	switch s.by / 1000 {
	case 949:
		passes = in < scoring.Inbound
	case 959:
		passes = out < scoring.Outbound
	default:
		passes = !rules[s.by]
	}
	return touched, passes && touched, slices.Sorted(maps.Keys(rules))
}

func excluded(exclusions []*Exclusion, rule int, variable, path string) bool {
	return slices.ContainsFunc(exclusions, func(e *Exclusion) bool {
		return e.Rule == rule && e.at(path) && (e.Target == "" || e.Target == variable || covers(e.Target, variable))
	})
}
