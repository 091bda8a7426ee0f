package e2e

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestSeamEventStream: a server-sent event is with the client while the response
// is open still, even where a configuration asks for such bodies to be inspected.
func TestSeamEventStream(t *testing.T) {
	rules := filtertest.Configs["rules"]
	events := strings.Replace(rules, "SecResponseBodyMimeType ", "SecResponseBodyMimeType text/event-stream ", 1)
	require.NotEqual(t, rules, events)
	p := startProxy(t, map[string]string{"rules": rules, "events": events}, options{workers: 1})

	// The upstream sends its second event when the client has the first, and ends
	// when it has the second: whoever waits for more would wait for ever.
	received := make(chan struct{})
	p.upstream.handle("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for _, event := range []string{"data: 1\n\n", "data: 2\n\n"} {
			_, _ = io.WriteString(w, event)
			w.(http.Flusher).Flush() //nolint:forcetypeassert // net/http's is one
			select {
			case <-received:
			case <-r.Context().Done():
			}
		}
	})
	stream := func(t *testing.T, protocol, config string) (first time.Duration) {
		transport := http.RoundTripper(&http.Transport{DisableKeepAlives: true})
		if protocol == "h2" {
			h2 := h2cTransport()
			defer h2.CloseIdleConnections()
			transport = h2
		}
		ctx, cancel := context.WithTimeout(context.Background(), exchangeTimeout)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address(config)+"/events", nil)
		require.NoError(t, err)
		begun := time.Now()
		response, err := transport.RoundTrip(request)
		require.NoError(t, err)
		defer response.Body.Close()
		reader := bufio.NewReader(response.Body)
		for n, want := range []string{"data: 1\n", "data: 2\n"} {
			event, err := reader.ReadString('\n')
			require.NoError(t, err)
			if n == 0 {
				first = time.Since(begun)
			}
			assert.Equal(t, want, event)
			_, err = reader.ReadString('\n')
			require.NoError(t, err)
			received <- struct{}{}
		}
		rest, err := io.ReadAll(reader)
		require.NoError(t, err)
		assert.Empty(t, rest)
		return first
	}
	for _, protocol := range []string{"h1", "h2"} {
		for _, config := range []string{"rules", "events"} {
			t.Run(protocol+"/"+config, func(t *testing.T) {
				// A stream that a timer lets go is late every time; a busy machine is not.
				fastest := stream(t, protocol, config)
				for range 4 {
					fastest = min(fastest, stream(t, protocol, config))
				}
				assert.Less(t, fastest, time.Second, "the first event of the fastest of five streams")
			})
		}
	}
}

// TestSeamExpectContinue: Envoy tells the client to go on; the body is judged all
// the same, and nothing of the request is with the upstream before it is.
func TestSeamExpectContinue(t *testing.T) {
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"]}, options{})
	address := p.address("rules")
	got := make(chan string, 1)
	p.upstream.handle("/expect", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body) + r.Header.Get("Expect")
	})
	for body, want := range map[string]string{"q=good": "200", "q=evil": "403"} {
		// start sends the head and returns the interim status, finish sends the body
		// and returns the status.
		check := func(t *testing.T, start func(id string) string, finish func() string) {
			t.Helper()
			assert.Equal(t, "100", start(t.Name()))
			assert.Nil(t, p.upstream.saw(t.Name()), "the body has not even been sent")
			assert.Equal(t, want, finish())
			if want != "200" {
				assert.Nil(t, p.upstream.saw(t.Name()))
				return
			}
			assert.Equal(t, body, <-got, "the body, and no Expect, which Envoy has met")
		}
		t.Run("h1/"+body, func(t *testing.T) {
			c := dialH1(t, "tcp", address)
			status := func() string { response, _ := c.read("POST"); return itoa(response.StatusCode) }
			check(t, func(id string) string {
				c.write("POST /expect HTTP/1.1\r\n" + hostLine + formLine + caseHeader + ": " + id + "\r\nexpect: 100-continue\r\ncontent-length: 6\r\n\r\n")
				return status()
			}, func() string { c.write(body); return status() })
		})
		t.Run("h2/"+body, func(t *testing.T) {
			c := dialH2(t, address)
			check(t, func(id string) string {
				c.headers(1, false, append(postHead("/expect"), [2]string{caseHeader, id}, [2]string{"expect", "100-continue"})...)
				return c.awaitHeaders(1)[":status"]
			}, func() string { c.data(1, true, body); return c.awaitHeaders(1)[":status"] })
		})
	}
}

// headsOf sends a GET and returns the heads of its answer, those of 1xx first.
func headsOf(t *testing.T, protocol, address, path string) (heads []map[string]string) {
	t.Helper()
	interim := func() bool { return strings.HasPrefix(heads[len(heads)-1][":status"], "1") }
	if protocol == "h2" {
		c := dialH2(t, address)
		c.headers(1, true, set(set(postHead(path), ":method", "GET"), "content-type", "")...)
		for len(heads) == 0 || interim() {
			heads = append(heads, c.awaitHeaders(1))
		}
		return heads
	}
	c := dialH1(t, "tcp", address)
	c.write("GET " + path + " HTTP/1.1\r\n" + hostLine + "\r\n")
	for len(heads) == 0 || interim() {
		response, _ := c.read("GET")
		heads = append(heads, map[string]string{":status": itoa(response.StatusCode), "link": response.Header.Get("Link")})
	}
	return heads
}
