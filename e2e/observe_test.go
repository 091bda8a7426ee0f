package e2e

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// observed are the configs of this file's tests.
var observed = map[string]string{
	"default": "{}", // log_matched_data is true
	"quiet":   "log_matched_data: false",
	"rules":   filtertest.Configs["rules"],
	"detect":  filtertest.Configs["detect"],
	"counted": `
policies:
  strict: {directives: "SecRuleEngine On\nSecRule ARGS \"@streq evil\" \"id:1,phase:1,deny\""}
  watched: {directives: "SecRuleEngine DetectionOnly\nSecRule ARGS \"@streq evil\" \"id:1,phase:1,deny\""}
default_policy: strict
hosts: {watched.example.com: watched}
metric_labels: {team: edge}
`,
}

// startObserved keeps the client's x-request-id, which Envoy would replace, and
// merges histograms often (Envoy's default is every 5 s).
func startObserved(t *testing.T) *proxy {
	return startProxy(t, observed, options{edit: func(t *testing.T, b *launch.Bootstrap) {
		b.Tree["stats_flush_interval"] = "0.1s"
		for _, manager := range managers(t, b) {
			manager["preserve_external_request_id"] = true
		}
	}})
}

func TestObservability(t *testing.T) {
	p := startObserved(t)
	t.Run("access log metadata", func(t *testing.T) { checkMetadata(t, p) })
	t.Run("hostile bytes stay within one line of JSON", func(t *testing.T) { checkHostileBytes(t, p) })
	t.Run("an event tells what matched and keeps secrets", func(t *testing.T) { checkSecrets(t, p) })
	t.Run("metrics are exact", func(t *testing.T) { checkMetrics(t, p) })
	t.Run("clients make no metrics", func(t *testing.T) { checkLabels(t, p) })
}

func checkMetadata(t *testing.T, p *proxy) {
	pad := strings.Repeat("x", 20_000) // beyond DefaultOffloadBytes
	form := filtertest.Fields{{"content-type", "application/x-www-form-urlencoded"}}
	plain := filtertest.Fields{{"content-type", "text/plain"}}
	curl := filtertest.Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}
	cases := []struct {
		name, config      string
		request, upstream filtertest.Message
		want              map[string]any
	}{
		{"pass", "rules", filtertest.Message{}, filtertest.Message{}, map[string]any{"action": "pass"}},
		{"pass below the threshold", "default", filtertest.Message{Authority: "127.0.0.1", Headers: curl}, filtertest.Message{},
			map[string]any{"action": "pass", "rule_ids": "920350", "score_inbound": 3.0}},
		{"deny in phase 1", "rules", filtertest.Message{Headers: filtertest.Fields{{"x-phase-1", "evil"}}}, filtertest.Message{},
			map[string]any{"action": "deny", "phase": 1.0, "rule_id": 1101.0, "rule_ids": "1101"}},
		{"deny in phase 2", "rules", filtertest.Message{Method: "POST", Headers: form, Body: []string{"q=evil"}}, filtertest.Message{},
			map[string]any{"action": "deny", "phase": 2.0, "rule_id": 1102.0, "rule_ids": "1102"}},
		{"deny in phase 2 off the worker", "rules", filtertest.Message{Method: "POST", Headers: form, Body: []string{"p=" + pad, "&q=evil"}}, filtertest.Message{},
			map[string]any{"action": "deny", "phase": 2.0, "rule_id": 1102.0, "rule_ids": "1102"}},
		{"deny in phase 3", "rules", filtertest.Message{}, filtertest.Message{Headers: filtertest.Fields{{"x-phase-3", "evil"}}},
			map[string]any{"action": "deny", "phase": 3.0, "rule_id": 1103.0, "rule_ids": "1103"}},
		{"deny in phase 4", "rules", filtertest.Message{}, filtertest.Message{Headers: plain, Body: []string{"evil"}},
			map[string]any{"action": "deny", "phase": 4.0, "rule_id": 1104.0, "rule_ids": "1104"}},
		{"deny in phase 4 off the worker", "rules", filtertest.Message{}, filtertest.Message{Headers: plain, Body: []string{pad, "evil"}},
			map[string]any{"action": "deny", "phase": 4.0, "rule_id": 1104.0, "rule_ids": "1104"}},
		{"deny by CRS", "default", filtertest.Message{Path: "/?id=1%27%20or%201=1--%20", Headers: curl}, filtertest.Message{},
			map[string]any{"action": "deny", "phase": 2.0, "rule_id": 949110.0, "rule_ids": "942100,949110", "score_inbound": 5.0}},
		{"would deny", "detect", filtertest.Message{Headers: filtertest.Fields{{"x-phase-1", "evil"}}}, filtertest.Message{},
			map[string]any{"action": "would_deny", "phase": 1.0, "rule_id": 1101.0, "rule_ids": "1101"}},
	}
	for _, c := range cases {
		for _, protocol := range protocols {
			t.Run(c.name+"/"+protocol.name, func(t *testing.T) {
				id := t.Name()
				p.upstream.expect(id, c.upstream)
				// A pass carries no block ID: the path finds its line.
				marker := "/" + url.PathEscape(id)
				c.request.Path = marker + strings.TrimPrefix(or(c.request.Path, "/"), "/")
				c.request.Headers = append(append(filtertest.Fields{}, c.request.Headers...), [2]string{caseHeader, id})
				answer := protocol.send(t, p.address(c.config), c.request)
				line := p.await(t, "the path "+marker, func(l string) bool {
					return strings.HasPrefix(l, "{") && strings.Contains(l, marker)
				})
				var a access
				require.NoError(t, json.Unmarshal([]byte(line), &a), line)
				for key, want := range c.want {
					assert.Equal(t, want, a.Seawall[key], key)
				}
				assert.Equal(t, "default", a.Seawall["policy"])
				assert.IsType(t, 0.0, a.Seawall["took_us"])
				assert.Len(t, a.Seawall["tx_id"], 24)
				if block, ok := answer.Headers.Get("x-seawall-id"); ok {
					assert.Equal(t, block, a.Seawall["tx_id"], "the block ID that the client got")
				}
				if c.want["action"] == "deny" {
					assert.Equal(t, 403, answer.Status)
				} else {
					assert.Equal(t, 200, answer.Status)
				}
			})
		}
	}
}

// checkHostileBytes: invariant 6, for all bytes that Envoy lets through. (It
// refuses control bytes other than tab in headers, %00 in a path, and raw bytes
// beyond ASCII in a path or a Host.)
func checkHostileBytes(t *testing.T, p *proxy) {
	const escaped = "evil%0d%0a{%22event%22:%22forged%22}%1b[31m%07%7f%c2%85%c2%9b31m%e2%80%a8%e2%80%ae%22%5c%ff%fe"
	const raw = "evil\t\x85\x9b\xc2\x85\xe2\x80\xa8\xe2\x80\xae\"\\\xff\xfe\",\"action\":\"pass"
	for _, c := range []struct {
		name    string
		request filtertest.Message
	}{
		{"path", filtertest.Message{Path: "/" + escaped + "?q=evil"}},
		{"argument", filtertest.Message{Path: "/?q=" + escaped}},
		{"argument's name", filtertest.Message{Path: "/?" + escaped + "=evil"}},
		{"header", filtertest.Message{Headers: filtertest.Fields{{"x-late", raw}}}},
		{"cookie", filtertest.Message{Headers: filtertest.Fields{{"cookie", raw + "=evil"}}}},
		{"request ID", filtertest.Message{Path: "/?q=evil", Headers: filtertest.Fields{{"x-request-id", raw}}}},
		{"host", filtertest.Message{Path: "/?q=evil", Authority: "%0d%0a%1b'%22"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := p.logged()
			a := sendH1(t, p.address("rules"), c.request)
			block, _ := a.Headers.Get("x-seawall-id")
			require.Equal(t, 403, a.Status)
			line := p.await(t, "the event of "+block, func(l string) bool {
				return strings.Contains(l, `"event":"seawall"`) && strings.Contains(l, block)
			})
			assert.True(t, json.Valid([]byte(jsonOf(line))), line)
			var e map[string]any
			require.NoError(t, json.Unmarshal([]byte(jsonOf(line)), &e))
			assert.Equal(t, "deny", e["action"], "nothing of the request's overrides a field")
			for _, l := range p.linesFrom(from) {
				assert.Less(t, strings.IndexFunc(l, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }), 0,
					"a byte that does not print in %q", l)
				assert.False(t, strings.HasPrefix(l, `{"event":"forged"`), "a forged line")
			}
		})
	}
}

// checkSecrets plants a secret wherever requests carry them, beside an attack.
func checkSecrets(t *testing.T, p *proxy) {
	attack := "1%27%20or%201=1--%20" + planted
	curl := filtertest.Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}, {"authorization", "Basic " + planted}, {"cookie", "sid=" + planted + "' or 1=1-- "}}
	form := append(append(filtertest.Fields{}, curl...), [2]string{"content-type", "application/x-www-form-urlencoded"})
	for _, c := range []struct {
		name, config, variable string
		request                filtertest.Message
	}{
		{"elsewhere in the query", "default", "ARGS:q", filtertest.Message{Path: "/?other=" + planted + "&q=1%27%20or%201=1--%20", Headers: curl}},
		{"password", "default", "ARGS:password", filtertest.Message{Path: "/?password=" + attack, Headers: curl}},
		{"password in a body", "default", "ARGS:password", filtertest.Message{Method: "POST", Headers: form, Body: []string{"password=" + attack}}},
		{"cookie", "default", "REQUEST_COOKIES:sid", filtertest.Message{Headers: curl}},
		{"query, without matched data", "quiet", "ARGS:q", filtertest.Message{Path: "/?q=" + attack, Headers: curl}},
		{"body, without matched data", "quiet", "ARGS:q", filtertest.Message{Method: "POST", Headers: form, Body: []string{"q=" + attack}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := p.logged()
			a := sendH1(t, p.address(c.config), c.request)
			require.Equal(t, 403, a.Status)
			e := p.eventAfter(t, from, "seawall")
			var matched []string
			for _, rule := range e["rules"].([]any) {
				rule := rule.(map[string]any)
				for _, on := range rule["matched"].([]any) {
					if rule["id"] == 942100.0 {
						matched = append(matched, on.(map[string]any)["variable"].(string))
					}
				}
			}
			assert.Contains(t, matched, c.variable, "what rule 942100 matched on")
			for _, line := range p.linesFrom(from) {
				if !strings.HasPrefix(line, "{") { // the access log shows the query
					assert.NotContains(t, line, planted)
				}
			}
		})
	}
}
