package bench

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// A Result is what one case cost. Maps are by the subject's name.
type Result struct {
	Name     string `json:"name"`
	Group    string `json:"group"`
	Rounds   int    `json:"rounds"`
	Requests int    `json:"requests_per_round"`
	// Differences counts exchanges that stock passed and Seawall denied, or the
	// other way round. It is 0, or the ratios mean nothing.
	Differences int                `json:"verdict_differences"`
	Denied      map[string]float64 `json:"denied_share"`
	Costs       map[string]Spread  `json:"ns_per_request"`
	Allocs      map[string]float64 `json:"allocs_per_request"` // medians
	Bytes       map[string]float64 `json:"bytes_per_request"`  // medians
	// Ratios are the subject's time over Seawall's with its screen on, taken
	// round by round.
	Ratios map[string]Spread `json:"ratio_to_on"`
}

// A Spread is a median and where the true one lies: with 95 % confidence, or,
// where rounds are too few for that, the extremes.
type Spread struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

func spreadOf(values []float64) Spread {
	sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
	s := benchmath.AssumeNothing.Summary(sample, 0.95)
	low, high := s.Lo, s.Hi
	if math.IsInf(low, 0) || math.IsInf(high, 0) {
		low, high = sample.Values[0], sample.Values[len(sample.Values)-1]
	}
	return Spread{Median: s.Center, Low: low, High: high}
}

type samples struct {
	of          *Case
	requests    int
	rounds      int
	differences int
	denials     map[string]int
	costs       map[string][]Cost // per request
}

func newSamples(c *Case) *samples {
	return &samples{of: c, costs: map[string][]Cost{}, denials: map[string]int{}}
}

func (s *samples) add(costs map[string]Cost, denied map[string][]bool, requests int) {
	s.rounds++
	s.requests = requests
	for name, cost := range costs {
		s.costs[name] = append(s.costs[name], cost.per(requests))
		for _, d := range denied[name] {
			if d {
				s.denials[name]++
			}
		}
	}
}

func (s *samples) result() *Result {
	r := &Result{
		Name: s.of.Name, Group: s.of.Group, Rounds: s.rounds, Requests: s.requests,
		Differences: s.differences,
		Denied:      map[string]float64{},
		Costs:       map[string]Spread{}, Ratios: map[string]Spread{},
		Allocs: map[string]float64{}, Bytes: map[string]float64{},
	}
	on := s.costs[On]
	for name, costs := range s.costs {
		var nanos, allocs, bytes, ratios []float64
		for i, c := range costs {
			nanos, allocs, bytes = append(nanos, c.Nanos), append(allocs, c.Allocs), append(bytes, c.Bytes)
			ratios = append(ratios, c.Nanos/max(on[i].Nanos, 1))
		}
		r.Costs[name], r.Ratios[name] = spreadOf(nanos), spreadOf(ratios)
		r.Denied[name] = float64(s.denials[name]) / float64(s.rounds*s.requests)
		r.Allocs[name], r.Bytes[name] = spreadOf(allocs).Median, spreadOf(bytes).Median
	}
	return r
}
