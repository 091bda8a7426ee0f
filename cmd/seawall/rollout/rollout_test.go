package rollout

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/cmd/seawall/record"
	"github.com/seawall-waf/seawall/cmd/seawall/tuning"
)

var begin = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

func denial(client, path string, at time.Time) *record.Record {
	return &record.Record{Action: "would_deny", Client: client, Method: "GET", Path: path, Time: at, Rule: 949110,
		Scores: map[string]int{"blocking_inbound_anomaly_score": 5},
		Rules:  []record.Rule{{ID: 942100, Phase: 2, Severity: "critical", Message: "SQL", Matched: []record.Target{{Variable: "ARGS:q"}}}, {ID: 949110}}}
}

func watched(requests int, span time.Duration, events ...*record.Record) *Watch {
	w := &Watch{Limits: tuning.Limits{Events: 10, Clients: 3}}
	for i := range requests {
		w.Access(record.Access{Time: begin.Add(span * time.Duration(i) / time.Duration(max(requests-1, 1)))})
	}
	for _, e := range events {
		w.Add(e)
	}
	return w
}

func TestTheVerdictIsCareful(t *testing.T) {
	var innocent, attacker []*record.Record
	for i := range 20 {
		innocent = append(innocent, denial(fmt.Sprint("192.0.2.", i), "/search", begin))
		attacker = append(attacker, denial("198.51.100.1", fmt.Sprint("/", i), begin))
	}
	enforced := func(of []*record.Record) (all []*record.Record) {
		for _, r := range of {
			denied := *r
			denied.Action = "deny"
			all = append(all, &denied)
		}
		return all
	}
	fault := &record.Record{Action: "fault", Client: "c", Time: begin}
	for name, tc := range map[string]struct {
		watch   *Watch
		verdict string
		says    string
	}{
		"nothing denied":           {watched(2000, 48*time.Hour), Safe, "nothing of this traffic"},
		"one client's":             {watched(2000, 48*time.Hour, attacker...), Safe, "looks like attacks"},
		"many clients at one spot": {watched(2000, 48*time.Hour, innocent...), NotSafe, "20 requests or more"},
		"few requests":             {watched(900, 48*time.Hour, attacker...), TooEarly, "too early"},
		"an hour":                  {watched(2000, time.Hour, attacker...), TooEarly, "too early"},
		"few, but many clients":    {watched(10, time.Hour, innocent...), NotSafe, "Do not enforce"},
		"enforced, attacks":        {watched(10, time.Hour, enforced(attacker)...), Enforces, "already enforces: what it denied, 20 requests"},
		"enforced, many clients":   {watched(10, time.Hour, enforced(innocent)...), Enforces, "20 requests or more were denied that look innocent"},
		"partly enforced":          {watched(10, time.Hour, append(enforced(attacker), attacker...)...), TooEarly, "too early"},
		"a fault":                  {watched(2000, 48*time.Hour, fault), Safe, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := tc.watch.Report(5)
			assert.Equal(t, tc.verdict, r.Verdict, "%s %q", r.Sentence, r.Reasons)
			assert.Contains(t, r.Sentence, tc.says)
			assert.Equal(t, tc.verdict == NotSafe || tc.verdict == TooEarly || name == "enforced, many clients", r.Finding())
			assert.NotEmpty(t, r.Reasons)
			if name == "a fault" {
				assert.Contains(t, r.Reasons[0], "1 request passed uninspected")
			}
		})
	}
}

func TestAReportCountsByRulePathClientScoreAndTime(t *testing.T) {
	var events []*record.Record
	for i := range 6 {
		events = append(events, denial("192.0.2.1", "/a", begin.Add(time.Duration(i)*24*time.Hour)))
	}
	events = append(events, denial("192.0.2.2", "/b", begin))
	events = append(events, &record.Record{Action: "pass", Client: "192.0.2.3", Path: "/c", Time: begin, Scores: map[string]int{"blocking_inbound_anomaly_score": 3}})
	r := watched(3, 5*24*time.Hour, events...).Report(5)
	assert.Equal(t, []Count{{Name: "942100", Message: "SQL", Events: 7}}, r.Rules, "949110 only adds up")
	assert.Equal(t, []Count{{Name: "GET /a", Events: 6}, {Name: "GET /b", Events: 1}}, r.Paths)
	assert.Equal(t, []Count{{Name: "192.0.2.1", Events: 6}, {Name: "192.0.2.2", Events: 1}}, r.Clients)
	assert.Equal(t, []Count{{Name: "0 to 4", Events: 1}, {Name: "5 to 9 (denied)", Events: 7}}, r.Scores)
	require.Len(t, r.Time, 6)
	assert.Equal(t, "day", r.Over)
	assert.Equal(t, Slice{Begin: "2026-11-20", Denied: 2, Others: 1, Requests: 1}, r.Time[0])
	assert.Equal(t, 8, r.Events)

	short := watched(0, 0, denial("c", "/", begin), denial("c", "/", begin.Add(3*time.Hour))).Report(5)
	assert.Equal(t, "hour", short.Over)
	assert.Len(t, short.Time, 4, "an hour without a denial is shown, too")
}

func TestThePageEscapesWhatAttackersWrote(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}`
	w := watched(0, 0)
	for i := range 12 {
		e := denial(fmt.Sprint(evil, i%4), "/"+evil, begin)
		e.Method = evil
		e.Rules[0].Message = evil
		e.Rules[0].Matched[0].Variable = "ARGS:" + evil
		w.Add(e)
		e = denial(fmt.Sprint(evil, i%4), "/"+evil, begin)
		e.Rules[0].Message = evil
		w.Add(e)
	}
	r := w.Report(5)
	require.Equal(t, NotSafe, r.Verdict)
	var page bytes.Buffer
	require.NoError(t, r.HTML(&page, begin))
	text := page.String()
	assert.NotContains(t, text, "<script")
	assert.NotContains(t, text, "<img")
	assert.NotContains(t, text, `"><`+"script")
	assert.Contains(t, text, "&lt;script&gt;alert(1)&lt;/script&gt;")
	assert.Contains(t, text, "<svg")
	// Each quote of an attribute is the template's own.
	for _, tag := range regexp.MustCompile(`<[a-z][^<>]*>`).FindAllString(text, -1) {
		assert.Zero(t, strings.Count(tag, `"`)%2, tag)
		assert.NotContains(t, tag, "onerror")
	}
}

// A name that turns the order of reading would make the page lie.
func TestThePageHasNothingThatDoesNotPrint(t *testing.T) {
	const evil = "/\x1b[31m\u202egnp.\u2066\u2028\u0085\u200b"
	w := watched(0, 0)
	for i := range 12 {
		e := denial(fmt.Sprint(evil, i%4), evil, begin)
		e.Rules[0].Message = evil
		e.Rules[0].Matched[0].Variable = "ARGS:" + evil
		w.Add(e)
	}
	var page bytes.Buffer
	require.NoError(t, w.Report(5).HTML(&page, begin))
	assert.Contains(t, page.String(), "/?[31m?gnp.")
	at := strings.IndexFunc(page.String(), func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' })
	assert.Negative(t, at, "%q", page.String()[max(at, 0):])
}

func TestThePageNeedsNothingFromElsewhere(t *testing.T) {
	var page bytes.Buffer
	require.NoError(t, watched(5, time.Hour, denial("c", "/", begin)).Report(5).HTML(&page, begin))
	assert.NotRegexp(t, `(?i)https?://|src=|href=|@import|url\(`, page.String())
	assert.Contains(t, page.String(), `default-src 'none'`)
	assert.NotContains(t, page.String(), "ZgotmplZ", "nothing was held back by the template's escaping")
}

func TestManyClientsAndPathsDoNotFillTheMemory(t *testing.T) {
	var names tally
	for i := range mostTexts * 2 {
		names.add(fmt.Sprint(i))
		names.add("frequent")
	}
	assert.LessOrEqual(t, len(names), mostTexts)
	assert.Equal(t, []Count{{Name: "frequent", Events: mostTexts * 2}}, names.top(1))
}
