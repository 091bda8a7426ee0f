package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestContribTraps: what contrib's host does in its own way, by the paths of its
// API that the behaviour table does not take.
func TestContribTraps(t *testing.T) {
	for _, version := range versionsOf(doorGolang) {
		t.Run(version, func(t *testing.T) { contribTraps(t, version) })
	}
}

func contribTraps(t *testing.T, version string) {
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"]}, options{door: doorGolang, version: version,
		edit: func(t *testing.T, b *launch.Bootstrap) {
			addCluster(t, b, "down", "127.0.0.1:1", speaksHTTP1) // a port of root's, on which nothing listens
			golangRoutes(t, b)
			// A filter before Seawall that answers where a request asks it to.
			manager := managers(t, b)[0]
			manager["http_filters"] = append([]any{map[string]any{"name": "envoy.filters.http.fault", "typed_config": map[string]any{
				"@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
				"abort": map[string]any{"header_abort": map[string]any{}, "percentage": map[string]any{"numerator": 100}}}}},
				manager["http_filters"].([]any)...)
		}})
	address := p.address("rules")

	t.Run("DropEndsTheConnection", func(t *testing.T) {
		c := dialH1(t, "tcp", address)
		response, _ := c.exchange("GET", "/", "x-do: drop\r\n")
		assert.Equal(t, 403, response.StatusCode)
		assert.True(t, response.Close, "connection: close")
	})
	t.Run("OurReplyIsNotJudgedByOurResponseRules", func(t *testing.T) {
		got := sendH1(t, address, filtertest.Message{Path: "/?q=evil"})
		assert.Equal(t, 403, got.Status)
		id, _ := got.Headers.Get("x-seawall-id")
		assert.Equal(t, 1102, filtertest.RuleOf(p.accessOf(t, id).Details))
	})
	t.Run("EnvoysOwnReplyPasses", func(t *testing.T) {
		for _, protocol := range protocols {
			got := protocol.send(t, address, filtertest.Message{Path: "/down"})
			assert.Equal(t, 503, got.Status, protocol.name)
			assert.Contains(t, string(got.Body), "upstream connect error", protocol.name)
		}
	})
	t.Run("TheReplyOfAFilterBeforePasses", func(t *testing.T) {
		// Seawall sees its encode callbacks, its log and its end, and no request.
		before := p.counter(t, "transactions")
		for _, protocol := range protocols {
			got := protocol.send(t, address, filtertest.Message{Path: "/?q=evil", Headers: filtertest.Fields{{"x-envoy-fault-abort-request", "503"}}})
			assert.Equal(t, 503, got.Status, protocol.name)
			assert.Equal(t, "fault filter abort", string(got.Body), protocol.name)
		}
		assert.Equal(t, before, p.counter(t, "transactions"))
	})
	t.Run("TheClientGoesBeforeThereIsAResponse", func(t *testing.T) {
		p.awaitTransactions(t, 0)
		c := dialH2(t, address)
		c.headers(1, false, postHead("/")...)
		c.data(1, false, "q=e")
		p.awaitTransactions(t, 1)
		c.reset(1)
		p.awaitTransactions(t, 0)
	})
	t.Run("MetadataIsSetBeforeTheAccessLog", func(t *testing.T) {
		got := sendH1(t, address, filtertest.Message{Path: "/?q=evil"})
		id, _ := got.Headers.Get("x-seawall-id")
		assert.NotEmpty(t, p.accessOf(t, id).Seawall)
	})
	t.Run("ARouteReplacesOrDisablesThePolicy", func(t *testing.T) {
		for path, status := range map[string]int{"/tea?a=evil": 418, "/tea?b=evil": 200, "/open?a=evil": 200, "/?a=evil": 403} {
			assert.Equal(t, status, sendH1(t, address, filtertest.Message{Path: path}).Status, path)
		}
		// Contrib merges a route's config into its virtual host's; a policy that
		// replaces makes the two ways equal.
		assert.Equal(t, 418, sendH1(t, address, filtertest.Message{Authority: "shop.example.com", Path: "/?a=evil"}).Status)
		assert.Equal(t, 200, sendH1(t, address, filtertest.Message{Authority: "shop.example.com", Path: "/open?a=evil"}).Status)
	})
	t.Run("ARoutesBadPolicyAnswers500", func(t *testing.T) {
		// The library was not loaded when Envoy read the routes, and contrib would end
		// Envoy here for a policy that the library refuses (RoutePluginConfig).
		assert.Equal(t, 500, sendH1(t, address, filtertest.Message{Path: "/bad"}).Status)
		p.await(t, "what is wrong with it", func(l string) bool {
			return strings.Contains(l, "every request is answered 500: parsing a per-route config") && strings.Contains(l, "disabel")
		})
		assert.Equal(t, 200, sendH1(t, address, filtertest.Message{}).Status, "elsewhere")
	})
	t.Run("CountersOfTheFilterCountItsRoutesToo", func(t *testing.T) {
		before := p.sum(t, `\.seawall\.denied$`)
		for _, path := range []string{"/?q=evil", "/tea?a=evil"} {
			sendH1(t, address, filtertest.Message{Path: path})
		}
		require.Eventually(t, func() bool { return p.sum(t, `\.seawall\.denied$`) == before+2 }, settleWithin, pollStats)
	})
	assert.Zero(t, p.sum(t, `golang\.panic_error$`), "panics")
	p.requireRunning(t)
}

// golangRoutes puts routes with policies of their own before the one that catches
// all, and a virtual host with a policy.
func golangRoutes(t *testing.T, b *launch.Bootstrap) {
	t.Helper()
	policy := func(document string) map[string]any { return perRoute(t, doorGolang, document) }
	route := func(prefix, cluster, document string) map[string]any {
		r := map[string]any{"match": map[string]any{"prefix": prefix}, "route": map[string]any{"cluster": cluster}}
		if document != "" {
			r["typed_per_filter_config"] = policy(document)
		}
		return r
	}
	config := managers(t, b)[0]["route_config"].(map[string]any)
	all := config["virtual_hosts"].([]any)[0].(map[string]any)
	all["routes"] = append([]any{route("/tea", "upstream", teapot), route("/open", "upstream", "disabled: true"), route("/down", "down", ""),
		route("/bad", "upstream", "disabel: true")},
		all["routes"].([]any)...)
	config["virtual_hosts"] = []any{all, map[string]any{"name": "shop", "domains": []any{"shop.example.com"},
		"routes":                  []any{route("/open", "upstream", "disabled: true"), route("/", "upstream", "")},
		"typed_per_filter_config": policy(teapot)}}
}
