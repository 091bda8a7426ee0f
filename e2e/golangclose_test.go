package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestContribConfigsAreClosed: contrib's SDK keeps each config until Envoy destroys
// it, and the merged ones of its routes too. After any number of updates only the
// rule sets of the last are open.
func TestContribConfigsAreClosed(t *testing.T) {
	for _, version := range versionsOf(doorGolang) {
		t.Run(version, func(t *testing.T) { configsAreClosed(t, version) })
	}
}

// countsRuleSets answers /rulesets with 418 where more rule sets are open than
// there are in one version: the filter's and its route's.
func countsRuleSets(n int) string {
	const inOneVersion = 2
	return "directives: |\n" + indented(fmt.Sprintf(`SecRuleEngine On
SecRule REQUEST_FILENAME "@streq /any" "id:1,phase:1,deny,status:418,chain"
  SecRule REQUEST_METHOD "@seawallRuleSets 0" "t:none"
SecRule REQUEST_FILENAME "@streq /rulesets" "id:2,phase:1,deny,status:418,chain"
  SecRule REQUEST_METHOD "@seawallRuleSets %d" "t:none"
`, inOneVersion)+versionRule(n))
}

func configsAreClosed(t *testing.T, version string) {
	lds := &listeners{dir: t.TempDir()}
	tea := map[string]any{"match": prefix("/tea"), "route": map[string]any{"cluster": "upstream"}}
	p := startProxy(t, map[string]string{"ingress": countsRuleSets(0)}, options{door: doorGolang, version: version, faults: true, args: draining,
		edit: func(t *testing.T, b *launch.Bootstrap) {
			tea["typed_per_filter_config"] = perRoute(t, doorGolang, teapot)
			config := managers(t, b)[0]["route_config"].(map[string]any)
			host := config["virtual_hosts"].([]any)[0].(map[string]any)
			host["routes"] = append([]any{tea}, host["routes"].([]any)...)
			lds.takeOver(t, b)
		}})
	address := p.address("ingress")
	status := func(path string) int { return sendH1(t, address, filtertest.Message{Path: path}).Status }
	require.Equal(t, 418, status("/any"), "the operator counts")

	const updates = 10
	for n := 1; n <= updates; n++ {
		tea["typed_per_filter_config"] = perRoute(t, doorGolang, teapot+fmt.Sprintf("  # %d\n", n))
		lds.set(t, countsRuleSets(n))
		p.awaitVersion(t, n)
		assert.Equal(t, 418, status("/tea?a=evil"), "each version's route is merged and used")
	}
	require.Eventually(t, func() bool { return status("/rulesets") == 200 }, settleWithin, pollStats, "rule sets of old versions are open")
	assert.Zero(t, p.sum(t, `golang\.panic_error$`), "panics")
	p.requireRunning(t)
}
