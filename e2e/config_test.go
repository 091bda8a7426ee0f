package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// peerDocuments are the documented examples of three other filters, as they are.
var peerDocuments = map[string]string{
	"built-on-envoy": `{"mode": "FULL", "directives": ["Include @coraza.conf", "SecRuleEngine On", "Include @crs-setup.conf", "Include @owasp_crs/*.conf"]}`,
	"coraza-envoy-go-filter": `{"directives": {"strict": {"simple_directives": ["Include @coraza-setup", "Include @crs-setup", "Include @owasp_crs/*.conf"]},
                "off": {"simple_directives": ["SecRuleEngine Off"]}},
 "default_directive": "strict", "host_directive_map": {"static.example.com": "off", "api.example.com:8443": "strict"}, "log_format": "json"}`,
	"coraza-proxy-wasm": `{"directives_map": {"default": ["Include @recommended-conf", "SecRuleEngine On", "Include @crs-setup-conf", "Include @owasp_crs/*.conf"]},
 "default_directives": "default", "per_authority_directives": {"shop.example.com": "default"}, "metric_labels": {"owner": "edge"}}`,
}

var (
	attackGet = filtertest.Message{Path: "/?id=1%27%20or%201=1--%20", Headers: filtertest.Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}}
	benignGet = filtertest.Message{Path: "/?page=3", Headers: filtertest.Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}}
)

func TestPeersDocumentsGuardUnchanged(t *testing.T) {
	configs := map[string]string{}
	for name, document := range peerDocuments {
		configs[name+" string"], configs[name+" struct"] = document, document
	}
	p := startProxy(t, configs, options{edit: carriedAsNamed(configs)})
	for config := range configs {
		t.Run(config, func(t *testing.T) {
			assert.Equal(t, 403, sendH1(t, p.address(config), attackGet).Status)
			assert.Equal(t, 200, sendH1(t, p.address(config), benignGet).Status)
			for _, host := range []string{"shop.example.com", "api.example.com:8443", "API.example.com:8443"} {
				attack := attackGet
				attack.Authority = host
				assert.Equal(t, 403, sendH1(t, p.address(config), attack).Status, host)
			}
			if strings.HasPrefix(config, "coraza-envoy-go-filter") {
				attack := attackGet
				attack.Authority = "static.example.com"
				assert.Equal(t, 200, sendH1(t, p.address(config), attack).Status, "the policy off")
			}
		})
	}
	t.Run("a peer's constant labels become tags", func(t *testing.T) {
		onlyThrough(t, doorDynamicModule, "the golang filter's API has no tags; its log says that they have no effect")
		assert.Contains(t, p.prometheus(t), `policy="default",owner="edge"`)
	})
}

// An absent document, an empty string and an empty map all guard.
func TestAnEmptyConfigMeansTheDefaultRules(t *testing.T) {
	configs := map[string]string{"absent": "", "empty string": "", "map string": "{}", "map struct": "{}"}
	p := startProxy(t, configs, options{edit: func(t *testing.T, b *launch.Bootstrap) {
		carriedAsNamed(configs)(t, b)
		delete(seawallFilters(t, b)["absent"], documentKey())
	}})
	for config := range p.ports {
		t.Run(config, func(t *testing.T) {
			assert.Equal(t, 403, sendH1(t, p.address(config), attackGet).Status)
			assert.Equal(t, 200, sendH1(t, p.address(config), benignGet).Status)
		})
	}
}

func TestAMegabyteOfRulesLoadsAndGuards(t *testing.T) {
	var document strings.Builder
	document.WriteString("directives: |\n  SecRuleEngine On\n")
	for id := 1; document.Len() < 1<<20; id++ {
		fmt.Fprintf(&document, "  SecRule ARGS:a%d \"@streq evil\" \"id:%d,phase:1,deny,msg:'argument %d is evil'\"\n", id, id, id)
	}
	p := startProxy(t, map[string]string{"large": document.String()}, options{})
	assert.Equal(t, 403, sendH1(t, p.address("large"), filtertest.Message{Path: "/?a10000=evil"}).Status, "one of the last rules")
	assert.Equal(t, 200, sendH1(t, p.address("large"), filtertest.Message{Path: "/?b=evil"}).Status)
}

// Envoy refuses to start, and the reason names the place.
func TestABadConfigIsRefusedAtTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "broken.conf")
	require.NoError(t, os.WriteFile(file, []byte("SecRuleEngine On\n\nSecRule ARGS \"@rx (\" \"id:1\"\n"), 0o600))
	missing := filepath.Join(t.TempDir(), "missing.conf")
	for _, c := range []struct {
		name, document string
		says           []string
	}{
		{"broken SecLang", "directives: |\n  SecRuleEngine On\n  SecNonsense On\n", []string{"directives (line 3)", "SecNonsense"}},
		{"broken SecLang in a list", "directives:\n- SecRuleEngine On\n- SecNonsense On\n", []string{"directives[1] (line 3)", "SecNonsense"}},
		{"broken SecLang in a file", "directives: Include " + file, []string{file + ":3"}},
		{"unknown key", "directives: SecRuleEngine On\n# a comment\nzzz: 1\n", []string{"zzz (line 3", "unknown"}},
		{"misspelt key", "directives: SecRuleEngine On\non_eror: open\n", []string{"on_eror (line 2", "on_error"}},
		{"missing file", "directives: Include " + missing, []string{missing, "directives (line 1)"}},
		{"missing embedded file", "directives: Include @owasp_crz/*.conf", []string{"@owasp_crz", "directives (line 1)"}},
		{"empty directives", `{"directives": []}`, []string{"directives (line 1"}},
		{"blank directives", "directives: ''", []string{"directives (line 1"}},
		{"more than 4 MiB", "# " + strings.Repeat("x", 4<<20), []string{"4194304"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := refused(t, c.document, nil)
			require.ErrorContains(t, err, refusal())
			for _, part := range c.says {
				assert.ErrorContains(t, err, part)
			}
		})
	}
}
