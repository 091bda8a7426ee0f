package tuning

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A Cluster is the events in which one rule matched on one target.
type Cluster struct {
	Rule    int    `json:"rule"`
	Message string `json:"message"`
	Phase   int    `json:"phase"`
	Target  string `json:"target"` // "" where no event names one that a rule could
	Events  int    `json:"events"`
	Denied  int    `json:"denied"` // or would have been
	Clients int    `json:"clients"`
	Paths   []Path `json:"paths"` // the most frequent first

	who sketch
}

// A Path is where events were.
type Path struct {
	Pattern string `json:"pattern"` // "" where no rule could name it
	Events  int    `json:"events"`

	who     sketch
	clients int
}

// Clusters returns all clusters, those of the most clients first, then of the
// most events.
//
// What a client did before it was known to attack is among the events. A cluster of
// such clients alone is none, and they do not count among a cluster's clients.
func (t *Traffic) Clusters() []*Cluster {
	all := clustersOf(t.settled())
	for _, c := range all {
		c.Clients = t.innocent(c.who, c.Events)
		for i := range c.Paths {
			c.Paths[i].clients = t.innocent(c.Paths[i].who, c.Paths[i].Events)
		}
	}
	all = slices.DeleteFunc(all, func(c *Cluster) bool { return c.Clients == 0 })
	slices.SortFunc(all, func(a, b *Cluster) int {
		return cmp.Or(b.Clients-a.Clients, b.Events-a.Events, a.Rule-b.Rule, strings.Compare(a.Target, b.Target))
	})
	return all
}

// innocent is how many clients of some events do not attack.
func (t *Traffic) innocent(who sketch, events int) int {
	innocent := slices.DeleteFunc(slices.Clone(who), func(hash uint64) bool {
		known := t.clients[hash]
		return known != nil && known.scanner
	})
	// The sketch is a fair sample of the clients.
	return (min(who.count(), events)*len(innocent) + len(who) - 1) / len(who)
}

func clustersOf(shapes []*shape) []*Cluster {
	type key struct {
		rule   int
		target string
	}
	found, paths := map[key]*Cluster{}, map[key]map[string]*tally{}
	for _, s := range shapes {
		for _, m := range s.rules {
			variables := slices.Compact(slices.Clone(m.variables))
			if len(variables) == 0 {
				variables = []string{""}
			}
			for _, target := range variables {
				k := key{m.id, target}
				c := found[k]
				if c == nil {
					c = &Cluster{Rule: m.id, Message: m.message, Phase: m.phase, Target: target}
					found[k], paths[k] = c, map[string]*tally{}
				}
				c.Events += s.events
				if s.denied {
					c.Denied += s.events
				}
				c.who = c.who.and(s.clients)
				there := paths[k][s.path]
				if there == nil {
					there = &tally{}
					paths[k][s.path] = there
				}
				there.events += s.events
				there.clients = there.clients.and(s.clients)
			}
		}
	}
	all := slices.Collect(maps.Values(found))
	for _, c := range all {
		for pattern, there := range paths[key{c.Rule, c.Target}] {
			c.Paths = append(c.Paths, Path{Pattern: pattern, Events: there.events, who: there.clients})
		}
		slices.SortFunc(c.Paths, func(a, b Path) int {
			return cmp.Or(b.Events-a.Events, strings.Compare(a.Pattern, b.Pattern))
		})
	}
	return all
}
