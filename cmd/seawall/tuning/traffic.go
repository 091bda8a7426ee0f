// Package tuning finds, in what Seawall logged, which rules match on innocent
// requests; proposes rule exclusions; and proves them by replaying the Core Rule
// Set's own attacks.
//
//	Traffic    what a log's events have in common, in bounded memory
//	Propose    the exclusions that they speak for
//	Prove      the attacks that were blocked stay so; what opens one goes
//	Conf       the SecLang
package tuning

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/record"
)

// The bounds on memory, some 100 MB at most. Past them what was seen least is let
// go, and counted in Unkept.
const (
	mostShapes  = 50_000
	mostClients = 200_000
	mostMatches = 60 // of an event
)

// Traffic is what was seen. The zero value is ready.
type Traffic struct {
	Events, Denied int // Denied: or would have been
	OfScanners     int // events of clients that attack, which speak for nothing
	OfNothing      int // events at paths that the upstream does not have
	Unkept         int
	First, Last    time.Time // zero where no event has a time

	shapes  map[string]*shape
	clients map[uint64]*client
	places  places
	fields  fields
}

// A shape is what events have in common that are alike for tuning.
type shape struct {
	path    string // a pattern; "" where no rule could name it
	denied  bool
	by      int // the rule that denied
	in, out int // CRS's blocking scores
	rules   []matched
	events  int
	clients sketch
}

// matched is one rule of a shape.
type matched struct {
	id, phase         int
	severity, message string
	variables         []string // one for each match, as targetOf has them
}

type client struct {
	events   int
	families uint32 // bits by CRS's files of attacks
	scanner  bool
}

// attackFiles are CRS's files about attacks on an application, by the thousands of
// their rules. A client that matches in scannerFiles of them, or is a scanner by its
// own word (913), attacks.
var attackFiles = []int{921, 930, 931, 932, 933, 934, 941, 942, 943, 944}

const scannerFiles = 5

// Add takes an event in.
func (t *Traffic) Add(r *record.Record) {
	t.Events++
	if r.Denied() {
		t.Denied++
	}
	if !r.Time.IsZero() {
		if t.First.IsZero() || r.Time.Before(t.First) {
			t.First = r.Time
		}
		if r.Time.After(t.Last) {
			t.Last = r.Time
		}
	}
	who := hashOf(r.Client)
	if t.isScanner(who, r) {
		t.OfScanners++
		return
	}
	// Nothing that works there can break; and anybody can make up a path.
	if r.Status == http.StatusNotFound || r.Status == http.StatusGone {
		t.OfNothing++
		return
	}
	s := shapeOf(r)
	if len(s.rules) == 0 {
		return
	}
	if t.places == nil {
		t.places, t.fields = places{}, fields{}
	}
	s.path = t.places.take(s.path)
	t.fields.take(s)
	key := s.key()
	if known := t.shapes[key]; known != nil {
		s = known
	} else {
		if t.shapes == nil {
			t.shapes = map[string]*shape{}
		}
		t.makeRoom()
		t.shapes[key] = s
	}
	s.events++
	s.clients = s.clients.with(who)
}

func (t *Traffic) isScanner(who uint64, r *record.Record) bool {
	c := t.clients[who]
	if c == nil {
		if t.clients == nil {
			t.clients = map[uint64]*client{}
		}
		for least := 1; len(t.clients) >= mostClients; least *= 2 {
			maps.DeleteFunc(t.clients, func(_ uint64, c *client) bool { return !c.scanner && c.events <= least || least > t.Events })
		}
		c = &client{}
		t.clients[who] = c
	}
	c.events++
	for _, rule := range r.Rules {
		if i := slices.Index(attackFiles, rule.ID/1000); i >= 0 {
			c.families |= 1 << i
		}
		c.scanner = c.scanner || rule.ID/1000 == 913
	}
	c.scanner = c.scanner || bits.OnesCount32(c.families) >= scannerFiles
	return c.scanner
}

// makeRoom lets the rarest shapes go where there are too many.
func (t *Traffic) makeRoom() {
	for least := 1; len(t.shapes) >= mostShapes; least *= 2 {
		maps.DeleteFunc(t.shapes, func(_ string, s *shape) bool {
			if s.events > least {
				return false
			}
			t.Unkept += s.events
			return true
		})
	}
}

// shapeOf leaves out what decides only what others found: CRS's rules that add up.
func shapeOf(r *record.Record) *shape {
	s := &shape{denied: r.Denied(), by: r.Rule,
		in: r.Scores["blocking_inbound_anomaly_score"], out: r.Scores["blocking_outbound_anomaly_score"]}
	s.path = segmentsOf(r.Path)
	for _, rule := range r.Rules {
		if addsUp(rule.ID) || len(s.rules) == mostMatches {
			continue
		}
		m := matched{id: rule.ID, phase: rule.Phase, severity: rule.Severity, message: rule.Message}
		for _, on := range rule.Matched {
			m.variables = append(m.variables, cmp.Or(targetOf(on.Variable), unnamable))
		}
		slices.Sort(m.variables)
		s.rules = append(s.rules, m)
	}
	return s
}

// addsUp says that a rule of CRS counts what others found.
func addsUp(rule int) bool { return slices.Contains([]int{949, 959, 980}, rule/1000) }

func (s *shape) key() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %t %d %d %d", s.path, s.denied, s.by, s.in, s.out)
	for _, m := range s.rules {
		fmt.Fprintf(&b, " %d", m.id)
		for _, v := range m.variables {
			b.WriteByte('|')
			b.WriteString(v)
		}
	}
	return b.String()
}

// settled returns the shapes with their final paths, the most frequent first.
func (t *Traffic) settled() []*shape {
	seen := map[string]*tally{}
	widened := make(map[string]string, len(t.shapes))
	for _, s := range t.shapes {
		if s.path == "" {
			continue
		}
		path := t.places.widened(s.path) // it may have come before the evidence
		widened[s.path] = path
		if seen[path] == nil {
			seen[path] = &tally{}
		}
		seen[path].events += s.events
		seen[path].clients = seen[path].clients.and(s.clients)
	}
	into := merged(seen)
	byKey := map[string]*shape{}
	for _, s := range t.shapes {
		one := *s
		one.path, one.rules = into[widened[s.path]], t.fields.widened(s.rules)
		if same := byKey[one.key()]; same != nil {
			same.events += one.events
			same.clients = same.clients.and(one.clients)
			continue
		}
		one.clients = slices.Clone(s.clients)
		byKey[one.key()] = &one
	}
	all := slices.Collect(maps.Values(byKey))
	slices.SortFunc(all, func(a, b *shape) int {
		if a.events != b.events {
			return b.events - a.events
		}
		return strings.Compare(a.key(), b.key())
	})
	return all
}

// Scanners is how many clients attacked.
func (t *Traffic) Scanners() int {
	n := 0
	for _, c := range t.clients {
		if c.scanner {
			n++
		}
	}
	return n
}
