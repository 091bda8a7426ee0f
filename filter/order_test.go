package filter_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/filter/filtertest"
	_ "github.com/seawall-waf/seawall/filter/filtertest/faults"
)

// recorder is a Host that remembers.
type recorder struct {
	mu     sync.Mutex
	lines  []string
	counts map[filter.Counter]int
	took   int
}

func newRecorder() *recorder { return &recorder{counts: map[filter.Counter]int{}} }

func (r *recorder) Log(_ slog.Level, line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
}

func (r *recorder) Count(c filter.Counter, _ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[c]++
}

func (r *recorder) Observe(uint64, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.took++
}

// events decodes what was logged.
func (r *recorder) events(t *testing.T) []map[string]any {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []map[string]any
	for _, line := range r.lines {
		assert.NotContains(t, line, "\n", "an event is one line")
		var e map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		all = append(all, e)
	}
	return all
}

func engine(t testing.TB, doc string) *filter.Engine {
	t.Helper()
	c, err := filter.ParseConfig([]byte(doc))
	require.NoError(t, err)
	e, err := filter.NewEngine(c)
	require.NoError(t, err)
	return e
}

func headers(kv ...string) filter.Headers {
	return func(yield func(string, string) bool) {
		for i := 0; i < len(kv); i += 2 {
			if !yield(kv[i], kv[i+1]) {
				return
			}
		}
	}
}

func post(kv ...string) filter.Request {
	return filter.Request{Method: "POST", Path: "/", Authority: "app.example.com", Protocol: "HTTP/1.1", Headers: headers(kv...)}
}

func chunk(s string) [][]byte { return [][]byte{[]byte(s)} }

const formType = "application/x-www-form-urlencoded"

func TestLocalReplyWithoutARequestPhasePasses(t *testing.T) {
	h := newRecorder()
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(h)
	// Envoy answers 431 or 400 before any decoder callback.
	assert.Equal(t, filter.Continue, tx.ResponseHeaders(filter.Response{Status: 431, Headers: headers("content-type", "text/plain")}, false).Action)
	assert.Equal(t, filter.Continue, tx.ResponseBody(chunk("evil"), true).Action)
	tx.Close()
	assert.Empty(t, h.lines)
}

func TestLocalReplyBeforeTheRequestEndedPasses(t *testing.T) {
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
	defer tx.Close()
	require.Equal(t, filter.Hold, tx.RequestHeaders(post("content-type", formType), false).Action)
	require.Equal(t, filter.Hold, tx.RequestBody(chunk("a=1"), false).Action)
	// A request timeout: nothing went upstream, so this reply is the proxy's own.
	assert.Equal(t, filter.Continue, tx.ResponseHeaders(filter.Response{Status: 408, Headers: headers("content-type", "text/plain")}, false).Action)
	assert.Equal(t, filter.Continue, tx.ResponseBody(chunk("evil"), true).Action)
}

func TestNothingPassesAfterADenial(t *testing.T) {
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
	defer tx.Close()
	require.Equal(t, filter.Deny, tx.RequestHeaders(post("x-phase-1", "evil"), false).Action)
	assert.Equal(t, filter.Hold, tx.RequestBody(chunk("a=1"), false).Action)
	assert.Equal(t, filter.Hold, tx.RequestTrailers(headers("a", "b")).Action)
	// Our own reply, where the host runs it through the filter.
	assert.Equal(t, filter.Continue, tx.ResponseHeaders(filter.Response{Status: 403, Headers: headers("x-phase-3", "evil")}, false).Action)
	assert.Equal(t, filter.Continue, tx.ResponseBody(chunk("evil"), true).Action)
}

func TestResponseBytesAfterADeniedResponseAreDropped(t *testing.T) {
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
	defer tx.Close()
	require.Equal(t, filter.Continue, tx.RequestHeaders(post(), true).Action)
	require.Equal(t, filter.Deny, tx.ResponseHeaders(filter.Response{Status: 200, Headers: headers("x-phase-3", "evil")}, false).Action)
	assert.Equal(t, filter.Hold, tx.ResponseBody(chunk("internal"), true).Action)
}

func TestEarlyTunnelBytesAreDenied(t *testing.T) {
	for _, r := range []filter.Request{
		{Method: "GET", Path: "/ws", Authority: "a", Protocol: "HTTP/1.1", Headers: headers("upgrade", "websocket", "connection", "keep-alive, Upgrade")},
		{Method: "CONNECT", Authority: "a:443", Protocol: "HTTP/2", Headers: headers()},
	} {
		tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
		require.Equal(t, filter.Continue, tx.RequestHeaders(r, false).Action)
		v := tx.RequestBody(chunk("evil"), false)
		require.Equal(t, filter.Deny, v.Action, "%s before the upstream accepted", r.Method)
		assert.Equal(t, "seawall_denied{tunnel_not_accepted}", v.Reply.Details)
		tx.Close()
	}
}

func TestAcceptedTunnelPassesBothWays(t *testing.T) {
	for status, r := range map[int]filter.Request{
		101: {Method: "GET", Path: "/ws", Authority: "a", Protocol: "HTTP/1.1", Headers: headers("upgrade", "websocket", "connection", "upgrade")},
		200: {Method: "CONNECT", Authority: "a:443", Protocol: "HTTP/2", Headers: headers()},
	} {
		tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
		require.Equal(t, filter.Continue, tx.RequestHeaders(r, false).Action)
		require.Equal(t, filter.Continue, tx.ResponseHeaders(filter.Response{Status: status, Headers: headers("content-type", "text/plain")}, false).Action)
		assert.Equal(t, filter.Continue, tx.RequestBody(chunk("evil"), false).Action)
		assert.Equal(t, filter.Continue, tx.ResponseBody(chunk("evil"), false).Action)
		tx.Close()
	}
}

func TestRefusedTunnelNeverCarriesBytes(t *testing.T) {
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
	defer tx.Close()
	r := filter.Request{Method: "POST", Path: "/", Authority: "a", Protocol: "HTTP/1.1", Headers: headers("upgrade", "websocket", "connection", "upgrade")}
	require.Equal(t, filter.Continue, tx.RequestHeaders(r, false).Action)
	require.Equal(t, filter.Hold, tx.ResponseHeaders(filter.Response{Status: 200, Headers: headers("content-type", "text/plain")}, false).Action, "an ordinary response, inspected")
	assert.Equal(t, filter.Deny, tx.RequestBody(chunk("q=evil"), true).Action)
}

func TestWhatIsNotGRPCDoesNotPassAsGRPC(t *testing.T) {
	grpc := filter.Request{Method: "POST", Path: "/s/M", Authority: "a", Protocol: "HTTP/2", Headers: headers("content-type", "application/grpc")}
	for name, c := range map[string]struct {
		chunks []string
		want   filter.Action
	}{
		"Messages":          {[]string{"\x00\x00\x00\x00\x02hi\x01\x00\x00\x00\x00"}, filter.Continue},
		"MessagesByteWise":  {strings.Split("\x00\x00\x00\x00\x02hi\x00\x00\x00\x00\x01x", ""), filter.Continue},
		"Form":              {[]string{"q=evil"}, filter.Deny},
		"JSON":              {[]string{`{"q":"evil"}`}, filter.Deny},
		"FormAfterAMessage": {[]string{"\x00\x00\x00\x00\x01x", "q=evil"}, filter.Deny},
	} {
		t.Run(name, func(t *testing.T) {
			tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
			defer tx.Close()
			require.Equal(t, filter.Continue, tx.RequestHeaders(grpc, false).Action, "gRPC is never held")
			var last filter.Verdict
			for _, c := range c.chunks {
				last = tx.RequestBody(chunk(c), false)
			}
			assert.Equal(t, c.want, last.Action)
		})
	}
}

func TestLargeHeadIsJudgedOffTheEventThread(t *testing.T) {
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
	defer tx.Close()
	r := filter.Request{Method: "GET", Path: "/?q=" + strings.Repeat("x", filter.DefaultOffloadBytes) + "evil", Authority: "a", Protocol: "HTTP/1.1", Headers: headers()}
	v := tx.RequestHeaders(r, true)
	require.Equal(t, filter.Wait, v.Action)
	require.NotNil(t, v.Evaluate)
	assert.Equal(t, filter.Deny, v.Evaluate().Action)
}

func TestEventsDuringAnEvaluationWait(t *testing.T) {
	tx := engine(t, filtertest.Configs["partial"]).NewTransaction(newRecorder())
	defer tx.Close()
	require.Equal(t, filter.Hold, tx.RequestHeaders(post("content-type", "text/plain"), false).Action)
	big := strings.Repeat("x", filter.DefaultOffloadBytes)
	v := tx.RequestBody(chunk(big), false) // past the limit of 1000: judged in mid-body
	require.Equal(t, filter.Wait, v.Action)
	require.Equal(t, big, string(bytes.Join(v.Release, nil)))
	assert.Equal(t, filter.Verdict{Action: filter.Wait}, tx.RequestBody(chunk("more"), false), "the host keeps what comes meanwhile")
	assert.Equal(t, filter.Verdict{Action: filter.Wait}, tx.RequestTrailers(headers("a", "b")))
	assert.Equal(t, filter.Continue, tx.ResponseHeaders(filter.Response{Status: 408, Headers: headers()}, true).Action, "a timeout's reply passes")
	assert.Equal(t, filter.Continue, v.Evaluate().Action)
	assert.Equal(t, filter.Continue, tx.RequestBody(chunk("rest"), true).Action)
}

func TestCloseDuringAnEvaluationIsSafe(t *testing.T) {
	h := newRecorder()
	e := engine(t, filtertest.Configs["rules"])
	var wg sync.WaitGroup
	for range 50 {
		tx := e.NewTransaction(h)
		tx.RequestHeaders(post("content-type", formType), false)
		v := tx.RequestBody(chunk("q=evil&pad="+strings.Repeat("x", filter.DefaultOffloadBytes)), true)
		require.NotNil(t, v.Evaluate)
		wg.Add(2)
		go func() { defer wg.Done(); v.Evaluate() }()
		go func() { defer wg.Done(); tx.Close(); tx.Close() }()
	}
	wg.Wait()
	assert.Equal(t, 50, h.counts[filter.CounterTransactions])
	assert.Equal(t, 50, h.took, "each transaction is counted once when it ends")
	assert.Zero(t, filter.HeldBytes())
	assert.LessOrEqual(t, len(h.events(t)), 50, "at most one event each: an evaluation that began late does not run")
}

func TestEvaluationOfAnEndedStreamDoesNotRun(t *testing.T) {
	h := newRecorder()
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(h)
	tx.RequestHeaders(post("content-type", formType), false)
	v := tx.RequestBody(chunk("q=evil&pad="+strings.Repeat("x", filter.DefaultOffloadBytes)), true)
	require.NotNil(t, v.Evaluate)
	tx.Close()
	assert.Equal(t, filter.Hold, v.Evaluate().Action)
	assert.Empty(t, h.lines, "phase 2 never ran")
}

func TestTheProcessHoldsNoMoreThanItsBudget(t *testing.T) {
	require.Zero(t, filter.HeldBytes())
	e := engine(t, "held_bytes_budget: 10KiB\n"+filtertest.Configs["inline"])
	begin := func() *filter.Transaction {
		tx := e.NewTransaction(newRecorder())
		require.Equal(t, filter.Hold, tx.RequestHeaders(post("content-type", formType), false).Action)
		return tx
	}
	piece := chunk(strings.Repeat("x", 6<<10))
	first, second, third := begin(), begin(), begin()
	require.Equal(t, filter.Hold, first.RequestBody(piece, false).Action)
	v := second.RequestBody(piece, false)
	require.Equal(t, filter.Deny, v.Action)
	assert.Equal(t, 503, v.Reply.Status)
	assert.Equal(t, "seawall_denied{held_budget}", v.Reply.Details)
	first.Close()
	assert.Equal(t, filter.Hold, third.RequestBody(piece, false).Action, "what a stream held is free when it ends")
	assert.Equal(t, filter.Continue, third.RequestBody(chunk("end"), true).Action)
	second.Close()
	assert.Zero(t, filter.HeldBytes(), "what was judged is no longer held")
	third.Close()
}

func TestFaultsFollowTheFailurePolicy(t *testing.T) {
	big := strings.Repeat("x", filter.DefaultOffloadBytes)
	for _, policy := range []string{"closed", "open"} {
		e := engine(t, filtertest.FaultConfigs["fault-"+policy])
		for _, phase := range []string{"1", "2", "3", "4", "5"} {
			for _, body := range []string{"a=1", "a=" + big} {
				name := policy + "/phase" + phase
				if body != "a=1" {
					name += "/offloaded"
				}
				t.Run(name, func(t *testing.T) {
					h := newRecorder()
					got := exchange(e, h, phase, body)
					faulty := policy == "closed" && phase != "5"
					if faulty {
						require.NotNil(t, got.denied)
						assert.Equal(t, 500, got.denied.Status)
						assert.Equal(t, "seawall_error{phase_"+phase+"}", got.denied.Details)
					} else {
						require.Nil(t, got.denied)
						assert.Equal(t, body, got.request, "failing open loses no byte of the request")
						assert.Equal(t, body, got.response, "failing open loses no byte of the response")
					}
					assert.Equal(t, 1, h.counts[filter.CounterErrors])
					events := h.events(t)
					require.Len(t, events, 2)
					assert.Equal(t, "seawall_error", events[0]["event"])
					assert.NotContains(t, strings.Join(h.lines, ""), "forced", "what a panic carried may be a client's")
				})
			}
		}
	}
}

type exchanged struct {
	denied            *filter.Reply
	request, response string
}

// exchange sends body both ways as a host that does everything in place.
func exchange(e *filter.Engine, h filter.Host, panicIn, body string) (got exchanged) {
	tx := e.NewTransaction(h)
	defer tx.Close()
	apply := func(v filter.Verdict, own string, out *string) bool {
		data := own
		if v.Release != nil {
			data = string(bytes.Join(v.Release, nil))
		}
		if v.Evaluate != nil {
			v = v.Evaluate()
		}
		switch v.Action {
		case filter.Deny:
			got.denied = v.Reply
			return false
		case filter.Continue:
			*out += data
		}
		return true
	}
	half := len(body) / 2
	r := filter.Response{Status: 200, Headers: headers("content-type", "text/plain")}
	_ = apply(tx.RequestHeaders(post("content-type", formType, "x-panic", panicIn), false), "", &got.request) &&
		apply(tx.RequestBody(chunk(body[:half]), false), body[:half], &got.request) &&
		apply(tx.RequestBody(chunk(body[half:]), true), body[half:], &got.request) &&
		apply(tx.ResponseHeaders(r, false), "", &got.response) &&
		apply(tx.ResponseBody(chunk(body[:half]), false), body[:half], &got.response) &&
		apply(tx.ResponseBody(chunk(body[half:]), true), body[half:], &got.response)
	return got
}
