// Package rollout answers whether a policy that only detects could be enforced, from
// what it logged.
//
//	Watch   what is counted, in bounded memory
//	Report  the verdict, its reasons, and the numbers; as text, JSON or a page
package rollout

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/record"
	"github.com/seawall-waf/seawall/cmd/seawall/tuning"
)

// Watch counts. The zero value is ready.
type Watch struct {
	Limits  tuning.Limits
	traffic tuning.Traffic

	events, wouldDeny, denied, faults int
	requests                          int // lines of the access log
	first, last                       time.Time
	hours                             map[int64]*moment
	rules, paths, clients             tally
	messages                          map[int]string
	scores                            map[int]int // of events, by the inbound score
}

type moment struct{ denied, others, requests int }

// Add takes an event in.
func (w *Watch) Add(r *record.Record) {
	w.traffic.Add(r)
	w.events++
	switch r.Action {
	case "would_deny":
		w.wouldDeny++
	case "deny":
		w.denied++
	case "fault":
		w.faults++
	}
	if m := w.moment(r.Time); m != nil {
		if r.Denied() {
			m.denied++
		} else {
			m.others++
		}
	}
	if w.scores == nil {
		w.scores, w.messages = map[int]int{}, map[int]string{}
	}
	w.scores[min(r.Scores["blocking_inbound_anomaly_score"], 1000)]++
	if !r.Denied() {
		return
	}
	w.clients.add(r.Client)
	w.paths.add(r.Method + " " + r.Path)
	for _, rule := range r.Rules {
		if rule.ID/1000 != 949 && rule.ID/1000 != 959 && rule.ID/1000 != 980 { // they add up
			w.rules.add(strconv.Itoa(rule.ID))
			w.messages[rule.ID] = rule.Message
		}
	}
}

// Access takes a line of the access log in: how many requests there were at all.
func (w *Watch) Access(a record.Access) {
	w.requests++
	if m := w.moment(a.Time); m != nil {
		m.requests++
	}
}

// mostHours bounds the memory: over two years.
const mostHours = 20_000

func (w *Watch) moment(at time.Time) *moment {
	if at.IsZero() {
		return nil
	}
	if w.first.IsZero() || at.Before(w.first) {
		w.first = at
	}
	if at.After(w.last) {
		w.last = at
	}
	hour := at.Unix() / 3600
	m := w.hours[hour]
	if m == nil {
		if w.hours == nil {
			w.hours = map[int64]*moment{}
		}
		if len(w.hours) == mostHours {
			return nil
		}
		m = &moment{}
		w.hours[hour] = m
	}
	return m
}

// tally counts texts that clients choose: past mostTexts those seen least are let go.
type tally map[string]int

const mostTexts = 50_000

func (t *tally) add(text string) {
	if *t == nil {
		*t = tally{}
	}
	for least := 1; len(*t) >= mostTexts; least *= 2 {
		maps.DeleteFunc(*t, func(_ string, n int) bool { return n <= least })
	}
	(*t)[text]++
}

// top returns the most frequent.
func (t tally) top(n int) []Count {
	all := make([]Count, 0, len(t))
	for text, count := range t {
		all = append(all, Count{Name: text, Events: count})
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(b.Events-a.Events, strings.Compare(a.Name, b.Name)) })
	return all[:min(n, len(all))]
}
