package lint

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy"
)

// changed is a door's bootstrap with one text replaced.
func changed(t *testing.T, door []byte, old, instead string) []byte {
	t.Helper()
	require.Contains(t, string(door), old)
	return []byte(strings.Replace(string(door), old, instead, 1))
}

// lineOfText is the line of a file where some text stands.
func lineOfText(t *testing.T, file []byte, text string) int {
	t.Helper()
	before, _, found := strings.Cut(string(file), text)
	require.True(t, found, text)
	return strings.Count(before, "\n") + 1
}

func TestBothBootstrapsAreFine(t *testing.T) {
	for name, door := range map[string][]byte{"dynamicmodule.yaml": envoy.DynamicModuleBootstrap, "golang.yaml": envoy.GolangBootstrap} {
		assert.True(t, IsEnvoy(door), name)
		assert.Empty(t, Envoy(name, door), name)
		var tree any
		require.NoError(t, yaml.Unmarshal(door, &tree))
		asJSON, err := json.MarshalIndent(tree, "", "\t")
		require.NoError(t, err)
		assert.True(t, IsEnvoy(asJSON), name)
		assert.Empty(t, Envoy(name, asJSON), "%s as JSON", name)
	}
	assert.False(t, IsEnvoy([]byte("directives: |\n  Include @seawall.conf\n")))
}

const (
	moduleDirective = "                    Include @seawall.conf\n"
	golangDirective = moduleDirective
	perRouteModule  = `
                typed_per_filter_config:
                  envoy.filters.http.dynamic_modules:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilterPerRoute
                    dynamic_module_config: { name: seawall, do_not_close: true }
                    per_route_config_name: seawall
                    filter_config:
                      "@type": type.googleapis.com/google.protobuf.Struct
                      value: `
	perRouteGolang = `
                typed_per_filter_config:
                  envoy.filters.http.golang:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.golang.v3alpha.ConfigsPerRoute
                    plugins_config:
                      seawall:
                        config:
                          "@type": type.googleapis.com/xds.type.v3.TypedStruct
                          value: `
	aRoute = "              - match: { prefix: \"/\" }"
)

func TestAFaultIsNamedWhereItStandsInTheBootstrap(t *testing.T) {
	for _, tc := range []struct {
		name         string
		door         []byte
		old, instead string
		at, want     string // the text on the line of the finding, and the finding without its line
		says         string
	}{
		{"DirectiveInAString", envoy.DynamicModuleBootstrap, moduleDirective, moduleDirective + "                    SecRulee x\n",
			"SecRulee", "seclang error", "listener ingress: directives: unknown directive"},
		{"DirectiveInATypedStruct", envoy.GolangBootstrap, golangDirective, golangDirective + "                    SecRulee x\n",
			"SecRulee", "seclang error", "listener ingress: directives: unknown directive"},
		{"KeyInAString", envoy.DynamicModuleBootstrap, moduleDirective, moduleDirective + "                  on_eror: open\n",
			"on_eror", "config error", "listener ingress: on_eror: unknown key"},
		{"KeyInATypedStruct", envoy.GolangBootstrap, golangDirective, golangDirective + "                  on_eror: open\n",
			"on_eror", "config error", "listener ingress: on_eror: unknown key"},
		{"LintInAString", envoy.DynamicModuleBootstrap, moduleDirective, moduleDirective + "                    SecRuleRemoveById 942109\n",
			"SecRuleRemoveById", "exclusion-unknown warning", "listener ingress: "},
		{"StructInBraces", envoy.GolangBootstrap, "value:\n                  directives: |\n" + golangDirective, "value: {on_eror: open}\n",
			"on_eror", "config error", "on_eror: unknown key"},
		{"RouteOfTheModule", envoy.DynamicModuleBootstrap, aRoute, "              - match: { path: /login }\n                name: login" + perRouteModule +
			"\n                        inspect: requests\n" + aRoute,
			"inspect: requests", "config error", "listener ingress, virtual host all, route login: inspect: "},
		{"RouteOfThePlugin", envoy.GolangBootstrap, aRoute, "              - match: { path: /login }" + perRouteGolang +
			"\n                            inspect: requests\n" + aRoute,
			"inspect: requests", "config error", "listener ingress, virtual host all, route /login: inspect: "},
		{"RouteInBraces", envoy.DynamicModuleBootstrap, aRoute, "              - match: { path: /login }" + perRouteModule + "{ inspect: requests }\n" + aRoute,
			"inspect: requests", "config error", "route /login: inspect: "},
		{"AnotherFiltersName", envoy.DynamicModuleBootstrap, "filter_name: seawall", "filter_name: sea", "filter_name: sea", "envoy error", `filter_name is "sea"`},
		{"MayBeUnloaded", envoy.DynamicModuleBootstrap, "do_not_close: true", "do_not_close: false", "name: seawall\n", "envoy warning", "cannot be unloaded"},
		{"AnotherPluginsName", envoy.GolangBootstrap, "plugin_name: seawall", "plugin_name: sea", "plugin_name: sea", "envoy error", `plugin_name is "sea"`},
		{"ANumber", envoy.DynamicModuleBootstrap, "google.protobuf.StringValue\n                value: |\n                  directives: |\n" + moduleDirective,
			"google.protobuf.Int32Value\n                value: 4\n", "envoy.extensions.filters.http.dynamic_modules.v3", "envoy error", "Int32Value"},
		{"Optional", envoy.DynamicModuleBootstrap, "          - name: envoy.filters.http.dynamic_modules\n", "          - name: envoy.filters.http.dynamic_modules\n            is_optional: true\n",
			"is_optional", "filter-bypassed warning", "nothing is inspected"},
		{"UnderAnotherName", envoy.DynamicModuleBootstrap, "          - name: envoy.filters.http.dynamic_modules\n", "          - name: waf\n", "", "", ""},
		{"RouteUnderAnotherName", envoy.DynamicModuleBootstrap, aRoute, "              - match: { path: /login }" +
			strings.Replace(perRouteModule, "envoy.filters.http.dynamic_modules:", "waf:", 1) + "{ disabled: true }\n" + aRoute,
			"DynamicModuleFilterPerRoute", "filter-bypassed warning", `no filter is named "waf"`},
		{"ABufferBeforeIt", envoy.DynamicModuleBootstrap, "          http_filters:\n", `          http_filters:
          - name: buffer
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer
              max_request_bytes: 65536
`, "Include @seawall.conf\n          # The router", "limit-defeated warning", "SecRequestBodyLimit 13107200 is never reached: buffer, max_request_bytes"},
		// What Seawall holds does not count towards it (RATIONALE, "Bodies and threads").
		{"EnvoysBufferLimitDefeatsNothing", envoy.DynamicModuleBootstrap, "  - name: ingress\n", "  - name: ingress\n    per_connection_buffer_limit_bytes: 1024\n", "", "", ""},
		{"LabelsOnARoute", envoy.DynamicModuleBootstrap, aRoute, "              - match: { path: /login }" + perRouteModule + "{ metric_labels: { team: a } }\n" + aRoute,
			"google.protobuf.Struct", "envoy error", "metric_labels"},
		{"NotYAML", envoy.DynamicModuleBootstrap, "admin:\n", "admin: {\n", "socket_address: { address: 127.0.0.1", "config error", "not YAML"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			contents := changed(t, tc.door, tc.old, tc.instead)
			found := Envoy("envoy.yaml", contents)
			if tc.want == "" {
				assert.Empty(t, found)
				return
			}
			require.Len(t, found, 1, "%v", found)
			assert.Equal(t, tc.want, found[0].Code+" "+string(found[0].Level))
			assert.Contains(t, found[0].what(), tc.says)
			assert.Equal(t, lineOfText(t, contents, tc.at), found[0].Line, "%v", found[0])
			assert.NotEmpty(t, found[0].Fix)
		})
	}
}

func TestAConfigurationWithoutSeawallIsAFinding(t *testing.T) {
	another := strings.NewReplacer("name: seawall\n", "name: other\n").Replace(string(envoy.DynamicModuleBootstrap))
	assert.Equal(t, []string{"1 no-filter warning"}, codes(Envoy("envoy.yaml", []byte(another))))
	contents := []byte("static_resources:\n  listeners: []\n")
	assert.True(t, IsEnvoy(contents))
	assert.Equal(t, []string{"1 no-filter warning"}, codes(Envoy("envoy.yaml", contents)))
}

// A manifest that patches the filter in, and anchors, which Envoy reads.
func TestTheFilterIsFoundAtAnyDepth(t *testing.T) {
	manifest := []byte(`kind: Other
---
kind: EnvoyFilter
spec:
  configPatches:
  - patch:
      value:
        name: waf
        typed_config: &waf
          "@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter
          dynamic_module_config: { name: seawall, do_not_close: true }
          filter_name: seawall
          filter_config:
            "@type": type.googleapis.com/google.protobuf.StringValue
            value: "directives: SecRulee x"
  again: *waf
`)
	assert.Equal(t, []string{"15 seclang error"}, codes(Envoy("manifest.yaml", manifest)))
}

// The parser would take minutes for a map of a million keys, and overflow the
// stack for brackets within brackets.
func TestWhatWouldTakeTooLongToReadIsRefused(t *testing.T) {
	for name, contents := range map[string]string{
		"Wide":   "static_resources:\n" + strings.Repeat("  a: b\n", maxEnvoyTokens/4),
		"Deep":   "static_resources: " + strings.Repeat("[", 1<<20),
		"Dashes": "static_resources:\n" + strings.Repeat("- ", 1<<20),
	} {
		found := Envoy("envoy.yaml", []byte(contents))
		assert.Equal(t, Error, Worst(found), name)
	}
}
