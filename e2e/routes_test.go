package e2e

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// managers returns every listener's HTTP connection manager.
func managers(t testing.TB, b *launch.Bootstrap) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, l := range b.Tree["static_resources"].(map[string]any)["listeners"].([]any) {
		chains, ok := l.(map[string]any)["filter_chains"].([]any)
		require.True(t, ok)
		filter := chains[0].(map[string]any)["filters"].([]any)[0].(map[string]any)
		all = append(all, filter["typed_config"].(map[string]any))
	}
	return all
}

// addRoute puts a route in front of the others in every listener. action is a
// route's key ("route", "direct_response") with its value.
func addRoute(t testing.TB, b *launch.Bootstrap, match map[string]any, action string, value map[string]any) {
	t.Helper()
	for _, m := range managers(t, b) {
		host := m["route_config"].(map[string]any)["virtual_hosts"].([]any)[0].(map[string]any)
		route := map[string]any{"match": match, action: value}
		host["routes"] = append([]any{route}, host["routes"].([]any)...)
	}
}

// protocol of an added cluster.
const (
	speaksHTTP1 = "http_protocol_options"
	speaksHTTP2 = "http2_protocol_options"
)

// addCluster adds an upstream beside the harness's own.
func addCluster(t testing.TB, b *launch.Bootstrap, name, address, speaks string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	endpoint := map[string]any{"address": map[string]any{"socket_address": map[string]any{"address": host, "port_value": number}}}
	cluster := map[string]any{
		"name": name, "type": "STATIC", "connect_timeout": "5s",
		"load_assignment": map[string]any{"cluster_name": name,
			"endpoints": []any{map[string]any{"lb_endpoints": []any{map[string]any{"endpoint": endpoint}}}}},
		"typed_extension_protocol_options": map[string]any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": map[string]any{
				"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
				// Idle connections end soon, so that a test can await the end of all.
				"common_http_protocol_options": map[string]any{"idle_timeout": "0.1s"},
				"explicit_http_config":         map[string]any{speaks: map[string]any{}}}},
	}
	resources := b.Tree["static_resources"].(map[string]any)
	resources["clusters"] = append(resources["clusters"].([]any), cluster)
}

// prefix is a route's match.
func prefix(p string) map[string]any { return map[string]any{"prefix": p} }

// to is a route's action without a timeout.
func to(cluster string) map[string]any { return map[string]any{"cluster": cluster, "timeout": "0s"} }
