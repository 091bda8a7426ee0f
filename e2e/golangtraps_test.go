package e2e

import (
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestContribTraps: what contrib's host does in its own way, by the paths of its
// API that the behaviour table does not take.
func TestContribTraps(t *testing.T) {
	for _, version := range golangVersions {
		t.Run(version, func(t *testing.T) { contribTraps(t, version) })
	}
}

func contribTraps(t *testing.T, version string) {
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"]}, options{door: doorGolang, version: version,
		edit: func(t *testing.T, b *launch.Bootstrap) {
			addCluster(t, b, "down", "127.0.0.1:1", speaksHTTP1) // a port of root's, on which nothing listens
			golangRoutes(t, b)
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
	policy := func(document string) map[string]any {
		var value map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(document), &value))
		return map[string]any{"envoy.filters.http.golang": map[string]any{
			"@type": "type.googleapis.com/envoy.extensions.filters.http.golang.v3alpha.ConfigsPerRoute",
			"plugins_config": map[string]any{"seawall": map[string]any{"config": map[string]any{
				"@type": "type.googleapis.com/xds.type.v3.TypedStruct", "value": value}}}}}
	}
	route := func(prefix, cluster, document string) map[string]any {
		r := map[string]any{"match": map[string]any{"prefix": prefix}, "route": map[string]any{"cluster": cluster}}
		if document != "" {
			r["typed_per_filter_config"] = policy(document)
		}
		return r
	}
	config := managers(t, b)[0]["route_config"].(map[string]any)
	all := config["virtual_hosts"].([]any)[0].(map[string]any)
	all["routes"] = append([]any{route("/tea", "upstream", teapot), route("/open", "upstream", "disabled: true"), route("/down", "down", "")},
		all["routes"].([]any)...)
	config["virtual_hosts"] = []any{all, map[string]any{"name": "shop", "domains": []any{"shop.example.com"},
		"routes":                  []any{route("/open", "upstream", "disabled: true"), route("/", "upstream", "")},
		"typed_per_filter_config": policy(teapot)}}
}
