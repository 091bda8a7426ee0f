package filter_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// longCookie makes a head large enough to be evaluated off the event thread.
var longCookie = []string{"cookie", "c=" + strings.Repeat("x", filter.DefaultOffloadBytes)}

// The host keeps what arrives during an evaluation and lets it go on with its
// verdict: nothing looks at it again.
func TestBytesDuringTheHeadsEvaluationAreNotLetBy(t *testing.T) {
	upgrade := append([]string{"upgrade", "websocket", "connection", "upgrade"}, longCookie...)
	grpc := append([]string{"content-type", "application/grpc"}, longCookie...)
	for name, c := range map[string]struct {
		request filter.Request
		send    func(*filter.Transaction) filter.Verdict
		details string
	}{
		"Upgrade": {filter.Request{Method: "GET", Path: "/", Authority: "a", Protocol: "HTTP/1.1", Headers: headers(upgrade...)},
			func(tx *filter.Transaction) filter.Verdict { return tx.RequestBody(chunk("q=evil"), false) }, "seawall_denied{tunnel_not_accepted}"},
		"Connect": {filter.Request{Method: "CONNECT", Authority: "a:443", Protocol: "HTTP/2", Headers: headers(longCookie...)},
			func(tx *filter.Transaction) filter.Verdict { return tx.RequestBody(chunk("q=evil"), true) }, "seawall_denied{tunnel_not_accepted}"},
		"FormAsGRPC": {filter.Request{Method: "POST", Path: "/s/M", Authority: "a", Protocol: "HTTP/2", Headers: headers(grpc...)},
			func(tx *filter.Transaction) filter.Verdict { return tx.RequestBody(chunk("q=evil"), true) }, "seawall_denied{not_grpc}"},
		"GRPCThatEndsInAMessage": {filter.Request{Method: "POST", Path: "/s/M", Authority: "a", Protocol: "HTTP/2", Headers: headers(grpc...)},
			func(tx *filter.Transaction) filter.Verdict {
				tx.RequestBody(chunk("\x00\x00\x00\x00\x09q=evil"), false)
				return tx.RequestTrailers(headers("a", "b"))
			}, "seawall_denied{not_grpc}"},
	} {
		t.Run(name, func(t *testing.T) {
			tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
			defer tx.Close()
			v := tx.RequestHeaders(c.request, false)
			require.NotNil(t, v.Evaluate)
			assert.Equal(t, filter.Verdict{Action: filter.Wait}, c.send(tx))
			denied := v.Evaluate()
			require.Equal(t, filter.Deny, denied.Action)
			assert.Equal(t, c.details, denied.Reply.Details)
			assert.Equal(t, filter.Hold, tx.RequestBody(chunk("more"), true).Action)
		})
	}
}

func TestWhatIsFitGoesOnAfterTheHeadsEvaluation(t *testing.T) {
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
	defer tx.Close()
	v := tx.RequestHeaders(filter.Request{Method: "POST", Path: "/s/M", Authority: "a", Protocol: "HTTP/2",
		Headers: headers(append([]string{"content-type", "application/grpc"}, longCookie...)...)}, false)
	require.NotNil(t, v.Evaluate)
	assert.Equal(t, filter.Wait, tx.RequestBody(chunk("\x00\x00\x00\x00\x02h"), false).Action)
	assert.Equal(t, filter.Continue, v.Evaluate().Action)
	assert.Equal(t, filter.Continue, tx.RequestBody(chunk("i"), true).Action, "frames are followed across the evaluation")
}

// A refused upgrade's response is evaluated while the client breaks the rules
// of tunnels: the engine belongs to the evaluation until that ends.
func TestADenialDuringTheOtherDirectionsEvaluation(t *testing.T) {
	e := engine(t, filtertest.Configs["rules"])
	upgrade := filter.Request{Method: "GET", Path: "/", Authority: "a", Protocol: "HTTP/1.1", Headers: headers("upgrade", "websocket", "connection", "upgrade")}
	body := strings.Repeat("x", 64*filter.DefaultOffloadBytes)
	h := newRecorder()
	const times = 30
	for range times {
		tx := e.NewTransaction(h)
		require.Equal(t, filter.Continue, tx.RequestHeaders(upgrade, false).Action)
		require.Equal(t, filter.Hold, tx.ResponseHeaders(filter.Response{Status: 200, Headers: headers("content-type", "text/plain")}, false).Action)
		v := tx.ResponseBody(chunk(body), true)
		require.NotNil(t, v.Evaluate)
		var evaluated sync.WaitGroup
		result := filter.Verdict{}
		evaluated.Go(func() { result = v.Evaluate() })
		denied := tx.RequestBody(chunk("evil"), false)
		tx.Close()
		evaluated.Wait()
		if result.Action == filter.Hold {
			require.Equal(t, filter.Deny, denied.Action, "an evaluation decides unless the exchange is over")
		}
		require.Equal(t, filter.Deny, denied.Action)
	}
	assert.Equal(t, times, h.counts[filter.CounterDenied])
	assert.Len(t, h.events(t), times, "one event for each")
}

func TestAnEngineTurnedOffByARuleLeavesATunnelAlone(t *testing.T) {
	for name, phase := range map[string]string{"Phase1OffTheEventThread": "1", "Phase2": "2"} {
		t.Run(name, func(t *testing.T) {
			doc := "request_body: {offload_bytes: 1}\ndirectives: |\n  SecRuleEngine On\n  SecRequestBodyAccess On\n  SecAction \"id:1,phase:" + phase + ",pass,ctl:ruleEngine=Off\"\n"
			tx := engine(t, doc).NewTransaction(newRecorder())
			defer tx.Close()
			v := tx.RequestHeaders(filter.Request{Method: "GET", Path: "/", Authority: "a", Protocol: "HTTP/1.1",
				Headers: headers(append([]string{"upgrade", "websocket", "connection", "upgrade"}, longCookie...)...)}, false)
			require.NotNil(t, v.Evaluate)
			require.Equal(t, filter.Continue, v.Evaluate().Action)
			require.Equal(t, filter.Continue, tx.ResponseHeaders(filter.Response{Status: 101, Headers: headers()}, false).Action)
			assert.Equal(t, filter.Continue, tx.RequestBody(chunk("ping"), false).Action, "the upstream has accepted")
		})
	}
}

func TestNothingIsDecidedAfterClose(t *testing.T) {
	for _, policy := range []string{"closed", "open"} {
		t.Run(policy, func(t *testing.T) {
			h := newRecorder()
			tx := engine(t, filtertest.FaultConfigs["fault-"+policy]).NewTransaction(h)
			require.Equal(t, filter.Hold, tx.RequestHeaders(post("content-type", formType), false).Action)
			tx.Close()
			hold := filter.Verdict{Action: filter.Hold}
			assert.Equal(t, hold, tx.RequestBody(chunk("a=1"), true))
			assert.Equal(t, hold, tx.RequestBody(chunk(strings.Repeat("x", 2*filter.DefaultOffloadBytes)), true))
			assert.Equal(t, hold, tx.RequestTrailers(headers("a", "b")))
			assert.Equal(t, hold, tx.ResponseHeaders(filter.Response{Status: 200, Headers: headers()}, false))
			assert.Equal(t, hold, tx.ResponseBody(chunk("a"), true))
			assert.Equal(t, hold, tx.ResponseTrailers(headers("a", "b")))
			tx.Close()
			assert.Empty(t, h.lines)
			assert.Zero(t, h.counts[filter.CounterErrors])
		})
	}
}
