package tuning

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/cmd/seawall/record"
	"github.com/seawall-waf/seawall/cmd/seawall/replay"
)

// event is one in which rules matched on one variable each: "942100 ARGS:q".
func event(client, path string, score, by int, rules ...string) *record.Record {
	r := &record.Record{Action: "would_deny", Client: client, Path: path, Rule: by, Scores: map[string]int{"blocking_inbound_anomaly_score": score}}
	for _, text := range rules {
		rule := record.Rule{Phase: 2, Severity: "critical", Message: "m"}
		var variable string
		_, _ = fmt.Sscan(text, &rule.ID, &variable)
		if variable != "" {
			rule.Matched = []record.Target{{Variable: variable}}
		}
		r.Rules = append(r.Rules, rule)
	}
	return r
}

// crs says of some rules what CatalogueOf finds in CRS.
var crs = Catalogue{942100: {level: 1}, 941100: {level: 1}, 942200: {level: 2}, 951100: {level: 1, answer: true},
	920180: {level: 1, first: []string{"REQUEST_METHOD"}}}

// made are n paths that begin alike.
func made(prefix string, n int) (paths []string) {
	for i := range n {
		paths = append(paths, fmt.Sprintf("%s%c%c", prefix, 'a'+i/26, 'a'+i%26))
	}
	return paths
}

var limits = Limits{Events: 3, Clients: 3}

func TestAnExclusionIsAsWideAsItsEvents(t *testing.T) {
	for name, tc := range map[string]struct {
		paths            []string // of an event each, from a client each
		rule             string
		target, narrowed string
		want             []string // nil: nothing; empty: everywhere
	}{
		"one path":                {[]string{"/a", "/a", "/a"}, "942100 ARGS:q", "ARGS:q", "", []string{"/a"}},
		"a few paths":             {[]string{"/a", "/a", "/b", "/b"}, "942100 ARGS:q", "ARGS:q", "", []string{"/a", "/b"}},
		"identifiers":             {[]string{"/u/1", "/u/2", "/u/3"}, "942100 ARGS:q", "ARGS:q", "", []string{"/u/{number}"}},
		"everywhere":              {slices.Repeat([]string{"/a", "/b", "/c", "/d", "/e", "/f"}, 3), "942100 ARGS:q", "ARGS:q", "", []string{}},
		"paths of a client each":  {[]string{"/a", "/b", "/c", "/d", "/e", "/f"}, "942100 ARGS:q", "ARGS:q", "everywhere needs more than 4 paths of 3 clients each", []string{"/a", "/b", "/c", "/d"}},
		"made up paths":           {made("/x", 60), "942100 ARGS:q", "", "", nil},
		"made up odd paths":       {made("/x;", 60), "942100 ARGS:q", "", "", nil},
		"odd paths, a cookie":     {made("/x;", 60), "942100 REQUEST_COOKIES:theme", "", "", nil},
		"a cookie":                {made("/x", 60), "942100 REQUEST_COOKIES:theme", "REQUEST_COOKIES:theme", "", []string{}},
		"odd paths and one":       {append(made("/x;", 6), "/a", "/a", "/a"), "942100 ARGS:q", "ARGS:q", "many are at paths that no rule could name", []string{"/a"}},
		"everywhere, whole kinds": {[]string{"/a", "/b", "/c", "/d", "/e", "/f"}, "942100 REQUEST_BODY", "REQUEST_BODY", "to its most", []string{"/a", "/b", "/c", "/d"}},
		"too few":                 {[]string{"/a", "/a"}, "942100 ARGS:q", "", "", nil},
		"no target known":         {[]string{"/a", "/a", "/a"}, "942100", "", "", []string{"/a"}},
		"an attacker's name":      {[]string{"/a", "/a", "/a"}, `942100 ARGS:a",pass`, "", "", nil},
		"an empty name":           {[]string{"/a", "/a", "/a"}, "942100 ARGS", "", "", nil},
		"a cookie of empty name":  {[]string{"/a", "/a", "/a"}, "942100 REQUEST_COOKIES", "", "", nil},
		"a part of XML":           {[]string{"/a", "/a", "/a"}, "942100 XML:/*", "", "", nil},
		"CRS's sum":               {[]string{"/a", "/a", "/a"}, "949110 TX:x", "", "", nil},
		"a chain's later rule":    {[]string{"/a", "/a", "/a"}, "920180 REQUEST_HEADERS:content-length", "", "", nil},
		"a chain's first rule":    {[]string{"/a", "/a", "/a"}, "920180 REQUEST_METHOD", "REQUEST_METHOD", "", []string{"/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			traffic := &Traffic{}
			for i, path := range tc.paths {
				traffic.Add(event(fmt.Sprint("192.0.2.", i), path, 5, 949110, tc.rule))
			}
			proposed, _ := traffic.Propose(limits, crs)
			if tc.want == nil {
				assert.Empty(t, proposed)
				return
			}
			require.Len(t, proposed, 1)
			assert.Equal(t, tc.target, proposed[0].Target)
			assert.Equal(t, tc.want, append([]string{}, proposed[0].Paths...))
			assert.Contains(t, proposed[0].Narrowed, tc.narrowed)
		})
	}
}

func TestWhatHasNoNameIsLeftOutForThatReason(t *testing.T) {
	traffic := &Traffic{}
	for i := range 15 {
		traffic.Add(event(fmt.Sprint("192.0.2.", i), "/search", 5, 949110, "942100 ARGS"))
	}
	proposed, refused := traffic.Propose(limits, crs)
	assert.Empty(t, proposed)
	require.Len(t, refused, 1)
	assert.Equal(t, 15, refused[0].Events)
	assert.Contains(t, refused[0].Reason, "no name")
}

func TestANumberInANameIsWidenedOnlyWhereSeveralStood(t *testing.T) {
	for name, tc := range map[string]struct {
		names []string // of an event each, again and again
		want  []string
	}{
		"one":          {[]string{"1"}, []string{"ARGS:1"}},
		"two":          {[]string{"1", "2"}, []string{"ARGS:1", "ARGS:2"}},
		"three":        {[]string{"1", "2", "3"}, []string{`ARGS:/^\d+$/`}},
		"of JSON":      {[]string{"json.a.1.b", "json.a.2.b", "json.a.3.b"}, []string{`ARGS:/^json\.a\.\d+\.b$/`}},
		"one of JSON":  {[]string{"json.a.1.B"}, []string{"ARGS:json.a.1.B"}},
		"other places": {[]string{"a.1", "b.2", "c.3"}, []string{"ARGS:a.1", "ARGS:b.2", "ARGS:c.3"}},
	} {
		t.Run(name, func(t *testing.T) {
			traffic := &Traffic{}
			for i := range 15 {
				traffic.Add(event(fmt.Sprint("192.0.2.", i), "/a", 5, 949110, "942100 ARGS:"+tc.names[i%len(tc.names)]))
			}
			proposed, _ := traffic.Propose(limits, crs)
			var got []string
			events := 0
			for _, e := range proposed {
				got = append(got, e.Target)
				events += e.Events
			}
			assert.ElementsMatch(t, tc.want, got)
			assert.Equal(t, 15, events, "those before the evidence, too")
			assert.Equal(t, 15, traffic.Estimate(proposed, crs, replay.CRSScoring()).Events)
		})
	}
}

func TestAttackersSpeakForNothing(t *testing.T) {
	traffic := &Traffic{}
	for i := range 10 {
		traffic.Add(event("scanner", "/a", 10, 949110, "913100 REQUEST_HEADERS:user-agent", "942100 ARGS:q"))
		traffic.Add(event("busy", "/b", 5, 949110, fmt.Sprint([]int{942100, 941100, 932100, 933100, 930100}[i%5], " ARGS:q")))
		traffic.Add(event("innocent", "/b", 10, 949110, "942100 ARGS:q", "941100 ARGS:q"))
	}
	assert.Equal(t, 2, traffic.Scanners())
	assert.Equal(t, 10+6, traffic.OfScanners, "of the busy one all from the fifth class on")
	for _, c := range traffic.Clusters() {
		assert.Equal(t, 1, c.Clients, "what the busy one did before is left out: %d %v", c.Rule, c)
		assert.Contains(t, []int{942100, 941100}, c.Rule)
	}
}

func TestAPathThatTheUpstreamDoesNotHaveSpeaksForNothing(t *testing.T) {
	traffic := &Traffic{}
	for i := range 10 {
		r := event(fmt.Sprint("192.0.2.", i), "/made-up", 5, 949110, "942100 ARGS:q")
		r.Status = 404
		traffic.Add(r)
	}
	assert.Equal(t, 10, traffic.OfNothing)
	assert.Empty(t, traffic.Clusters())
}

func TestVariedTrafficDoesNotFillTheMemory(t *testing.T) {
	traffic := &Traffic{}
	for i := range mostShapes + 20_000 {
		traffic.Add(event(fmt.Sprint(i), fmt.Sprintf("/a-%d", i), 5, 949110, fmt.Sprintf("942100 ARGS:x%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26)))
		if i%4 == 0 {
			traffic.Add(event("192.0.2.1", "/search", 5, 949110, "942100 ARGS:q"))
		}
	}
	assert.LessOrEqual(t, len(traffic.shapes), mostShapes)
	assert.Positive(t, traffic.Unkept, "what is let go is counted")
	assert.Equal(t, "ARGS:q", mostEvents(traffic).Target, "what is frequent is kept")

	for i := range mostClients + 10 {
		traffic.isScanner(hashOf(fmt.Sprint("client", i)), &record.Record{})
	}
	assert.LessOrEqual(t, len(traffic.clients), mostClients)
}

func mostEvents(traffic *Traffic) *Cluster {
	var most *Cluster
	for _, c := range traffic.Clusters() {
		if most == nil || c.Events > most.Events {
			most = c
		}
	}
	return most
}

func TestWhatAnExclusionLetsPassIsCRSsArithmetic(t *testing.T) {
	exclusion := func(rule int, target string, paths ...string) *Exclusion {
		return &Exclusion{Rule: rule, Target: target, Paths: paths}
	}
	q := exclusion(942100, "ARGS:q", "/a")
	for name, tc := range map[string]struct {
		event  *record.Record
		with   []*Exclusion
		passes int
	}{
		"its only match":         {event("c", "/a", 5, 949110, "942100 ARGS:q"), []*Exclusion{q}, 1},
		"another target":         {event("c", "/a", 5, 949110, "942100 ARGS:r"), []*Exclusion{q}, 0},
		"another path":           {event("c", "/b", 5, 949110, "942100 ARGS:q"), []*Exclusion{q}, 0},
		"another rule besides":   {event("c", "/a", 10, 949110, "942100 ARGS:q", "941100 ARGS:q"), []*Exclusion{q}, 0},
		"both rules excluded":    {event("c", "/a", 10, 949110, "942100 ARGS:q", "941100 ARGS:q"), []*Exclusion{q, exclusion(941100, "ARGS:q")}, 1},
		"a level that detects":   {event("c", "/a", 5, 949110, "942200 ARGS:q"), []*Exclusion{exclusion(942200, "ARGS:q")}, 0},
		"denied by its own rule": {event("c", "/a", 0, 100, "100 ARGS:q"), []*Exclusion{exclusion(100, "ARGS:q")}, 1},
		"denied by another":      {event("c", "/a", 5, 100, "942100 ARGS:q", "100 ARGS:q"), []*Exclusion{q}, 0},
		"the whole rule":         {event("c", "/a", 5, 949110, "942100"), []*Exclusion{exclusion(942100, "", "/a")}, 1},
		"a whole chain":          {event("c", "/a", 5, 949110, "920180 REQUEST_METHOD"), []*Exclusion{exclusion(920180, "REQUEST_METHOD", "/a")}, 1},
		"matched in a pattern":   {event("c", "/a", 5, 949110, "942100 ARGS:json.7.x"), []*Exclusion{exclusion(942100, `ARGS:/^json\.\d+\.x$/`)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			traffic := &Traffic{}
			traffic.Add(tc.event)
			assert.Equal(t, tc.passes, traffic.Estimate(tc.with, crs, replay.CRSScoring()).Events)
		})
	}
}
