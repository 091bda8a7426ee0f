package golang

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/seawall-waf/seawall/filter"
)

// body drives one direction's headers, chunks and end through the fake.
type body struct {
	chunks    []string
	trailers  bool   // ended by trailers instead of end_stream
	emptyLast bool   // ended by an empty DATA frame
	says      string // the value of the trailer x-trailer
}

func (b body) send(d *fakeDirection, head *fakeHeaders) {
	d.sendHeaders(head, len(b.chunks) == 0 && !b.trailers && !b.emptyLast)
	for i, chunk := range b.chunks {
		d.sendData(chunk, i == len(b.chunks)-1 && !b.trailers && !b.emptyLast)
	}
	switch {
	case b.trailers:
		d.sendTrailers(headerMap("x-trailer", b.says))
	case b.emptyLast:
		d.sendData("", true)
	}
}

func (b body) whole() string { return strings.Join(b.chunks, "") }

// settle runs the worker until the direction has gone on or been answered.
func (s *fakeStream) settle(d *fakeDirection) {
	for !d.got.ended && s.reply == nil {
		s.await()
	}
	s.turn()
}

var placements = []struct {
	name string
	doc  func(testing.TB) *anypb.Any
}{{"in place", inPlace}, {"offloaded", offloaded}}

func TestHeldBodiesComeOutByteForByte(t *testing.T) {
	for _, place := range placements {
		t.Run(place.name, func(t *testing.T) {
			config := parsed(t, place.doc(t), newStats())
			random := rand.New(rand.NewPCG(1, 2))
			for i := range 300 {
				request, response_ := randomBody(random), randomBody(random)
				s := newStream(t, config)
				request.send(s.request, post("/"))
				s.settle(s.request)
				require.Nil(t, s.reply)
				require.Equal(t, request.whole(), string(s.request.got.body), "request %d: %+v", i, request)
				require.Equal(t, request.trailers, s.request.got.trailers)

				response_.send(s.response, response(200))
				s.settle(s.response)
				require.Nil(t, s.reply)
				require.Equal(t, response_.whole(), string(s.response.got.body), "response %d: %+v", i, response_)
				require.Equal(t, response_.trailers, s.response.got.trailers)
				s.finish()
			}
		})
	}
}

func randomBody(random *rand.Rand) body {
	b := body{trailers: random.IntN(2) == 0, emptyLast: random.IntN(3) == 0, says: "fine"}
	for range random.IntN(6) {
		size := []int{0, 1, 7, 1000, 70000}[random.IntN(5)]
		b.chunks = append(b.chunks, strings.Repeat(string(rune('a'+random.IntN(26))), size))
	}
	return b
}

func TestNothingGoesOnBeforeTheVerdict(t *testing.T) {
	s := newStream(t, parsed(t, inPlace(t), newStats()))
	s.request.sendHeaders(post("/"), false)
	s.request.sendData("some", false)
	s.request.sendData("thing", false)
	assert.Equal(t, forwarded{}, s.request.got)
	s.request.sendTrailers(headerMap("x-trailer", "fine"))
	assert.Equal(t, forwarded{headers: true, trailers: true, ended: true, body: []byte("something")}, s.request.got)
	s.finish()
}

func TestEveryPhaseDenies(t *testing.T) {
	evil := body{chunks: []string{"an ev", "", "il body"}}
	fine := body{chunks: []string{"fine"}}
	withTrailers := func(b body) body { b.trailers, b.says = true, "fine"; return b }
	for _, tc := range []struct {
		name              string
		path              string
		request, response body
		responseSays      string
		rule, status      int
		inResponse        bool
	}{
		{name: "phase 1 without a body", path: "/?a=evil", rule: 101, status: 403},
		{name: "phase 1 before a body", path: "/?a=evil", request: fine, rule: 101, status: 403},
		{name: "phase 2 at end_stream", path: "/", request: evil, rule: 102, status: 403},
		{name: "phase 2 at an empty frame", path: "/", request: body{chunks: evil.chunks, emptyLast: true}, rule: 102, status: 403},
		{name: "phase 2 at trailers", path: "/", request: withTrailers(evil), rule: 102, status: 403},
		{name: "phase 2 in trailers", path: "/", request: body{chunks: fine.chunks, trailers: true, says: "evil"}, rule: 106, status: 403},
		{name: "phase 2 in trailers without data", path: "/", request: body{trailers: true, says: "evil"}, rule: 106, status: 403},
		{name: "phase 3", path: "/", request: fine, response: fine, responseSays: "evil", rule: 103, status: 502, inResponse: true},
		{name: "phase 3 without a body", path: "/", responseSays: "evil", rule: 103, status: 502, inResponse: true},
		{name: "phase 4 at end_stream", path: "/", response: evil, rule: 104, status: 502, inResponse: true},
		{name: "phase 4 at trailers", path: "/", request: withTrailers(fine), response: withTrailers(evil), rule: 104, status: 502, inResponse: true},
	} {
		for _, place := range placements {
			t.Run(tc.name+"/"+place.name, func(t *testing.T) {
				stats := newStats()
				s := newStream(t, parsed(t, place.doc(t), stats))
				tc.request.send(s.request, post(tc.path))
				s.settle(s.request)
				if tc.inResponse {
					require.Nil(t, s.reply)
					require.True(t, s.request.got.ended)
					tc.response.send(s.response, response(200, "x-says", tc.responseSays))
					s.settle(s.response)
					assert.False(t, s.response.got.headers, "nothing of the response may reach the client")
				} else {
					assert.Equal(t, forwarded{}, s.request.got, "nothing of the request may go upstream")
					assert.True(t, s.response.got.ended, "the reply passes the encode callbacks untouched")
					assert.Equal(t, s.reply.body, string(s.response.got.body))
				}
				require.NotNil(t, s.reply)
				assert.Equal(t, tc.status, s.reply.status)
				assert.Equal(t, fmt.Sprintf("seawall_denied{%d}", tc.rule), s.reply.details)
				assert.NotEmpty(t, s.reply.headers["x-seawall-id"])
				assert.False(t, s.reset)

				// What the client still sends reaches nobody.
				if !tc.inResponse && len(tc.request.chunks) > 0 && !tc.request.trailers {
					s.request.sendData("late", true)
					assert.Equal(t, forwarded{}, s.request.got)
				}
				s.finish()
				assert.EqualValues(t, 1, stats.value("seawall.denied.policy.default"))
				assert.Equal(t, "deny", s.info.metadata["seawall/action"])
			})
		}
	}
}

// While Go is busy contrib keeps what arrives; all of it comes out after.
func TestWhatArrivesDuringAnEvaluationIsKept(t *testing.T) {
	partial := strings.Replace(testDirectives, "SecRequestBodyLimit 10485760",
		"SecRequestBodyLimit 10\nSecRequestBodyLimitAction ProcessPartial", 1)
	doc := bodies(1)
	doc["directives"] = partial
	config := parsed(t, with(t, doc), newStats())
	for _, tc := range []struct {
		name  string
		later func(*fakeDirection)
		want  string
	}{
		{"data and end", func(d *fakeDirection) { d.sendData("-late", false); d.sendData("-last", true) }, "0123456789-late-last"},
		{"empty end", func(d *fakeDirection) { d.sendData("", true) }, "0123456789"},
		{"data and trailers", func(d *fakeDirection) { d.sendData("-late", false); d.sendTrailers(headerMap()) }, "0123456789-late"},
		{"trailers", func(d *fakeDirection) { d.sendTrailers(headerMap()) }, "0123456789"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newStream(t, config)
			s.request.sendHeaders(post("/"), false)
			s.request.sendData("0123456789", false)
			require.Equal(t, processingData, s.request.now(), "the limit was reached: the body is evaluated")
			tc.later(s.request)
			assert.Equal(t, forwarded{}, s.request.got)
			s.settle(s.request)
			require.Nil(t, s.reply)
			assert.Equal(t, tc.want, string(s.request.got.body))
			s.finish()
		})
	}
}

func TestEvaluationOfALargeHead(t *testing.T) {
	config := parsed(t, offloaded(t), newStats())
	for path, denied := range map[string]bool{"/?a=fine": false, "/?a=evil": true} {
		s := newStream(t, config)
		s.request.sendHeaders(get(path, "x-drop", "0"), true)
		s.settle(s.request)
		assert.Equal(t, denied, s.reply != nil)
		assert.Equal(t, !denied, s.request.got.ended)
		s.finish()
	}
}

// A client that goes away during an evaluation: nothing panics, nothing leaks
// (TestMain), the event is written.
func TestStreamEndsDuringAnEvaluation(t *testing.T) {
	config := parsed(t, offloaded(t), newStats())
	for range 200 {
		s := newStream(t, config)
		s.request.sendHeaders(post("/"), false)
		s.request.sendData(strings.Repeat("evil ", 2000), true)
		s.finish()
		s.turn()
		assert.Equal(t, forwarded{}, s.request.got)
		assert.Nil(t, s.reply)
	}
}

func TestRepliesOfEnvoyPass(t *testing.T) {
	config := parsed(t, inPlace(t), newStats())
	t.Run("before the request was seen", func(t *testing.T) {
		s := newStream(t, config)
		s.localReply(431, "evil is too large")
		assert.Equal(t, "evil is too large", string(s.response.got.body))
		assert.True(t, s.response.got.ended)
		s.finish()
	})
	t.Run("while the request is held", func(t *testing.T) {
		s := newStream(t, config)
		s.request.sendHeaders(post("/"), false)
		s.request.sendData("some", false)
		s.localReply(408, "evil took too long")
		assert.Equal(t, "evil took too long", string(s.response.got.body))
		assert.Equal(t, forwarded{}, s.request.got)
		s.finish()
	})
	t.Run("with trailers", func(t *testing.T) {
		s := newStream(t, config)
		body{chunks: []string{"evil"}, trailers: true}.send(s.response, response(503))
		assert.True(t, s.response.got.trailers)
		s.finish()
	})
	t.Run("while the request is evaluated", func(t *testing.T) {
		s := newStream(t, parsed(t, offloaded(t), newStats()))
		s.request.sendHeaders(post("/"), false)
		s.request.sendData("evil", true)
		s.localReply(408, "too long")
		assert.Equal(t, "too long", string(s.response.got.body))
		s.await()
		assert.Equal(t, "too long", string(s.response.got.body), "one response is enough")
		s.finish()
	})
}

func TestDeniedGRPCNeverSaysSuccess(t *testing.T) {
	config := parsed(t, inPlace(t), newStats())
	for contentType, want := range map[string]int64{"application/grpc": 7, "text/plain": 2} {
		s := newStream(t, config)
		h := get("/?a=evil")
		h.values["content-type"] = []string{contentType}
		s.request.sendHeaders(h, false)
		s.turn()
		require.NotNil(t, s.reply)
		assert.Equal(t, want, s.reply.grpcStatus, contentType)
		s.finish()
	}
}

func TestDropClosesTheConnection(t *testing.T) {
	config := parsed(t, inPlace(t), newStats())
	for value, drained := range map[string]bool{"0": false, "1": true} {
		s := newStream(t, config)
		s.request.sendHeaders(get("/", "x-drop", value), true)
		s.turn()
		assert.Equal(t, drained, s.info.drained)
		assert.Equal(t, drained, s.reply != nil)
		s.finish()
	}
}

func TestClientWithoutAnAddressIsNotLocalhost(t *testing.T) {
	config := parsed(t, inPlace(t), newStats())
	for address, denied := range map[string]bool{"127.0.0.1:9": true, "[::ffff:127.0.0.1]:9": true, "192.0.2.7:9": false, "/tmp/envoy.sock": false, "": false} {
		s := newStream(t, config)
		s.info.remote = address
		s.request.sendHeaders(get("/"), true)
		s.turn()
		assert.Equal(t, denied, s.reply != nil, address)
		s.finish()
	}
}

func TestCountersThatPanicChangeNoVerdict(t *testing.T) {
	stats := newStats()
	config := parsed(t, inPlace(t), stats)
	stats.broken = true
	for path, denied := range map[string]bool{"/": false, "/?a=evil": true} {
		s := newStream(t, config)
		s.request.sendHeaders(get(path), true)
		s.turn()
		assert.Equal(t, denied, s.reply != nil)
		s.finish()
	}
}

func TestEndOfTheStreamClosesItsTransaction(t *testing.T) {
	stats := newStats()
	s := newStream(t, parsed(t, inPlace(t), stats))
	s.request.sendHeaders(get("/"), true)
	s.finish()
	assert.EqualValues(t, 1, stats.value("seawall.transactions"))
	assert.EqualValues(t, 1, stats.value("seawall.duration_us_count"))
}

func TestVerdictsAsStatuses(t *testing.T) {
	reply := &filter.Reply{Status: 403, Headers: [][2]string{{"x", "1"}, {"x", "2"}}, Body: []byte("no"), GRPCStatus: -1, Details: "why"}
	for _, tc := range []struct {
		name                     string
		verdict                  filter.Verdict
		endStream                bool
		headers, data, trailers_ api.StatusType
	}{
		{"continue", filter.Verdict{}, false, api.Continue, api.Continue, api.Continue},
		{"hold", filter.Verdict{Action: filter.Hold}, false, api.StopAndBufferWatermark, api.StopNoBuffer, api.LocalReply},
		{"hold after a reply", filter.Verdict{Action: filter.Hold}, true, api.LocalReply, api.LocalReply, api.LocalReply},
		{"wait for a running evaluation", filter.Verdict{Action: filter.Wait}, true, api.Running, api.Running, api.Running},
		{"deny", filter.Verdict{Action: filter.Deny, Reply: reply}, true, api.LocalReply, api.LocalReply, api.LocalReply},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fake := newStream(t, &config{})
			s := fake.filter.(*stream)
			fake.request.set(processingHeader)
			buffer := &fakeBuffer{data: []byte("kept")}
			assert.Equal(t, tc.headers, s.headers(tc.verdict, s.decoder(), tc.endStream))
			assert.Equal(t, tc.data, s.data(tc.verdict, s.decoder(), buffer, tc.endStream))
			assert.Equal(t, "kept", string(buffer.data), "contrib counts a withheld buffer by its length: it must not be emptied")
			assert.Equal(t, tc.trailers_, s.trailers(tc.verdict, s.decoder()))
			fake.turn()
			if tc.verdict.Action == filter.Deny {
				assert.Equal(t, &sentReply{403, "no", map[string][]string{"x": {"1", "2"}}, 2, "why"}, fake.reply)
			}
		})
	}
}

func TestEvaluationThatPanicsAnswers500(t *testing.T) {
	for name, run := range map[string]func() filter.Verdict{
		"panic":         func() filter.Verdict { panic("broken") },
		"not a verdict": func() filter.Verdict { return filter.Verdict{Action: filter.Wait} },
	} {
		t.Run(name, func(t *testing.T) {
			fake := newStream(t, &config{})
			s := fake.filter.(*stream)
			fake.request.set(processingHeader)
			s.headers(filter.Verdict{Action: filter.Wait, Evaluate: run}, s.decoder(), false)
			fake.await()
			require.NotNil(t, fake.reply)
			assert.Equal(t, 500, fake.reply.status)
		})
	}
}

// Every client that goes away during an evaluation would put a panic and its
// stack into Envoy's log.
func TestEvaluationThatOutlivesItsStreamEndsQuietly(t *testing.T) {
	for _, verdict := range []filter.Verdict{
		{Metadata: map[string]any{"action": "pass"}},
		{Action: filter.Deny, Reply: &filter.Reply{Status: 403}},
	} {
		fake := newStream(t, &config{})
		s := fake.filter.(*stream)
		over, recovered := make(chan struct{}), make(chan any, 1)
		fake.request.set(processingHeader)
		s.headers(filter.Verdict{Action: filter.Wait, Evaluate: func() filter.Verdict { <-over; return verdict }}, s.decoder(), true)
		fake.recovered = func(e any) { recovered <- e }
		fake.finish()
		close(over)
		assert.Nil(t, <-recovered)
		assert.Empty(t, fake.info.metadata)
		assert.Empty(t, fake.posted)
	}
}
