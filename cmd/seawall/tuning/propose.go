package tuning

import (
	"fmt"
	"slices"
)

// Limits say from when on matches speak for an innocent request.
type Limits struct {
	Events  int
	Clients int
}

// An Exclusion keeps one rule from looking at one target.
type Exclusion struct {
	Rule    int    `json:"rule"`
	Message string `json:"message"`
	Phase   int    `json:"phase"`
	// Target is "" where the events name none: then the whole rule is excluded.
	Target string `json:"target"`
	// Paths are patterns; none: everywhere.
	Paths   []string `json:"paths,omitempty"`
	Events  int      `json:"events"` // that it is proposed for
	Clients int      `json:"clients"`
	// Alone is how many events would no longer be denied with this exclusion alone.
	Alone int `json:"alone_lets_pass"`
	// Others are the rules that still match in the events that it concerns, with how
	// many.
	Others []Other `json:"other_rules,omitempty"`
	// Own and OwnBlocked: the rule's attacks of CRS's tests, sent to the excluded
	// place, and those that are blocked there all the same.
	Own        int `json:"own_attacks_there"`
	OwnBlocked int `json:"own_attacks_still_blocked_there"`
	// Narrowed says why the exclusion is narrower than the events would have it.
	Narrowed string `json:"narrowed,omitempty"`

	from *Cluster
}

// Other is a rule that still matches.
type Other struct {
	Rule   int `json:"rule"`
	Events int `json:"events"`
}

// Refused is a cluster that no exclusion is proposed for.
type Refused struct {
	*Cluster
	Reason string `json:"reason"`
}

// mostPaths is how many paths make an exclusion by path; ninety is the share of
// the events, in percent, that they must cover.
const (
	mostPaths = 4
	ninety    = 90
)

// Propose returns an exclusion for each cluster that looks innocent, and why there
// is none for each other one that was denied for.
func (t *Traffic) Propose(limits Limits, catalogue Catalogue) (proposed []*Exclusion, refused []Refused) {
	for _, c := range t.Clusters() {
		if !catalogue.narrows(c.Rule, c.Target) {
			continue // a later rule of a chain matched on it
		}
		e, reason := propose(c, limits)
		switch {
		case e != nil:
			proposed = append(proposed, e)
		case c.Denied > 0:
			refused = append(refused, Refused{c, reason})
		}
	}
	return proposed, refused
}

func propose(c *Cluster, limits Limits) (*Exclusion, string) {
	switch {
	case c.Denied == 0:
		return nil, "nothing was denied for it"
	case c.Target == unnamable:
		return nil, "what it matched on has no name, or one that SecLang must not carry, or is no part of the request"
	case c.Clients < limits.Clients, c.Events < limits.Events:
		return nil, fmt.Sprintf("too few to tell an error from an attack: %s of %s (--min-events %d, --min-clients %d)",
			count(c.Events, "event"), count(c.Clients, "client"), limits.Events, limits.Clients)
	}
	e := &Exclusion{Rule: c.Rule, Message: c.Message, Phase: c.Phase, Target: c.Target, Events: c.Events, Clients: c.Clients, from: c}
	paths, covered := c.dominant()
	if covered {
		e.Paths = paths
		return e, ""
	}
	why := c.notEverywhere(limits)
	switch {
	case why != "" && len(paths) == 0:
		return nil, "no path has many of its events; " + why
	case why != "":
		e.Paths = paths
		e.Narrowed = "to its most frequent paths: " + why
	}
	return e, ""
}

// notEverywhere says why an exclusion at all paths would be wider than what was seen;
// "" where it would not.
//
// A browser sends a cookie, and a header, with each request. A field of a query or a
// form belongs to the paths that it was seen at: whoever makes up paths would have it
// excluded at all those that there are. More than mostPaths must speak for it, each by
// as many clients as an exclusion needs.
func (c *Cluster) notEverywhere(limits Limits) string {
	if !isNamed(c.Target) {
		return "everywhere would switch the rule off"
	}
	known, speaking := 0, 0
	for _, p := range c.Paths {
		if p.Pattern == "" {
			continue
		}
		known += p.Events
		if p.clients >= limits.Clients {
			speaking++
		}
	}
	switch {
	case known*100 < c.Events*ninety:
		return "many are at paths that no rule could name"
	case everyRequests(c.Target), speaking > mostPaths:
		return ""
	}
	return fmt.Sprintf("everywhere needs more than %d paths of %s each", mostPaths, count(limits.Clients, "client"))
}

// dominant returns the paths with the most events, and whether they have almost
// all of them.
func (c *Cluster) dominant() (paths []string, almostAll bool) {
	sum := 0
	for _, p := range c.Paths {
		if len(paths) == mostPaths || p.Pattern == "" || p.Events*10 < c.Events {
			continue
		}
		paths = append(paths, p.Pattern)
		sum += p.Events
	}
	slices.Sort(paths)
	return paths, sum*100 >= c.Events*ninety
}

// at tells whether the exclusion holds at a path.
func (e *Exclusion) at(path string) bool {
	return len(e.Paths) == 0 || slices.ContainsFunc(e.Paths, func(p string) bool { return path != "" && fits(path, p) })
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%s %ss", Thousands(n), what)
}

// Thousands writes 12345 as 12,345.
func Thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
