package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestExplainsExclusionLetsExactlyThatRequestPass applies what explain proposes for 20
// requests, spread over CRS's files, to a running Envoy.
func TestExplainsExclusionLetsExactlyThatRequestPass(t *testing.T) {
	const want = 20
	cases := remediedCases(t, want)
	require.Len(t, cases, want)
	p := startProxy(t, map[string]string{"remedied": remediedConfig(cases)}, options{})
	address := p.address("remedied")
	status := func(m filtertest.Message, host string) int {
		m.Authority = host
		return sendH1(t, address, m).Status
	}
	attacks := 0
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, 403, status(c.request, "app.example.com"), "without the exclusion")
			assert.Equal(t, 200, status(c.request, c.host(i)), "with it:\n%s", c.seclang)
			elsewhere := c.request
			path, _, _ := strings.Cut(elsewhere.Path, "?")
			elsewhere.Path = atPath(elsewhere.Path, path+"-elsewhere")
			assert.Equal(t, 403, status(elsewhere, c.host(i)), "the same on another path")
			for _, attack := range c.attacks {
				assert.Equal(t, 403, status(attack, c.host(i)), "an attack of the category: %+v", attack)
			}
			attacks += len(c.attacks)
		})
	}
	assert.Greater(t, attacks, 3*want, "most categories have attacks to send")
	t.Logf("%d requests pass with their exclusion, %d attacks of their categories do not", len(cases), attacks)
}

// What ThroughEnvoy takes out of a request is what Envoy takes out of it.
func TestExplainKnowsWhatEnvoyTakesOutOfARequest(t *testing.T) {
	p := startProxy(t, map[string]string{"referer": "directives: |\n  SecRuleEngine On\n" +
		"  SecRule &REQUEST_HEADERS:Referer \"@ge 1\" \"id:1,phase:1,deny,status:403\"\n"}, options{})
	for _, referer := range []string{"http://www.example.com/a?b=<script>", "https://[2001:db8::1]:8443/", "http://h", "HTTP://user@h:80/x",
		"<script >alert(1);</script>", "/relative?q=1", "www.example.com", "http://h/a b", "http:///x", "ftp://h/x", "a://h", "http://h/%00\"'", "http://h?q", "http://h#f",
		"/a?q=<x>", "a:b", "/a:b", "about:blank", "http://h:/", "http://h/a@b", "//h/x"} {
		m := filtertest.Message{Headers: filtertest.Fields{{"referer", referer}}}
		x := exchange.Exchange{Headers: [][2]string{{"referer", referer}}}
		x.ThroughEnvoy()
		want := map[int]int{0: 200, 1: 403}[len(x.Headers)]
		assert.Equal(t, want, sendH1(t, p.address("referer"), m).Status, "Referer: %s", referer)
	}
}

// remediedConfig has one policy for each case, by host.
func remediedConfig(cases []remedied) string {
	var policies, hosts strings.Builder
	for i, c := range cases {
		fmt.Fprintf(&policies, "  app%d:\n    directives: |\n", i)
		for line := range strings.Lines(c.seclang + "Include @seawall.conf\n") {
			policies.WriteString("      " + line)
		}
		fmt.Fprintf(&hosts, "  %s: app%d\n", c.host(i), i)
	}
	return "policies:\n  plain: {directives: Include @seawall.conf}\n" + policies.String() + "hosts:\n" + hosts.String() + "default_policy: plain\n"
}
