package e2e

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// documentKey is where a door's typed_config holds Seawall's document.
func documentKey() string {
	if asked() == doorGolang {
		return "plugin_config"
	}
	return "filter_config"
}

// refusal begins the line with which a refused document is explained.
func refusal() string {
	if asked() == doorGolang {
		return "failed to parse golang plugin config: " // contrib's SDK writes it
	}
	return "seawall: "
}

// asText carries a document as it is written: an error's line is the document's.
func asText(document string) map[string]any {
	return map[string]any{"@type": "type.googleapis.com/google.protobuf.StringValue", "value": document}
}

// asMessage carries a document as a message of this type that holds a Struct,
// with its keys in Envoy's own configuration.
func asMessage(t *testing.T, kind, document string) map[string]any {
	t.Helper()
	value := map[string]any{}
	require.NoError(t, yaml.Unmarshal([]byte(document), &value))
	return map[string]any{"@type": "type.googleapis.com/" + kind, "value": value}
}

// seawallFilters returns the typed_config of Seawall in each listener, by name.
func seawallFilters(t *testing.T, b *launch.Bootstrap) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for _, l := range b.Tree["static_resources"].(map[string]any)["listeners"].([]any) {
		one := &launch.Bootstrap{Tree: map[string]any{"static_resources": map[string]any{"listeners": []any{l}}}}
		filter, err := one.SeawallFilter()
		require.NoError(t, err)
		all[l.(map[string]any)["name"].(string)] = filter
	}
	return all
}

// carriedAsNamed hands each listener's document over in the way that its name
// ends in, "string" or "struct"; the others stay as they are.
func carriedAsNamed(documents map[string]string) func(*testing.T, *launch.Bootstrap) {
	return func(t *testing.T, b *launch.Bootstrap) {
		for name, filter := range seawallFilters(t, b) {
			switch {
			case strings.HasSuffix(name, "string"):
				filter[documentKey()] = asText(documents[name])
			case strings.HasSuffix(name, "struct"):
				filter[documentKey()] = asMessage(t, "google.protobuf.Struct", documents[name])
			}
		}
	}
}

// perRoute is a route's or virtual host's typed_per_filter_config with a
// document of ours, as users of the door write it.
func perRoute(t *testing.T, door, document string) map[string]any {
	t.Helper()
	if door == doorGolang {
		return map[string]any{"envoy.filters.http.golang": map[string]any{
			"@type": "type.googleapis.com/envoy.extensions.filters.http.golang.v3alpha.ConfigsPerRoute",
			"plugins_config": map[string]any{"seawall": map[string]any{
				"config": asMessage(t, "xds.type.v3.TypedStruct", document)}}}}
	}
	return map[string]any{"envoy.filters.http.dynamic_modules": map[string]any{
		"@type":                 "type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilterPerRoute",
		"dynamic_module_config": map[string]any{"name": "seawall", "do_not_close": true},
		"per_route_config_name": "seawall",
		"filter_config":         asText(document),
	}}
}
