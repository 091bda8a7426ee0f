package rollout

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/tuning"
)

// The verdicts.
const (
	Safe     = "safe"
	NotSafe  = "not safe"
	TooEarly = "too early"
	Enforces = "already enforces"
)

// A Report is what a log says about enforcing.
type Report struct {
	Verdict  string   `json:"verdict"`
	Sentence string   `json:"sentence"`
	Reasons  []string `json:"reasons"`

	Requests   int    `json:"requests,omitempty"` // lines of the access log; 0: the log has none
	Events     int    `json:"events"`             // exchanges in which a rule matched
	WouldDeny  int    `json:"would_deny"`
	Denied     int    `json:"denied"`
	Faults     int    `json:"faults"`
	OfScanners int    `json:"events_of_attacking_clients"`
	Scanners   int    `json:"attacking_clients"`
	First      string `json:"first,omitempty"` // RFC 3339; "" where no line has a time
	Last       string `json:"last,omitempty"`
	Threshold  int    `json:"inbound_threshold"`

	// Innocent are the places that look like errors of rules, not like attacks.
	Innocent []*tuning.Cluster `json:"looks_innocent"`
	Rules    []Count           `json:"rules"` // of denials, or what would have been some
	Paths    []Count           `json:"paths"`
	Clients  []Count           `json:"clients"`
	Scores   []Count           `json:"inbound_scores"` // of all events
	Over     string            `json:"over_time_by"`   // "hour" or "day"
	Time     []Slice           `json:"over_time"`
}

// Count is a number of events.
type Count struct {
	Name    string `json:"name"`
	Message string `json:"message,omitempty"` // of a rule
	Events  int    `json:"events"`
}

// Slice is an hour or a day.
type Slice struct {
	Begin    string `json:"begin"`
	Denied   int    `json:"denied"` // or would have been
	Others   int    `json:"other_events"`
	Requests int    `json:"requests,omitempty"`
}

const (
	tops = 10
	// enough is from when on a log says something, in requests or events, and in time.
	enough     = 1000
	enoughTime = 24 * time.Hour
	mostSlices = 90
)

// Report sums up. threshold is CRS's inbound one.
func (w *Watch) Report(threshold int) *Report {
	r := &Report{Requests: w.requests, Events: w.events, WouldDeny: w.wouldDeny, Denied: w.denied, Faults: w.faults,
		OfScanners: w.traffic.OfScanners, Scanners: w.traffic.Scanners(), Threshold: threshold,
		Innocent: []*tuning.Cluster{}, Scores: []Count{}, Time: []Slice{}, // [] in JSON, not null
		Rules: w.rules.top(tops), Paths: w.paths.top(tops), Clients: w.clients.top(tops)}
	for i := range r.Rules {
		id, _ := strconv.Atoi(r.Rules[i].Name)
		r.Rules[i].Message = w.messages[id]
	}
	if !w.first.IsZero() {
		r.First, r.Last = w.first.UTC().Format(time.RFC3339), w.last.UTC().Format(time.RFC3339)
	}
	for _, c := range w.traffic.Clusters() {
		if c.Denied > 0 && c.Clients >= w.Limits.Clients && c.Events >= w.Limits.Events {
			r.Innocent = append(r.Innocent, c)
		}
	}
	r.Scores = append(r.Scores, w.distribution(threshold)...)
	by, over := w.slices()
	r.Over, r.Time = by, append(r.Time, over...)
	r.judge(w.last.Sub(w.first))
	return r
}

// Finding tells whether there is something to do before or, where the policy
// enforces already, after.
func (r *Report) Finding() bool {
	return r.Verdict != Safe && (r.Verdict != Enforces || len(r.Innocent) > 0)
}

// distribution counts events by score, in steps of a critical match.
func (w *Watch) distribution(threshold int) []Count {
	const most = 40
	bins := map[int]int{}
	for score, n := range w.scores {
		bins[min(score/5*5, most)] += n
	}
	var all []Count
	for _, low := range slices.Sorted(maps.Keys(bins)) {
		name := fmt.Sprintf("%d to %d", low, low+4)
		if low == most {
			name = fmt.Sprintf("%d and more", low)
		}
		if low >= threshold {
			name += " (denied)"
		}
		all = append(all, Count{Name: name, Events: bins[low]})
	}
	return all
}

func (w *Watch) slices() (by string, all []Slice) {
	if len(w.hours) == 0 {
		return "", nil
	}
	by, size, layout := "hour", int64(1), "2006-01-02 15:04"
	if w.last.Sub(w.first) > 48*time.Hour {
		by, size, layout = "day", 24, time.DateOnly
	}
	sums := map[int64]moment{}
	for hour, m := range w.hours {
		s := sums[hour/size]
		sums[hour/size] = moment{s.denied + m.denied, s.others + m.others, s.requests + m.requests}
	}
	last := slices.Max(slices.Collect(maps.Keys(sums)))
	first := max(slices.Min(slices.Collect(maps.Keys(sums))), last-mostSlices+1)
	for at := first; at <= last; at++ { // the quiet ones as well
		s := sums[at]
		all = append(all, Slice{Begin: time.Unix(at*size*3600, 0).UTC().Format(layout), Denied: s.denied, Others: s.others, Requests: s.requests})
	}
	return by, all
}
