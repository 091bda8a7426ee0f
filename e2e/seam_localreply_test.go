package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestSeamEnvoyAnswersInMidRequest: where Envoy ends an exchange while its body is
// held, the client gets Envoy's status, whatever the rules for responses say, the
// upstream nothing, and the transaction is closed.
func TestSeamEnvoyAnswersInMidRequest(t *testing.T) {
	// Phase 3 would deny every such answer of an upstream's.
	rules := filtertest.Configs["rules"] + "  SecRule RESPONSE_STATUS \"@rx ^4\" \"id:1301,phase:3,deny,status:418\"\n"
	p := startProxy(t, map[string]string{"timeout": rules, "idle": rules, "buffered": rules, "limited": filtertest.Configs["reject"]}, options{edit: func(t *testing.T, b *launch.Bootstrap) {
		b.Tree["stats_flush_interval"] = "0.2s"
		for i, m := range managers(t, b) {
			switch b.Tree["static_resources"].(map[string]any)["listeners"].([]any)[i].(map[string]any)["name"] {
			case "timeout":
				m["request_timeout"] = "0.3s"
			case "idle":
				m["stream_idle_timeout"] = "0.3s"
			case "buffered": // Envoy's own buffer filter, before Seawall's
				m["http_filters"] = append([]any{map[string]any{"name": "envoy.filters.http.buffer", "typed_config": map[string]any{
					"@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer", "max_request_bytes": 10}}},
					m["http_filters"].([]any)...)
			}
		}
	}})
	t.Run("ABodyAtTheLimitIsRefusedBeforeItEnds", func(t *testing.T) {
		c := dialH1(t, "tcp", p.address("limited"))
		c.write("POST / HTTP/1.1\r\n" + hostLine + "content-type: text/plain\r\ncontent-length: 5000\r\n\r\n" + strings.Repeat("x", 1000))
		response, _ := c.read("POST")
		assert.Equal(t, 413, response.StatusCode)
		assert.NotEmpty(t, response.Header.Get("x-seawall-id"), "it is Seawall's reply")
	})
	for config, status := range map[string]int{"timeout": 408, "idle": 408, "buffered": 413} {
		t.Run("h1/"+config, func(t *testing.T) {
			c := dialH1(t, "tcp", p.address(config))
			c.write("POST / HTTP/1.1\r\n" + hostLine + formLine + caseHeader + ": " + t.Name() + "\r\ncontent-length: 100\r\n\r\na=1&b=2&c=3&d=4")
			response, _ := c.read("POST")
			assert.Equal(t, status, response.StatusCode)
			assert.Empty(t, response.Header.Get("x-seawall-id"), "it is Envoy's reply")
			assert.Nil(t, p.upstream.saw(t.Name()))
			p.awaitAllClosed(t)
		})
		t.Run("h2/"+config, func(t *testing.T) {
			c := dialH2(t, p.address(config))
			c.headers(1, false, append(postHead("/"), [2]string{caseHeader, t.Name()})...)
			c.data(1, false, "a=1&b=2&c=3&d=4")
			head := c.awaitHeaders(1)
			require.Equal(t, itoa(status), head[":status"])
			assert.Empty(t, head["x-seawall-id"], "it is Envoy's reply")
			assert.Nil(t, p.upstream.saw(t.Name()))
			p.awaitAllClosed(t)
		})
	}
}
