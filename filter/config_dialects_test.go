package filter

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parseExample(t *testing.T, name string) *Config {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("testdata", "config", name))
	require.NoError(t, err)
	return mustParse(t, string(doc))
}

func TestBuiltOnEnvoyDocumentIsAccepted(t *testing.T) {
	c := parseExample(t, "built-on-envoy.json")
	assert.Equal(t, []string{"Include @coraza.conf", "SecRuleEngine On", "Include @crs-setup.conf", "Include @owasp_crs/*.conf"}, texts(c.Policies["default"]))
	assert.Equal(t, "default", c.DefaultPolicy)
	assert.False(t, c.RequestOnly)
	assert.False(t, c.ResponseOnly)
}

func TestBuiltOnEnvoyModes(t *testing.T) {
	for mode, want := range map[string][2]bool{"FULL": {false, false}, "REQUEST_ONLY": {true, false}, "RESPONSE_ONLY": {false, true}} {
		t.Run(mode, func(t *testing.T) {
			c := mustParse(t, `{"directives":["SecRuleEngine On"],"mode":"`+mode+`"}`)
			assert.Equal(t, want, [2]bool{c.RequestOnly, c.ResponseOnly})
		})
	}
	t.Run("WithoutModeBothDirectionsAreInspected", func(t *testing.T) {
		c := mustParse(t, `{"directives":["SecRuleEngine On"]}`)
		assert.False(t, c.RequestOnly)
	})
}

func TestGoFilterDocumentIsAccepted(t *testing.T) {
	c := parseExample(t, "coraza-envoy-go-filter.json")
	assert.Equal(t, []string{"off", "strict"}, c.policyNames())
	assert.Equal(t, []string{"Include @coraza-setup", "Include @crs-setup", "Include @owasp_crs/*.conf"}, texts(c.Policies["strict"]))
	assert.Equal(t, []string{"SecRuleEngine Off"}, texts(c.Policies["off"]))
	assert.Equal(t, "directives.off.simple_directives[0]", c.Policies["off"].Snippets[0].Key)
	assert.Equal(t, 2, c.Policies["off"].Snippets[0].Line)
	assert.Equal(t, "strict", c.DefaultPolicy)
	assert.Equal(t, map[string]string{"static.example.com": "off", "api.example.com": "strict"}, c.Hosts)

	mustParse(t, `{"directives":{"a":{"simple_directives":["SecRuleEngine On"]}},"default_directive":"a","use_re2":false,"use_libinjection":true,"log_format":"TEXT"}`)
}

func TestProxyWasmDocumentIsAccepted(t *testing.T) {
	c := parseExample(t, "coraza-proxy-wasm.json")
	assert.Equal(t, []string{"Include @recommended-conf", "SecRuleEngine On", "Include @crs-setup-conf", "Include @owasp_crs/*.conf"}, texts(c.Policies["default"]))
	assert.Equal(t, "default", c.DefaultPolicy)
	assert.Equal(t, map[string]string{"shop.example.com": "default"}, c.Hosts)
	assert.Equal(t, map[string]string{"owner": "edge"}, c.Labels)
}

func TestProxyWasmOldRulesAreAccepted(t *testing.T) {
	c := parseExample(t, "coraza-proxy-wasm-rules.json")
	assert.Equal(t, []string{"SecRuleEngine On", `SecRule REQUEST_URI "@streq /admin" "id:101,phase:1,t:lowercase,deny"`}, texts(c.Policies["default"]))
	assert.Equal(t, "default", c.DefaultPolicy)
}

func TestProxyWasmWithoutDefaultInspectsEveryHost(t *testing.T) {
	c := mustParse(t, `{"directives_map":{"a":["SecRuleEngine On"]},"per_authority_directives":{"a.com":"a"}}`)
	name, ok := c.PolicyFor("other.com")
	assert.True(t, ok)
	assert.Equal(t, "a", name)
}
