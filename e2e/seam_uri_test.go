package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// sees writes what the rules saw of a request's head into its event.
const sees = `
directives: |
  SecRuleEngine On
  SecAction "id:1,phase:1,pass,log,msg:'%{REQUEST_URI_RAW}'"
  SecAction "id:2,phase:1,pass,log,msg:'%{REQUEST_HEADERS.host}'"
`

// sawOf awaits the event of the exchange with this request ID.
func (p *proxy) sawOf(t *testing.T, id string) (uri, host string) {
	t.Helper()
	line := p.await(t, "the event of "+id, func(l string) bool {
		return strings.Contains(l, `"event":"seawall"`) && strings.Contains(l, `"request_id":"`+id+`"`)
	})
	var e struct {
		Rules []struct {
			Message string `json:"msg"`
		} `json:"rules"`
	}
	require.NoError(t, json.Unmarshal([]byte(jsonOf(line)), &e), line)
	require.Len(t, e.Rules, 2)
	return e.Rules[0].Message, e.Rules[1].Message
}

// TestSeamRulesSeeWhatTheUpstreamGets: the path and the host, whatever Envoy does to
// them first, mean the same to the rules and to the upstream.
func TestSeamRulesSeeWhatTheUpstreamGets(t *testing.T) {
	configs := map[string]string{"normal": sees, "verbatim": sees, "merged": sees, "unescaped": sees}
	p := startProxy(t, configs, options{edit: func(t *testing.T, b *launch.Bootstrap) {
		for i, m := range managers(t, b) {
			m["preserve_external_request_id"] = true
			switch b.Tree["static_resources"].(map[string]any)["listeners"].([]any)[i].(map[string]any)["name"] {
			case "verbatim":
				m["normalize_path"] = false
			case "merged":
				m["merge_slashes"] = true
			case "unescaped":
				m["path_with_escaped_slashes_action"] = "UNESCAPE_AND_FORWARD"
			}
		}
	}})
	paths := map[string]string{
		"Plain": "/a/b?q=1", "DotSegments": "/a/../b/./c", "EncodedDots": "/a/%2e%2e/b", "DoubleEncodedDots": "/a/%252e%252e/b",
		"DotsInTheQuery": "/a?f=/../b", "Slashes": "//a///b", "EncodedSlash": "/a%2fb%2F..%2fc", "EncodedBackslash": "/a%5c..%5Cb", "Backslash": `/a\..\b`,
		"Unreserved": "/%61%2D%7e", "LowerCaseEscape": "/%c3%bc", "PathParameter": "/a;x=1/..;/b", "BadEscape": "/%zz?id=1",
		"QuestionMarks": "/a??b=1?c", "AmpersandsInThePath": "/a&b=c", "Plus": "/a+b?c+d", "TrailingSlash": "/a/", "AboveTheRoot": "/../../a",
	}
	check := func(t *testing.T, config string, send func(path, id string) (status string)) {
		t.Helper()
		id := strings.ReplaceAll(t.Name(), "/", "-")
		p.upstream.expect(id, filtertest.Message{})
		status := send(config, id)
		seen := p.upstream.saw(id)
		if status == "400" || status == "502" {
			assert.Nil(t, seen, "refused by Envoy, or as malformed by the upstream's own server")
			return
		}
		require.Equal(t, "200", status)
		require.NotNil(t, seen)
		uri, _ := p.sawOf(t, id)
		assert.Equal(t, seen.Path, uri)
	}
	for config := range configs {
		for name, path := range paths {
			t.Run(config+"/h1/"+name, func(t *testing.T) {
				check(t, config, func(config, id string) string {
					response, _ := dialH1(t, "tcp", p.address(config)).exchange("GET", path, "x-request-id: "+id+"\r\n"+caseHeader+": "+id+"\r\n")
					return itoa(response.StatusCode)
				})
			})
			t.Run(config+"/h2/"+name, func(t *testing.T) {
				check(t, config, func(config, id string) string {
					c := dialH2(t, p.address(config))
					c.headers(1, true, [2]string{":method", "GET"}, [2]string{":scheme", "http"}, [2]string{":path", path},
						[2]string{":authority", "app.example.com"}, [2]string{"x-request-id", id}, [2]string{caseHeader, id})
					head := c.awaitHeaders(1)
					if head[":status"] == "" {
						return "400" // the stream was reset
					}
					return head[":status"]
				})
			})
		}
	}

	hosts := make(chan string, 1)
	p.upstream.handle("/host", func(_ http.ResponseWriter, r *http.Request) { hosts <- r.Host })
	for name, c := range map[string]struct{ target, host string }{
		"AbsoluteURI":                {"http://other.example.com/host", "app.example.com"},
		"AbsoluteURIWithAPort":       {"http://other.example.com:8443/host", "app.example.com"},
		"AbsoluteURIOfAnotherScheme": {"https://other.example.com/host", "app.example.com"},
		"HostOfAnotherCase":          {"/host", "APP.Example.Com."},
	} {
		t.Run("normal/h1/"+name, func(t *testing.T) {
			id := strings.ReplaceAll(t.Name(), "/", "-")
			c1 := dialH1(t, "tcp", p.address("normal"))
			c1.write("GET " + c.target + " HTTP/1.1\r\nhost: " + c.host + "\r\nx-request-id: " + id + "\r\n\r\n")
			response, _ := c1.read("GET")
			if response.StatusCode == 400 || response.StatusCode == 403 {
				return // Envoy's own refusal: nothing to compare
			}
			require.Equal(t, 200, response.StatusCode)
			uri, host := p.sawOf(t, id)
			assert.Equal(t, "/host", uri)
			assert.Equal(t, <-hosts, host)
		})
	}
	t.Run("normal/h2/HostBesideAuthority", func(t *testing.T) {
		id := "host-beside-authority"
		c := dialH2(t, p.address("normal"))
		c.headers(1, true, [2]string{":method", "GET"}, [2]string{":scheme", "http"}, [2]string{":path", "/host"},
			[2]string{":authority", "app.example.com"}, [2]string{"host", "other.example.com"}, [2]string{"x-request-id", id})
		if c.awaitHeaders(1)[":status"] == "200" {
			_, host := p.sawOf(t, id)
			assert.Equal(t, <-hosts, host)
		}
	})
}
