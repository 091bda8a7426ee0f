package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestAborts: whoever goes away, and whenever, Envoy lives on and every
// transaction that began is closed.
func TestAborts(t *testing.T) {
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"], "default": filtertest.Configs["default"]},
		options{edit: func(_ *testing.T, b *launch.Bootstrap) { b.Tree["stats_flush_interval"] = "0.2s" }})
	rules := p.address("rules")

	t.Run("ClientClosesInMidBody", func(t *testing.T) {
		c := dialH1(t, "tcp", rules)
		c.write("POST / HTTP/1.1\r\n" + hostLine + formLine + "content-length: 100\r\n\r\na=1&")
		p.awaitTransactions(t, 1)
		_ = c.conn.Close()
		p.awaitAllClosed(t)
	})
	t.Run("ClientResetsTheStreamInMidBody", func(t *testing.T) {
		c := dialH2(t, rules)
		c.headers(1, false, postHead("/")...)
		c.data(1, false, "a=1&")
		p.awaitTransactions(t, 1)
		c.reset(1)
		p.awaitAllClosed(t)
		c.headers(3, false, postHead("/")...)
		c.data(3, true, "q=evil")
		assert.Equal(t, "403", c.awaitHeaders(3)[":status"], "the connection goes on")
	})
	for contentType, held := range map[string]bool{"text/plain": true, "image/png": false} {
		t.Run("UpstreamResetsInMidResponse/"+contentType, func(t *testing.T) {
			p.upstream.handle("/reset", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", contentType)
				w.Header().Set("Content-Length", "100")
				_, _ = io.WriteString(w, "half of it")
				w.(http.Flusher).Flush() //nolint:forcetypeassert // net/http's is one
				panic(http.ErrAbortHandler)
			})
			c := dialH1(t, "tcp", rules)
			c.write("GET /reset HTTP/1.1\r\n" + hostLine + "\r\n")
			response, err := http.ReadResponse(c.reader, nil)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			if held {
				// Nothing had been sent, so Envoy can still say what happened.
				assert.Equal(t, 502, response.StatusCode)
				assert.NotContains(t, string(body), "half of it")
			} else {
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				assert.Equal(t, "half of it", string(body))
			}
			p.awaitAllClosed(t)
		})
	}
	for _, protocol := range []string{"h1", "h2"} {
		t.Run("ClientGoesWhileItsBodyIsEvaluated/"+protocol, func(t *testing.T) {
			path := "/evaluated/" + protocol
			p.abortEvaluation(t, protocol, path)
			assert.Nil(t, p.upstream.saw(t.Name()), "nothing reaches the upstream")
			// The event is written when the engine's work is done and given back.
			p.await(t, "the event of "+path, func(l string) bool { return strings.Contains(l, `"event":"seawall"`) && strings.Contains(l, path) })
			p.awaitAllClosed(t)
		})
	}
	t.Run("TwoHundredAbortsAmongGoodRequests", func(t *testing.T) { p.storm(t, rules) })

	assert.Equal(t, 200, sendH1(t, rules, filtertest.Message{}).Status)
	select {
	case <-p.Exited():
		assert.Fail(t, "Envoy has ended")
	default:
	}
}

func postHead(path string) filtertest.Fields {
	return filtertest.Fields{{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "app.example.com"},
		{"content-type", "application/x-www-form-urlencoded"}}
}

// abortEvaluation sends a body whose inspection leaves the worker, waits until
// Envoy has read all of it, and goes away.
func (p *proxy) abortEvaluation(t *testing.T, protocol, path string) {
	t.Helper()
	var body strings.Builder // 300 KB: CRS needs a second or two for it, for 3 MB some twenty
	body.WriteString(`{"attack":"<script>alert(1)</script>"`)
	for i := range 15 {
		fmt.Fprintf(&body, `,"k%d":"%s"`, i, strings.Repeat("lorem ipsum ", 1_700))
	}
	body.WriteString("}")
	before := p.received(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	transport := http.RoundTripper(&http.Transport{DisableKeepAlives: true})
	if protocol == "h2" {
		transport = h2cTransport()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.address("default")+path, strings.NewReader(body.String()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(caseHeader, t.Name())
	done := make(chan error, 1)
	go func() {
		response, err := transport.RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
		}
		done <- err
	}()
	require.Eventually(t, func() bool { return p.received(t) >= before+body.Len() }, settleWithin, time.Millisecond)
	cancel()
	if err := <-done; err == nil {
		t.Log("the answer came before the abort: this machine inspects 300 KB in a moment")
	}
	if closer, ok := transport.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// received is how many bytes Envoy has read from clients.
func (p *proxy) received(t testing.TB) (n int) {
	t.Helper()
	stats, err := p.Stats(context.Background(), `^http\.ingress\.downstream_cx_rx_bytes_total$`)
	require.NoError(t, err)
	for _, v := range stats {
		n += int(v)
	}
	return n
}

// storm aborts 200 requests at several points while others must succeed.
func (p *proxy) storm(t *testing.T, address string) {
	t.Helper()
	var work sync.WaitGroup
	var next, good atomic.Int64
	const aborts, workers = 200, 8
	for range workers {
		work.Go(func() {
			for n := next.Add(1); n <= aborts; n = next.Add(1) {
				abort(address, int(n))
				if n%2 == 0 {
					got := sendH1(t, address, filtertest.Message{Method: "POST", Headers: filtertest.Fields{{"content-type", "text/plain"}}, Body: []string{"good"}})
					if got.Status == 200 {
						good.Add(1)
					}
				}
			}
		})
	}
	work.Wait()
	assert.Equal(t, int64(aborts/2), good.Load(), "good requests answered")
	p.awaitAllClosed(t)
}

// abort starts a request and closes the connection at a point that n chooses.
func abort(address string, n int) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer conn.Close()
	if n%3 == 0 { // with RST instead of FIN
		_ = conn.(*net.TCPConn).SetLinger(0) //nolint:forcetypeassert // dialled as tcp
	}
	large := strings.Repeat("x", 70_000) // above offload_bytes' default
	whole := "POST / HTTP/1.1\r\n" + hostLine + "content-type: text/plain\r\ncontent-length: " + itoa(len(large)) + "\r\n\r\n" + large
	cut := []int{10, len(whole) - len(large), len(whole) - len(large) + 5, len(whole) - 1, len(whole)}[n%5]
	_, _ = io.WriteString(conn, whole[:cut])
}

// transactions returns how many began and how many were closed: Close is what
// records a duration.
func (p *proxy) transactions(t *testing.T) (begun, closed int) {
	t.Helper()
	for line := range strings.Lines(p.prometheus(t)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		n, err := strconv.Atoi(value)
		switch {
		case err != nil:
		case strings.Contains(name, "_seawall_transactions{"):
			begun += n
		case strings.Contains(name, "_seawall_duration_us_count{"):
			closed += n
		}
	}
	return begun, closed
}

// awaitTransactions waits until n more have begun than were closed.
func (p *proxy) awaitTransactions(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool { begun, closed := p.transactions(t); return begun == closed+n },
		settleWithin, 20*time.Millisecond, "%d open transactions", n)
}

func (p *proxy) awaitAllClosed(t *testing.T) {
	t.Helper()
	p.awaitTransactions(t, 0)
}
