package e2e

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

const (
	soakClients  = 30
	soakRequests = 2000 // $SEAWALL_GOLANG_SOAK asks for another number
	soakReloads  = 10
)

// TestGolangDoorSoak: 30 clients send every kind of exchange over both protocols
// while others abort theirs and the config is replaced: each answer is right, no
// transaction stays open, Envoy lives.
func TestGolangDoorSoak(t *testing.T) {
	requests := soakRequests
	if n, err := strconv.Atoi(os.Getenv("SEAWALL_GOLANG_SOAK")); err == nil {
		requests = n
	}
	for _, version := range versionsOf(doorGolang) {
		t.Run(version, func(t *testing.T) { soak(t, version, requests) })
	}
}

func soak(t *testing.T, version string, requests int) {
	lds := &listeners{dir: t.TempDir()}
	rules := filtertest.Configs["rules"]
	p := startProxy(t, map[string]string{"ingress": rules}, options{door: doorGolang, version: version, edit: lds.takeOver, args: draining})
	kinds := soakKinds()
	for _, k := range kinds {
		p.upstream.expect(k.name, k.answer)
	}
	address := p.address("ingress")
	var next, wrong, aborted atomic.Int64
	var work sync.WaitGroup
	for range soakClients {
		work.Go(func() {
			for n := int(next.Add(1)); n <= requests; n = int(next.Add(1)) {
				if n%7 == 0 {
					abort(address, n/7)
					aborted.Add(1)
					continue
				}
				k, protocol := kinds[n%len(kinds)], protocols[n%2]
				request := k.request
				request.Headers = append(append(filtertest.Fields{}, request.Headers...), [2]string{caseHeader, k.name})
				if a := protocol.send(t, address, request); a.Status != k.status {
					wrong.Add(1)
					t.Logf("%s over %s: status %d, not %d", k.name, protocol.name, a.Status, k.status)
				}
			}
		})
	}
	for n := 1; n <= soakReloads; n++ {
		share := int64(n * requests / (soakReloads + 1))
		require.Eventually(t, func() bool { return next.Load() >= share }, 10*time.Minute, pollStats, "request %d", share)
		lds.set(t, rules+strings.Repeat("\n", n)+"metric_labels: {version: \""+itoa(n)+"\"}\n")
	}
	work.Wait()
	t.Logf("%d requests, %d of them aborted, %d reloads", requests, aborted.Load(), soakReloads)
	assert.Zero(t, wrong.Load(), "wrong answers")
	p.requireRunning(t)
	require.Eventually(t, func() bool {
		return p.sum(t, `\.seawall\.transactions$`) == p.sum(t, `\.seawall\.duration_us_count$`)
	}, settleWithin, pollStats, "every transaction is closed")
	assert.Greater(t, p.sum(t, `\.seawall\.transactions$`), uint64(requests/2), "transactions")
	assert.NotZero(t, p.sum(t, `listener_manager\.listener_(modified|in_place_updated)$`), "reloads")
	assert.Zero(t, p.sum(t, `golang\.panic_error$`), "panics")
	for _, line := range p.linesFrom(0) {
		assert.NotContains(t, line, "contribhost:", "the host had something to say")
	}
}

// soakKind is one kind of exchange; its answer is given under its name.
type soakKind struct {
	name            string
	request, answer filtertest.Message
	status          int
}

func soakKinds() []soakKind {
	text, form := filtertest.Fields{{"content-type", "text/plain"}}, filtertest.Fields{{"content-type", "application/x-www-form-urlencoded"}}
	large := strings.Repeat("0123456789", 20_000) // 200 KB: inspected off the worker
	page := filtertest.Message{Headers: text, Body: []string{"hello"}}
	evil := filtertest.Message{Headers: text, Body: []string{"an ", "evil page"}}
	sum := filtertest.Fields{{"x-sum", "1"}}
	post := func(headers filtertest.Fields, trailers filtertest.Fields, body ...string) filtertest.Message {
		return filtertest.Message{Method: "POST", Headers: headers, Body: body, Trailers: trailers, NoLength: len(body) > 1}
	}
	return []soakKind{
		{"get", filtertest.Message{Path: "/?a=1"}, page, 200},
		{"attack", filtertest.Message{Path: "/?a=evil"}, page, 403},
		{"form", post(form, nil, "a=1&", "b=2"), page, 200},
		{"form attack", post(form, nil, "a=1&", "b=evil"), page, 403},
		{"form attack before trailers", post(form, sum, "a=1&", "b=evil"), page, 403},
		{"large", post(text, nil, large), page, 200},
		{"large with trailers", post(text, sum, large, "1"), page, 200},
		{"large attack", post(text, nil, large, "evil"), page, 403},
		{"response attack", filtertest.Message{}, evil, 403},
		{"large response", filtertest.Message{}, filtertest.Message{Headers: text, Body: []string{large, large}, NoLength: true}, 200},
		{"large response attack", filtertest.Message{}, filtertest.Message{Headers: text, Body: []string{large, "evil"}}, 403},
		{"response with trailers", filtertest.Message{}, filtertest.Message{Headers: text, Body: []string{"a", "b"}, Trailers: sum, NoLength: true}, 200},
		{"drop", filtertest.Message{Headers: filtertest.Fields{{"x-do", "drop"}}}, page, 403},
	}
}

// sum adds up the stats whose names match.
func (p *proxy) sum(t *testing.T, pattern string) (total uint64) {
	t.Helper()
	stats, err := p.Stats(t.Context(), pattern)
	require.NoError(t, err)
	for _, v := range stats {
		total += v
	}
	return total
}
