package e2e

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/e2e/golangdoor"
	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// teapot denies ?a=evil with a status that no other policy here uses.
const teapot = "directives: |\n  SecRuleEngine On\n  SecRule ARGS:a \"@streq evil\" \"id:1,phase:1,deny,status:418\"\n"

// withRoutes puts routes, by prefix with their documents, before the one that
// catches all, and a virtual host shop.example.com of its own.
func withRoutes(documents map[string]string, shop string) func(*testing.T, *launch.Bootstrap) {
	return func(t *testing.T, b *launch.Bootstrap) {
		for _, manager := range managers(t, b) {
			config := manager["route_config"].(map[string]any)
			all := config["virtual_hosts"].([]any)[0].(map[string]any)
			routes := all["routes"].([]any)
			for prefix, document := range documents {
				routes = append([]any{map[string]any{"match": map[string]any{"prefix": prefix},
					"route": map[string]any{"cluster": "upstream"}, "typed_per_filter_config": perRoute(t, asked(), document)}}, routes...)
			}
			all["routes"] = routes
			config["virtual_hosts"] = []any{all, map[string]any{"name": "shop", "domains": []any{"shop.example.com", "shop.example.com:*"},
				"routes":                  []any{map[string]any{"match": map[string]any{"prefix": "/"}, "route": map[string]any{"cluster": "upstream"}}},
				"typed_per_filter_config": perRoute(t, asked(), shop)}}
		}
	}
}

// Routes that nothing names keep the filter's own config, "rules".
func TestARouteReplacesOrDisablesThePolicy(t *testing.T) {
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"]},
		options{edit: withRoutes(map[string]string{"/tea": teapot, "/open": "disabled: true", "/empty": "{}"}, teapot)})
	for _, c := range []struct {
		name, host, path string
		status           int
	}{
		{"the filter's own", "", "/?a=evil", 403},
		{"replaced", "", "/tea?a=evil", 418},
		{"replaced passes what it does not name", "", "/tea?b=evil", 200},
		{"disabled", "", "/open?a=evil", 200},
		{"an empty document means the default rules", "", "/empty?id=1%27%20or%201=1--%20", 403},
		{"virtual host", "shop.example.com", "/?a=evil", 418},
		{"virtual host in capitals", "SHOP.example.COM", "/?a=evil", 418},
		{"virtual host with a port", "Shop.Example.Com:8080", "/?a=evil", 418},
		{"virtual host's normalised path", "shop.example.com", "/open/../x?a=evil", 418},
		{"a path that only looks like the disabled one", "", "/open/../?a=evil", 403},
		{"the disabled path in capitals is another route", "", "/OPEN?a=evil", 403},
	} {
		for _, protocol := range protocols {
			t.Run(c.name+"/"+protocol.name, func(t *testing.T) {
				a := protocol.send(t, p.address("rules"), filtertest.Message{Path: c.path, Authority: c.host,
					Headers: filtertest.Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}})
				assert.Equal(t, c.status, a.Status)
			})
		}
	}
}

func TestABadRouteConfigIsRefused(t *testing.T) {
	onlyThrough(t, doorDynamicModule, "contrib reads a route's config before it has loaded the library, and parses it at the first request (TestContribTraps)")
	for name, c := range map[string]struct{ document, says string }{
		"unknown key":    {"disable: true", "disabled"},
		"broken SecLang": {"directives: SecNonsense On", "SecNonsense"},
	} {
		t.Run(name, func(t *testing.T) {
			err := refused(t, "{}", withRoutes(map[string]string{"/": c.document}, "{}"))
			assert.ErrorContains(t, err, c.says)
		})
	}
}

// refused starts an Envoy that must not start, and returns why it did not.
func refused(t *testing.T, document string, edit func(*testing.T, *launch.Bootstrap)) error {
	t.Helper()
	ctx := context.Background()
	boot := bootstrapFor(t, doorOf(t, options{}), map[string]string{"refused": "{}"}, "127.0.0.1:1")
	seawallFilters(t, boot)["refused"][documentKey()] = asText(document)
	if edit != nil {
		edit(t, boot)
	}
	var err error
	boot.Tree, err = golangdoor.Bridge(boot.Tree)
	require.NoError(t, err)
	envoy, err := launch.Start(ctx, launch.Options{Path: binary(ctx, t, options{}), Bootstrap: boot, ModuleDir: options{}.modules(),
		Concurrency: 1, LogLevel: "warning"})
	if err == nil {
		_ = envoy.Stop()
		require.FailNow(t, "Envoy took a config that it should refuse", document)
	}
	return err
}
