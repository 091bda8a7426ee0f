package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/coreruleset/go-ftw/v2/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSuiteIsTheWholeOfCRS(t *testing.T) {
	suite, err := crsSuite()
	require.NoError(t, err)
	files, ids := map[string]bool{}, map[string]bool{}
	for _, one := range suite {
		files[one.file], ids[one.id] = true, true
		assert.NotEmpty(t, one.stages, one.id)
		for _, s := range one.stages {
			assert.NotEmpty(t, s.bytes, one.id)
		}
	}
	assert.Len(t, suite, 4674)
	assert.Len(t, ids, 4674, "each test has an ID of its own")
	assert.Len(t, files, 317, "CRS 4.25.0 has 318, of which 920539.yaml is commented out")
	assert.LessOrEqual(t, len(engineCauses), 10)
	for id := range engineCauses {
		assert.Contains(t, ids, id)
	}
}

const detecting = `SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecRule REQUEST_HEADERS:Referer "@contains evil" "id:1,phase:1,log,pass"
SecRule REQUEST_HEADERS:Connection "@contains odd" "id:2,phase:1,log,pass"`

// exchangeOf is an exchange of raw in which the upstream got raw without the
// fields in gone, and the filter logged what it should have for that.
func exchangeOf(t *testing.T, s *stock, h2 bool, raw string, expect []uint, gone ...string) *exchange {
	t.Helper()
	sent, err := parse([]byte(strings.ReplaceAll(raw, "\n", "\r\n") + "\r\n\r\n"))
	require.NoError(t, err)
	x := &exchange{id: "1-1", h2: h2, sent: sent, answer: answer{status: 200}}
	x.stage.expect.Log.ExpectIds = expect
	protocol, got := "HTTP/1.1", sent
	if h2 {
		x.fields = translate(sent)
		protocol, got = "HTTP/2", asH2(x.fields, sent.body)
	}
	for _, name := range gone {
		got = got.with(name, nil)
	}
	p := passage{line: streamLine{Status: 200, Details: "via_upstream", Protocol: protocol, Upstream: "127.0.0.1:1"},
		event:   &eventLine{ID: "T"},
		arrived: &arrival{request: got, reply: reflect("GET", "/", nil)}}
	for _, id := range s.find(got, protocol, p.arrived.reply).ids {
		p.event.Rules = append(p.event.Rules, struct {
			ID int `json:"id"`
		}{id})
	}
	x.streams = []passage{p}
	return x
}

func TestEachClassIsProven(t *testing.T) {
	s, err := newStock([]string{detecting})
	require.NoError(t, err)
	request := "GET / HTTP/1.1\nHost: a\nReferer: evil\nConnection: odd\nX-Z: 1"

	t.Run("matched", func(t *testing.T) {
		f := exchangeOf(t, s, false, request, []uint{1, 2}).judge(s)
		assert.Equal(t, matched, f.Class)
		assert.True(t, f.StockAgrees)
	})
	t.Run("a field that Envoy removed", func(t *testing.T) {
		f := exchangeOf(t, s, false, request, []uint{1}, "referer", "x-z").judge(s)
		assert.Equal(t, inexpressible, f.Class)
		assert.Equal(t, `Envoy gives its filters no field Referer: ["evil"]`, f.Cause, "and not what else was removed")
		assert.Equal(t, "GET / HTTP/1.1", f.Arrived.Line)
	})
	t.Run("a field that HTTP/2 does not have", func(t *testing.T) {
		f := exchangeOf(t, s, true, request, []uint{2}).judge(s)
		assert.Equal(t, inexpressible, f.Class)
		assert.Equal(t, `HTTP/2 has no field Connection: ["odd"]`, f.Cause)
	})
	t.Run("an expectation that stock does not meet fails unless it is named", func(t *testing.T) {
		x := exchangeOf(t, s, false, request, []uint{7})
		assert.Equal(t, failed, x.judge(s).Class)
		x.id = "922130-1"
		assert.Equal(t, engine, x.judge(s).Class)
	})
	t.Run("a test that is named and yet met by stock fails", func(t *testing.T) {
		x := exchangeOf(t, s, false, request, []uint{1})
		x.id, x.lines, x.stage.expect.Log.MatchRegex = "922130-1", []string{"another"}, `id "1"`
		assert.Equal(t, failed, x.judge(s).Class)
	})
	t.Run("a status that only CRS's web server answers", func(t *testing.T) {
		x := exchangeOf(t, s, false, request, nil)
		x.stage.expect.Status = 400
		assert.Equal(t, failed, x.judge(s).Class, "it is not named")
		x.id = "920270-4"
		assert.Equal(t, engine, x.judge(s).Class)
		x = exchangeOf(t, s, false, request, nil, "referer")
		x.id, x.stage.expect.Status = "920270-4", 400
		f := x.judge(s)
		assert.Equal(t, inexpressible, f.Class, "these are not the bytes for which it answers so")
		assert.Equal(t, `Envoy gives its filters no field Referer: ["evil"]`, f.Cause)
	})
	t.Run("a rule that is not logged only because of what Envoy removed", func(t *testing.T) {
		x := exchangeOf(t, s, false, request, nil, "referer")
		x.stage.expect.Status, x.stage.expect.Log.NoExpectIds = 400, []uint{1}
		assert.Equal(t, inexpressible, x.judge(s).Class)
	})
	t.Run("refused", func(t *testing.T) {
		x := exchangeOf(t, s, false, request, []uint{1})
		upstream := x.streams[0].arrived
		x.answer.status, x.streams[0] = 400, passage{line: streamLine{Status: 400, Details: "http1.codec_error"}}
		f := x.judge(s)
		assert.Equal(t, refused, f.Class)
		assert.Equal(t, "answered 400 http1.codec_error", f.Cause)
		x.streams[0].line.Upstream = "127.0.0.1:1"
		assert.Equal(t, failed, x.judge(s).Class, "Envoy chose an upstream")
		x.streams[0].line.Upstream, x.streams[0].arrived = "", upstream
		assert.Equal(t, failed, x.judge(s).Class, "the upstream saw it")
		x.answer.status, x.streams[0].arrived = 200, nil
		assert.Equal(t, failed, x.judge(s).Class, "that is no refusal")
		x.answer.status, x.streams[0].line.Details = 500, "dynamic_modules_filter_error"
		assert.Equal(t, failed, x.judge(s).Class, "that is the filter's own")
	})
}

func TestAFaultFailsATestWhateverItExpects(t *testing.T) {
	s, err := newStock([]string{detecting})
	require.NoError(t, err)
	const request = "POST / HTTP/1.1\nHost: a\nReferer: evil\nContent-Length: 0"
	for name, breaks := range map[string]func(*exchange){
		"a rule that the filter did not log": func(x *exchange) { x.streams[0].event.Rules = nil },
		"a request past the filter":          func(x *exchange) { x.streams[0].event = nil },
		"a request that went nowhere":        func(x *exchange) { x.streams[0].arrived = nil },
		"a part of a request":                func(x *exchange) { x.streams[0].arrived.request.complete = false },
		"another body":                       func(x *exchange) { x.sent.body = []byte("sent") },
		"a rule not logged of what followed it": func(x *exchange) {
			second := x.streams[0]
			second.event = &eventLine{ID: "U"}
			x.streams = append(x.streams, second)
		},
		"what followed it went past the filter": func(x *exchange) {
			second := x.streams[0]
			second.event = nil
			x.streams = append(x.streams, second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := exchangeOf(t, s, false, request, []uint{1})
			require.Equal(t, matched, x.judge(s).Class)
			breaks(x)
			assert.Equal(t, failed, x.judge(s).Class)
		})
	}
}

// What followed a test's request on its connection is another request: the rules
// that it matched are not the test's.
func TestOnlyTheFirstResponseIsTheTests(t *testing.T) {
	s, err := newStock([]string{detecting})
	require.NoError(t, err)
	x := exchangeOf(t, s, false, "GET / HTTP/1.1\nHost: a", []uint{1})
	x.streams = append(x.streams, exchangeOf(t, s, false, "GET / HTTP/1.1\nHost: a\nReferer: evil", nil).streams...)
	assert.Equal(t, []string{"rule 1 is not logged"}, x.judge(s).Unmet)
}

func TestPairJoinsByEnvoysRequestID(t *testing.T) {
	var line streamLine
	require.NoError(t, json.Unmarshal([]byte(`{"status":200,"request_id":"r1","upstream":null,"seawall":{"tx_id":"T"}}`), &line))
	r := &record{streams: []streamLine{line}, events: map[string]eventLine{"T": {ID: "T"}}}
	streams, err := pair(r, []arrival{{id: "r1"}})
	require.NoError(t, err)
	assert.Equal(t, "T", streams[0].event.ID)
	assert.Equal(t, "r1", streams[0].arrived.id)

	_, err = pair(r, []arrival{{id: "r1"}, {id: "r2"}})
	assert.ErrorContains(t, err, "not in the access log")
	r.events["U"] = eventLine{ID: "U"}
	_, err = pair(r, nil)
	assert.ErrorContains(t, err, "without metadata")
	_, err = pair(&record{}, nil)
	assert.ErrorContains(t, err, "no stream")
}

func TestCulpritsAreASmallestSet(t *testing.T) {
	before := message{headers: [][2]string{{"x-a", "1"}, {"x-b", "1"}, {"x-c", "1"}}}
	both := func(m message) bool { return m.get("x-a") == "" && m.get("x-c") == "" }
	assert.Equal(t, `no field x-a: ["1"], no field x-c: ["1"]`, culprits(before, message{}, both))
	either := func(m message) bool { return m.get("x-a") == "" || m.get("x-c") == "" }
	assert.Equal(t, `no field x-c: ["1"]`, culprits(before, message{}, either))
}

func TestFieldNamesInLogLinesHaveNoCase(t *testing.T) {
	var expect test.Output
	expect.Log.MatchRegex = `found within REQUEST_HEADERS:Referer: \$U`
	line := func(text string) findings { return findings{lines: []string{text}} }
	assert.Empty(t, line("found within REQUEST_HEADERS:referer: $U").unmet(expect))
	assert.NotEmpty(t, line("found within REQUEST_HEADERS:referer: $u").unmet(expect), "values have")
}

func TestARecordIsWholeOnlyWithItsEvents(t *testing.T) {
	j := newJournal()
	require.True(t, j.begin("40001"))
	assert.False(t, j.begin("40001"), "a port in use is not given out twice")
	j.line(`{"ftw":"stream","port":40001,"status":200,"details":"via_upstream","protocol":"HTTP/1.1","seawall":{"tx_id":"T"}}`)
	assert.False(t, j.records["40001"].whole())
	j.line(`{"ftw":"closed","port":40001}`)
	assert.False(t, j.records["40001"].whole(), "the event of T is missing")
	j.line(`[2026-01-01][1][warning][dynamic_modules] {"action":"pass","client":{"port":40001},"event":"seawall","rules":[{"id":5}],"tx_id":"T"}`)
	r, err := j.await("40001")
	require.NoError(t, err)
	assert.Equal(t, 5, r.events["T"].Rules[0].ID)
	assert.True(t, j.begin("40001"))
}
