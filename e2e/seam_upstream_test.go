package e2e

import (
	"crypto/sha256"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestSeamUpstreamFaults: whatever the upstream does, an exchange is judged once
// for each pass through the filter chain, what it got is what was judged, and
// every transaction is closed.
func TestSeamUpstreamFaults(t *testing.T) {
	configs := map[string]string{"rules": filtertest.Configs["rules"], "informed": filtertest.Configs["rules"], "partial": filtertest.Configs["partial"]}
	p := startProxy(t, configs, options{edit: func(t *testing.T, b *launch.Bootstrap) {
		b.Tree["stats_flush_interval"] = "0.2s"
		route := func(path string, extra map[string]any) {
			action := map[string]any{"cluster": "upstream", "timeout": "0s"}
			for key, value := range extra {
				action[key] = value
			}
			addRoute(t, b, prefix(path), "route", action)
		}
		for i, m := range managers(t, b) {
			name := b.Tree["static_resources"].(map[string]any)["listeners"].([]any)[i].(map[string]any)["name"]
			m["proxy_100_continue"] = name == "informed"
		}
		route("/slow", map[string]any{"timeout": "0.3s"})
		route("/retried", map[string]any{"retry_policy": map[string]any{"retry_on": "5xx,reset", "num_retries": 2}})
		route("/redirected", map[string]any{"internal_redirect_policy": map[string]any{"max_internal_redirects": 1}})
	}})
	// count runs an exchange and returns how many transactions it took, once all
	// of them are closed.
	count := func(t *testing.T, exchange func()) int {
		p.awaitAllClosed(t)
		before, _ := p.transactions(t)
		exchange()
		require.Eventually(t, func() bool { begun, closed := p.transactions(t); return begun > before && begun == closed },
			settleWithin, pollStats)
		begun, _ := p.transactions(t)
		return begun - before
	}
	post := filtertest.Message{Method: "POST", Headers: filtertest.Fields{{"content-type", "text/plain"}}, Body: []string{"half ", "and half"}}

	for _, protocol := range protocols {
		send := func(t *testing.T, config, path string, m filtertest.Message) (got answer) {
			m.Path = path
			return protocol.send(t, p.address(config), m)
		}
		row := func(name string, run func(t *testing.T)) { t.Run(protocol.name+"/"+name, run) }

		row("AnswersBeforeTheBodyEnds", func(t *testing.T) {
			// Past ProcessPartial's limit the body streams; the answer needs no more of it.
			answered := make(chan struct{})
			p.upstream.handle("/early", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.Header().Set("Content-Length", "5")
				_, _ = io.WriteString(w, "early")
				answered <- struct{}{}
			})
			n := count(t, func() {
				pipe, body := io.Pipe()
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.address("partial")+"/early", pipe)
				require.NoError(t, err)
				request.Header.Set("Content-Type", "text/plain")
				go func() {
					_, _ = io.WriteString(body, strings.Repeat("x", 2000))
					<-answered
					_ = body.Close()
				}()
				transport := http.RoundTripper(&http.Transport{DisableKeepAlives: true})
				if protocol.name == "h2" {
					h2 := h2cTransport()
					defer h2.CloseIdleConnections()
					transport = h2
				}
				response, err := transport.RoundTrip(request)
				require.NoError(t, err)
				got, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				_ = response.Body.Close()
				assert.Equal(t, 200, response.StatusCode)
				assert.Equal(t, "early", string(got))
			})
			assert.Equal(t, 1, n)
		})
		row("ResetsBeforeItAnswers", func(t *testing.T) {
			p.upstream.handle("/reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			n := count(t, func() { assert.Equal(t, 503, send(t, "rules", "/reset", post).Status) })
			assert.Equal(t, 1, n)
		})
		row("TimesOut", func(t *testing.T) {
			p.upstream.handle("/slow", func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			})
			n := count(t, func() { assert.Equal(t, 504, send(t, "rules", "/slow", post).Status) })
			assert.Equal(t, 1, n)
		})
		row("InformsBeforeItAnswers", func(t *testing.T) {
			// By default Envoy keeps a 103 to itself; no rule sees it where it does not.
			for config, informed := range map[string]bool{"rules": false, "informed": true} {
				for answer, status := range map[string]string{"a good page": "200", "an evil page": "403"} {
					p.upstream.handle("/hints", func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("Link", "</style.css>; rel=preload")
						w.WriteHeader(103)
						w.Header().Set("Content-Type", "text/plain")
						_, _ = io.WriteString(w, answer)
					})
					n := count(t, func() {
						heads := headsOf(t, protocol.name, p.address(config), "/hints")
						if informed {
							require.Len(t, heads, 2)
							assert.Equal(t, "103", heads[0][":status"])
							assert.Equal(t, "</style.css>; rel=preload", heads[0]["link"])
						} else {
							require.Len(t, heads, 1)
						}
						assert.Equal(t, status, heads[len(heads)-1][":status"])
					})
					assert.Equal(t, 1, n)
				}
			}
		})
		row("EachRetryGetsWhatWasJudged", func(t *testing.T) {
			var mu sync.Mutex
			var attempts [][sha256.Size]byte
			p.upstream.handle("/retried", func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				mu.Lock()
				defer mu.Unlock()
				attempts = append(attempts, sha256.Sum256(body))
				if len(attempts) < 3 {
					w.WriteHeader(503)
				}
			})
			m := post
			// Within an HTTP/2 stream's window, 64 KiB here: Envoy keeps no more for a retry.
			m.Body = []string{strings.Repeat("judged off the worker ", 2000)}
			n := count(t, func() { assert.Equal(t, 200, send(t, "rules", "/retried", m).Status) })
			assert.Equal(t, 1, n, "a retry is no new exchange")
			want := sha256.Sum256(m.Bytes())
			assert.Equal(t, [][sha256.Size]byte{want, want, want}, attempts)

			m.Body = append(m.Body, "evil")
			assert.Equal(t, 403, send(t, "rules", "/retried", m).Status)
			assert.Len(t, attempts, 3, "a denied request is tried not even once")
		})
		row("AnInternalRedirectIsJudgedAgain", func(t *testing.T) {
			target := ""
			var asked []string
			p.upstream.handle("/redirected", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://app.example.com"+target)
				w.WriteHeader(302)
			})
			p.upstream.handle("/target", func(_ http.ResponseWriter, r *http.Request) { asked = append(asked, r.RequestURI) })
			for path, status := range map[string]int{"/target?q=good": 200, "/target?q=evil": 403} {
				target, asked = path, nil
				n := count(t, func() { assert.Equal(t, status, send(t, "rules", "/redirected", filtertest.Message{}).Status, path) })
				assert.Equal(t, 2, n, "one transaction for each pass")
				if status == 200 {
					assert.Equal(t, []string{path}, asked)
				} else {
					assert.Empty(t, asked)
				}
			}
		})
	}
}
