package e2e

import (
	"encoding/json"
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

// The settings of Envoy that change a path: its defaults here, which normalise;
// no normalisation; and one setting more than the defaults.
const normal, verbatim, merged, unescaped = "normal", "verbatim", "merged", "unescaped"

// refused400 stands for a path that Envoy answers itself.
const refused400 = ""

// pathRow is a path and what the upstream gets of it.
type pathRow struct {
	name, path string
	normal     string
	under      map[string]string // settings under which it is another
}

func pathRows() []pathRow {
	same := func(name, path string) pathRow { return pathRow{name, path, path, nil} }
	// normalised is what every setting makes of a path, but no normalisation.
	normalised := func(name, path, to string) pathRow { return pathRow{name, path, to, map[string]string{verbatim: path}} }
	return []pathRow{
		same("Plain", "/a/b?q=1"), same("DoubleEncodedDots", "/a/%252e%252e/b"), same("DotsInTheQuery", "/a?f=/../b"),
		same("LowerCaseEscape", "/%c3%bc"), same("BadEscape", "/%zz?id=1"), same("QuestionMarks", "/a??b=1?c"),
		same("AmpersandsInThePath", "/a&b=c"), same("Plus", "/a+b?c+d"), same("TrailingSlash", "/a/"),
		normalised("DotSegments", "/a/../b/./c", "/b/c"), normalised("EncodedDots", "/a/%2e%2e/b", "/b"),
		normalised("Backslash", `/a\..\b`, "/b"), normalised("Unreserved", "/%61%2D%7e", "/a-~"),
		normalised("PathParameter", "/a;x=1/..;/b", "/b"), normalised("AboveTheRoot", "/../../a", "/a"),
		normalised("NUL", "/a%00b", refused400),
		{"Slashes", "//a///b", "//a///b", map[string]string{merged: "/a/b"}},
		{"EncodedSlash", "/a%2fb%2F..%2fc", "/a%2fb%2F..%2fc", map[string]string{unescaped: "/a/c"}},
		{"EncodedBackslash", "/a%5c..%5Cb", "/a%5c..%5Cb", map[string]string{unescaped: "/b"}},
		{"Fragment", "/a#b", refused400, nil},
	}
}

// TestSeamRulesSeeWhatTheUpstreamGets: the path and the host, whatever Envoy does to
// them first, are the same bytes to the rules and to the upstream, which writes
// them down as they came.
func TestSeamRulesSeeWhatTheUpstreamGets(t *testing.T) {
	raw := startRawUpstream(t, "raw")
	configs := map[string]string{normal: sees, verbatim: sees, merged: sees, unescaped: sees}
	p := startProxy(t, configs, options{edit: func(t *testing.T, b *launch.Bootstrap) {
		addCluster(t, b, "raw", raw.address, speaksHTTP1)
		addRoute(t, b, prefix("/"), "route", to("raw"))
		for i, m := range managers(t, b) {
			m["preserve_external_request_id"] = true
			switch b.Tree["static_resources"].(map[string]any)["listeners"].([]any)[i].(map[string]any)["name"] {
			case verbatim:
				m["normalize_path"] = false
			case merged:
				m["merge_slashes"] = true
			case unescaped:
				m["path_with_escaped_slashes_action"] = "UNESCAPE_AND_FORWARD"
			}
		}
	}})
	// check wants a status, and where it is 200, this target and host on both sides;
	// else nothing at the upstream, and Envoy's own refusal.
	check := func(t *testing.T, id, status, block, want, target, host string) {
		t.Helper()
		require.Equal(t, want, status)
		gotTarget, gotHost := raw.got(id)
		assert.Equal(t, target, gotTarget, "the target that the upstream got")
		assert.Equal(t, host, gotHost, "the host that the upstream got")
		if want == "200" {
			uri, host := p.sawOf(t, id)
			assert.Equal(t, gotTarget, uri, "the path that the rules saw")
			assert.Equal(t, gotHost, host, "the host that the rules saw")
		}
		assert.Empty(t, block, "Seawall has nothing against it")
	}
	overHTTP1 := func(t *testing.T, config, target, sentHost, want, gotTarget, gotHost string) {
		t.Helper()
		id := strings.ReplaceAll(t.Name(), "/", "-")
		c := dialH1(t, "tcp", p.address(config))
		c.write("GET " + target + " HTTP/1.1\r\nhost: " + sentHost + "\r\nx-request-id: " + id + "\r\n" + caseHeader + ": " + id + "\r\n\r\n")
		response, _ := c.read("GET")
		check(t, id, itoa(response.StatusCode), response.Header.Get("x-seawall-id"), want, gotTarget, gotHost)
	}
	overHTTP2 := func(t *testing.T, config, path, want, gotTarget, gotHost string, more ...[2]string) {
		t.Helper()
		id := strings.ReplaceAll(t.Name(), "/", "-")
		c := dialH2(t, p.address(config))
		c.headers(1, true, append(filtertest.Fields{{":method", "GET"}, {":scheme", "http"}, {":path", path},
			{":authority", "app.example.com"}, {"x-request-id", id}, {caseHeader, id}}, more...)...)
		got := c.awaitHeaders(1)
		check(t, id, got[":status"], got["x-seawall-id"], want, gotTarget, gotHost)
	}
	for config := range configs {
		for _, row := range pathRows() {
			target, other := row.under[config]
			if !other {
				target = row.normal
			}
			want, host := "200", "app.example.com"
			if target == refused400 {
				want, host = "400", ""
			}
			t.Run(config+"/h1/"+row.name, func(t *testing.T) { overHTTP1(t, config, row.path, "app.example.com", want, target, host) })
			t.Run(config+"/h2/"+row.name, func(t *testing.T) { overHTTP2(t, config, row.path, want, target, host) })
		}
	}
	for _, c := range []struct{ name, target, host, want, gotTarget, gotHost string }{
		{"AbsoluteURI", "http://other.example.com/host", "app.example.com", "200", "/host", "other.example.com"},
		{"AbsoluteURIWithAPort", "http://other.example.com:8443/host", "app.example.com", "200", "/host", "other.example.com:8443"},
		{"AbsoluteURIWithUserinfo", "http://app@other.example.com/host", "app.example.com", "200", "/host", "other.example.com"},
		{"AbsoluteURIOfAnotherScheme", "https://other.example.com/host", "app.example.com", "403", "", ""},
		{"HostOfAnotherCase", "/host", "APP.Example.Com.", "200", "/host", "APP.Example.Com."},
		{"NoSlash", "host", "app.example.com", "400", "", ""},
		{"Asterisk", "*", "app.example.com", "400", "", ""},
	} {
		t.Run("normal/h1/"+c.name, func(t *testing.T) { overHTTP1(t, normal, c.target, c.host, c.want, c.gotTarget, c.gotHost) })
	}
	t.Run("normal/h2/HostBesideAuthority", func(t *testing.T) {
		overHTTP2(t, normal, "/host", "200", "/host", "app.example.com", [2]string{"host", "other.example.com"})
	})
	for name, path := range map[string]string{"AbsoluteURI": "http://other.example.com/host", "NoSlash": "host", "Asterisk": "*"} {
		t.Run("normal/h2/"+name, func(t *testing.T) { overHTTP2(t, normal, path, "", "", "") }) // the stream is reset
	}
}
