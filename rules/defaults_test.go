package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDefaultRulesBlockAttacksAndPassBrowsers(t *testing.T) {
	waf := compiled(t, "Include @seawall.conf")
	for _, tc := range []struct {
		name         string
		request      request
		status, rule int
	}{
		{"SQLInjectionInTheQuery", browserLike("/?id=1'%20or%201=1--%20"), 403, 949110},
		{"ScriptInTheQuery", browserLike("/?q=%3Cscript%3Ealert(1)%3C/script%3E"), 403, 949110},
		{"UnparsableURI", browserLike("/%zz?id=1' or 1=1--"), 400, 200009},
		{"Browser", browserLike("/catalogue?page=2&sort=price"), 200, 0},
		{"Root", browserLike("/"), 200, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := send(t, waf, tc.request)
			assert.Equal(t, tc.status, got.status)
			assert.Equal(t, tc.rule, got.rule)
		})
	}
	t.Run("BadScannerIsRefusedInPhase1", func(t *testing.T) {
		r := browserLike("/")
		r.headers[1][1] = "sqlmap/1.9"
		assert.Equal(t, 949111, send(t, waf, r).rule)
	})
}

func TestParanoiaLevelSetBeforeTheDefaultsHolds(t *testing.T) {
	waf := compiled(t, `SecAction "id:9999001,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=4"
Include @seawall.conf`)
	// 920273 (paranoia level 4) allows few bytes in a query.
	assert.Contains(t, send(t, waf, browserLike("/?q=a~b")).logged, 920273)
}

// Blocking and the limit are what a user who moves over must not lose.
func TestAliasesKeepWhatThePeersEnforce(t *testing.T) {
	large := func(bytes int) request {
		r := browserLike("/")
		r.method = "POST"
		r.headers = append(r.headers, [2]string{"Content-Type", "application/x-www-form-urlencoded"})
		r.body = "a=" + strings.Repeat("b", bytes)
		return r
	}
	attack := browserLike("/?id=1'%20or%201=1--%20")
	crs := "\nInclude @crs-setup\nInclude @owasp_crs/REQUEST-9[014]*.conf"
	for _, tc := range []struct {
		name, text string
		request    request
		status     int
	}{
		{"coraza-setup blocks", "Include @coraza-setup" + crs, attack, 403},
		{"demo-conf blocks", "Include @demo-conf" + crs, attack, 403},
		{"recommended-conf only detects, as at every peer", "Include @recommended-conf" + crs, attack, 200},
		{"recommended-conf refuses past 128 KiB", "Include @recommended-conf\nSecRuleEngine On", large(140_000), 413},
		{"coraza.conf takes it whole", "Include @coraza.conf\nSecRuleEngine On", large(140_000), 200},
		{"coraza.conf has a limit", "Include @coraza.conf\nSecRuleEngine On", large(13_200_000), 413},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.status, send(t, compiled(t, tc.text), tc.request).status)
		})
	}
}

// Rules alone: a CRS setup without engine settings, as the peers' documents
// arrange them.
func TestEveryEmbeddedNameCompiles(t *testing.T) {
	for _, name := range EmbeddedNames() {
		t.Run(name, func(t *testing.T) {
			if strings.HasSuffix(name, "/") {
				name += "*.conf"
			}
			compiled(t, "Include "+name)
		})
	}
	for name, text := range map[string]string{
		"ProxyWasmFTW": "Include @recommended-conf\nInclude @crs-setup-conf\nInclude @ftw-conf\nInclude @owasp_crs/REQUEST-901*.conf",
		"GoFilterFTW":  "Include @coraza-ftw\nInclude @crs-ftw\nInclude @owasp_crs/REQUEST-901*.conf",
	} {
		t.Run(name, func(t *testing.T) { compiled(t, text) })
	}
}

func TestRecommendedSaysWhatCorazaRecommends(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/corazawaf/coraza/v3").Output()
	require.NoError(t, err)
	upstream, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "coraza.conf-recommended"))
	require.NoError(t, err)

	spaces := regexp.MustCompile(`\s+`)
	texts := func(text string) (lines []string) {
		directives, err := Walk(FS(), text)
		require.NoError(t, err)
		for _, d := range directives {
			if !d.is("Include") {
				lines = append(lines, spaces.ReplaceAllString(d.Text, " "))
			}
		}
		return lines
	}
	assert.Equal(t, texts(string(upstream)), texts("Include @recommended.conf"))
}
