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

// exchangeOf is an exchange of raw in which the backend got raw without the
// fields in gone, and the filter logged what it should have for that.
func exchangeOf(t *testing.T, s *stock, h2 bool, raw string, expect []uint, gone ...string) *exchange {
	t.Helper()
	sent, err := parse([]byte(strings.ReplaceAll(raw, "\n", "\r\n") + "\r\n\r\n"))
	require.NoError(t, err)
	x := &exchange{id: "1-1", h2: h2, sent: sent, answer: answer{status: 200},
		record: &record{events: map[string]eventLine{}, closed: true}}
	x.stage.expect = test.Output{}
	x.stage.expect.Log.ExpectIds = expect
	protocol, got := "HTTP/1.1", sent
	if h2 {
		x.fields = translate(sent)
		protocol, got = "HTTP/2", asH2(x.fields, sent.body)
	}
	for _, name := range gone {
		got = got.with(name, nil)
	}
	got.version = ""
	x.arrived = &arrival{request: got, reply: reflect("GET", "/", nil)}
	x.observed = findings{ids: s.find(got, protocol, x.arrived.reply).ids}
	e := eventLine{ID: "T"}
	for _, id := range x.observed.ids {
		e.Rules = append(e.Rules, struct {
			ID int `json:"id"`
		}{id})
	}
	x.record.events["T"] = e
	var line streamLine
	require.NoError(t, json.Unmarshal([]byte(`{"status":200,"details":"via_upstream","protocol":"`+protocol+`","seawall":{"tx_id":"T"}}`), &line))
	x.record.streams = []streamLine{line}
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
		assert.Equal(t, refused, f.Class)
		assert.Equal(t, `Envoy let no filter see field Referer: ["evil"]`, f.Cause, "and not what else was removed")
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
	t.Run("a rule that the filter lost fails, expected or not", func(t *testing.T) {
		x := exchangeOf(t, s, false, request, nil)
		e := x.record.events["T"]
		e.Rules = e.Rules[1:]
		x.record.events["T"] = e
		assert.Equal(t, failed, x.judge(s).Class)
	})
	t.Run("an event without metadata fails", func(t *testing.T) {
		x := exchangeOf(t, s, false, request, []uint{1, 2})
		x.record.streams[0].Seawall = nil
		assert.Equal(t, failed, x.judge(s).Class)
	})
	t.Run("refused", func(t *testing.T) {
		x := exchangeOf(t, s, false, request, []uint{1})
		x.record = &record{streams: []streamLine{{Status: 400, Details: "http1.codec_error"}}, closed: true}
		x.answer.status = 400
		assert.Equal(t, failed, x.judge(s).Class, "the backend saw it")
		x.arrived = nil
		f := x.judge(s)
		assert.Equal(t, refused, f.Class)
		assert.Equal(t, "answered 400 http1.codec_error", f.Cause)
		x.answer.status = 200
		assert.Equal(t, failed, x.judge(s).Class, "that is no refusal")
		x.answer.status, x.record.streams[0].Details = 500, "dynamic_modules_filter_error"
		assert.Equal(t, failed, x.judge(s).Class, "that is the filter's own")
	})
}

func TestCulpritsAreASmallestSet(t *testing.T) {
	before := message{headers: [][2]string{{"x-a", "1"}, {"x-b", "1"}, {"x-c", "1"}}}
	both := func(m message) bool { return m.get("x-a") == "" && m.get("x-c") == "" }
	assert.Equal(t, `field x-a: ["1"], field x-c: ["1"]`, culprits(before, message{}, both))
	either := func(m message) bool { return m.get("x-a") == "" || m.get("x-c") == "" }
	assert.Equal(t, `field x-c: ["1"]`, culprits(before, message{}, either))
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

func TestAnyDriftFromThePinsIsReported(t *testing.T) {
	t.Setenv("ENVOY", "")
	t.Chdir("../..")
	drift, err := (&runSummary{Protocol: "h1"}).compare(options{envoy: pinnedEnvoy})
	require.NoError(t, err)
	assert.NotEmpty(t, drift, "nothing was seen of what is pinned")
}
