package e2e

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestEnvoysOwnReplies: a reply that Envoy makes before or instead of asking
// Seawall keeps its status; a route's direct response is a response like any
// other, judged in both directions.
func TestEnvoysOwnReplies(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close()) // a port on which nothing listens
	direct := func(status int, body string) map[string]any {
		return map[string]any{"status": status, "body": map[string]any{"inline_string": body}}
	}
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"]}, options{edit: func(t *testing.T, b *launch.Bootstrap) {
		addCluster(t, b, "down", closed.Addr().String(), speaksHTTP1)
		addRoute(t, b, prefix("/down"), "route", to("down"))
		addRoute(t, b, prefix("/direct"), "direct_response", direct(200, "a fixed page"))
		addRoute(t, b, prefix("/gone"), "direct_response", direct(404, "nothing here"))
		addRoute(t, b, prefix("/leak"), "direct_response", direct(200, "an evil page"))
		addRoute(t, b, prefix("/moved"), "redirect", map[string]any{"path_redirect": "/new"})
		for _, m := range managers(t, b) {
			m["max_request_headers_kb"] = 16
		}
	}})
	for _, protocol := range protocols {
		t.Run(protocol.name, func(t *testing.T) {
			for _, c := range []struct {
				name, path string
				headers    filtertest.Fields
				status     int
				body       string
				seawall    bool // replied by Seawall
			}{
				{"UpstreamDown", "/down", nil, 503, "", false},
				{"UpstreamDownWithAnAttack", "/down?q=evil", nil, 403, "", true},
				{"DirectResponse", "/direct", nil, 200, "a fixed page", false},
				{"DirectResponseKeepsItsStatus", "/gone", nil, 404, "nothing here", false},
				{"AttackOnADirectResponse", "/direct?q=evil", nil, 403, "", true},
				{"DirectResponseIsInspected", "/leak", nil, 403, "", true},
				{"RedirectByTheRoute", "/moved", nil, 301, "", false},
			} {
				t.Run(c.name, func(t *testing.T) {
					got := protocol.send(t, p.address("rules"), filtertest.Message{Path: c.path, Headers: c.headers})
					assert.Equal(t, c.status, got.Status)
					_, seawall := got.Headers.Get("x-seawall-id")
					assert.Equal(t, c.seawall, seawall)
					assert.Contains(t, string(got.Body), c.body)
					assert.NotContains(t, string(got.Body), "evil")
				})
			}
		})
	}
	// HTTP/1 only: Envoy resets an HTTP/2 stream instead.
	t.Run("HeadersTooLarge", func(t *testing.T) {
		got := sendH1(t, p.address("rules"), filtertest.Message{Headers: filtertest.Fields{{"x-big", strings.Repeat("x", 20_000)}}})
		assert.Equal(t, 431, got.Status)
	})
}
