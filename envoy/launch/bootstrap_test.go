package launch

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheTwoDoorsDifferOnlyInTheFilter(t *testing.T) {
	stock, err := DynamicModule()
	require.NoError(t, err)
	contrib, err := Golang()
	require.NoError(t, err)
	for _, boot := range []*Bootstrap{stock, contrib} {
		manager, err := boot.ConnectionManager()
		require.NoError(t, err)
		require.Len(t, manager["http_filters"], 2)
		manager["http_filters"] = manager["http_filters"].([]any)[1:]
	}
	assert.Equal(t, stock.Tree, contrib.Tree)
}

func TestBootstrapsAreRewrittenWhereAUserWouldEditThem(t *testing.T) {
	for name, tc := range map[string]struct {
		load func() (*Bootstrap, error)
		want map[string]any
	}{
		"dynamic module": {DynamicModule, map[string]any{
			"@type": typeDynamicModule,
			"dynamic_module_config": map[string]any{
				"name": "seawall", "do_not_close": true,
			},
			"filter_name":   "seawall",
			"filter_config": map[string]any{"@type": typeStringValue, "value": "directives: SecRuleEngine On\n"},
		}},
		"golang": {Golang, map[string]any{
			"@type":       typeGolang,
			"library_id":  "seawall",
			"plugin_name": "seawall",
			// as in the container
			"library_path":  "/etc/envoy/seawall-golang.so",
			"plugin_config": map[string]any{"@type": typeTypedStruct, "value": map[string]any{"directives": "SecRuleEngine On"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			boot, err := tc.load()
			require.NoError(t, err)
			require.NoError(t, boot.Listen("127.0.0.1:0"))
			require.NoError(t, boot.Upstream("[::1]:8081"))
			require.NoError(t, boot.SetSeawall("directives: SecRuleEngine On\n"))
			document, err := boot.JSON()
			require.NoError(t, err)

			var out struct {
				Static struct {
					Listeners []struct{ Address json.RawMessage }
					Clusters  []json.RawMessage
				} `json:"static_resources"`
			}
			require.NoError(t, json.Unmarshal(document, &out))
			assert.JSONEq(t, `{"socket_address": {"address": "127.0.0.1", "port_value": 0}}`,
				string(out.Static.Listeners[0].Address))
			assert.Contains(t, string(out.Static.Clusters[0]), `"::1"`)
			filter, err := boot.SeawallFilter()
			require.NoError(t, err)
			assert.Equal(t, tc.want, filter)
		})
	}
}

func TestSetLibraryIsForTheGolangFilterOnly(t *testing.T) {
	contrib, err := Golang()
	require.NoError(t, err)
	require.NoError(t, contrib.SetLibrary("/tmp/x.so"))
	filter, err := contrib.SeawallFilter()
	require.NoError(t, err)
	assert.Equal(t, "/tmp/x.so", filter["library_path"])

	stock, err := DynamicModule()
	require.NoError(t, err)
	assert.ErrorContains(t, stock.SetLibrary("/tmp/x.so"), "no golang filter")
}

func TestABootstrapThatIsNotOursIsNamedInTheError(t *testing.T) {
	for name, tc := range map[string]struct {
		document string
		change   func(*Bootstrap) error
		want     string
	}{
		"no listeners": {"static_resources: {}",
			func(b *Bootstrap) error { return b.Listen("127.0.0.1:0") }, "no [static_resources listeners]"},
		"an empty list": {"static_resources: {listeners: []}",
			func(b *Bootstrap) error { return b.Listen("127.0.0.1:0") }, "no [static_resources listeners 0]"},
		"no filter of ours": {"static_resources: {listeners: [{filter_chains: [{filters: [{typed_config: {http_filters: [{name: x}]}}]}]}]}",
			func(b *Bootstrap) error { return b.SetSeawall("{}") }, "none of the bootstrap's 1 http_filters"},
		"no port": {"{static_resources: {listeners: [{address: {}}]}}",
			func(b *Bootstrap) error { return b.Listen("127.0.0.1") }, `"127.0.0.1" is no host:port`},
		"a port too high": {"{static_resources: {listeners: [{address: {}}]}}",
			func(b *Bootstrap) error { return b.Listen("127.0.0.1:65536") }, "0 to 65535"},
	} {
		t.Run(name, func(t *testing.T) {
			boot, err := ParseBootstrap("test", []byte(tc.document))
			require.NoError(t, err)
			assert.ErrorContains(t, tc.change(boot), tc.want)
		})
	}
	_, err := ParseBootstrap("broken.yaml", []byte("a: [b"))
	assert.ErrorContains(t, err, "broken.yaml")
	_, err = ParseBootstrap("empty.yaml", nil)
	assert.ErrorContains(t, err, "it is empty")
}
