package seclang

import (
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/seawall-waf/seawall/rules"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The rule sets that Seawall carries, as its users include them.
var carried = map[string]string{
	"Default":          "Include @seawall.conf",
	"RecommendedAlone": "Include @recommended.conf",
	"CRSByItself":      "Include @recommended.conf\nInclude @crs-setup.conf.example\nInclude @owasp_crs/*.conf",
	"Peers":            "Include @coraza-setup\nInclude @crs-setup\nInclude @owasp_crs/*.conf",
	"Examples":         "Include @seawall.conf\nInclude @seawall/*.conf",
	"FTW":              "Include @coraza-ftw\nInclude @crs-ftw\nInclude @owasp_crs/*.conf",
	"Changed": `Include @seawall.conf
SecRuleRemoveById 920350 942100-942199
SecRuleRemoveByTag attack-lfi
SecRuleUpdateTargetByTag attack-xss !ARGS:/^HTML/|!REQUEST_COOKIES
SecRuleUpdateTargetById 932000-932999 "!REQUEST_HEADERS:User-Agent"
SecRuleUpdateActionById 949110 "pass,status:418,t:lowercase"`,
}

func TestWhatSeawallCarriesIsModelledAsCorazaCompilesIt(t *testing.T) {
	for name, text := range carried {
		t.Run(name, func(t *testing.T) {
			set, _ := parse(t, text)
			assert.Empty(t, set.Unknown)
			for _, r := range set.Rules {
				assert.Empty(t, r.Unknown, r.Text)
			}
		})
	}
}

// The observer is Coraza's public word on what it accepted, without links.
func TestTheModelAgreesWithCorazasObserver(t *testing.T) {
	type seen struct {
		ID, Phase int
		Marker    string
		Tags      []string
		Text      string
	}
	var want []seen
	cfg := experimental.WAFConfigWithRuleObserver(coraza.NewWAFConfig(), func(r types.RuleMetadata) {
		want = append(want, seen{r.ID(), int(r.Phase()), r.SecMark(), r.Tags(), r.Raw()})
	})
	_, err := rules.Compile(rules.FS(), "Include @seawall.conf", cfg)
	require.NoError(t, err)
	directives, err := rules.Walk(rules.FS(), "Include @seawall.conf")
	require.NoError(t, err)

	var got []seen
	for _, r := range Parse(directives).Rules {
		one := seen{r.ID, r.Phase, r.Marker, append([]string{}, r.Tags...), r.Text}
		if r.Marker != "" {
			one.Text = "SecMarker " + r.Marker
		}
		got = append(got, one)
	}
	require.Greater(t, len(got), 600)
	assert.Equal(t, want, got)
}
