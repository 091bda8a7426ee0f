package e2e

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

func checkMetrics(t *testing.T, p *proxy) {
	const passes, denials, watched = 7, 5, 3
	for range passes {
		require.Equal(t, 200, sendH1(t, p.address("counted"), filtertest.Message{}).Status)
	}
	for range denials {
		require.Equal(t, 403, sendH2(t, p.address("counted"), filtertest.Message{Path: "/?a=evil"}).Status)
	}
	for range watched {
		require.Equal(t, 200, sendH1(t, p.address("counted"), filtertest.Message{Path: "/?a=evil", Authority: "watched.example.com"}).Status)
	}
	if p.door == doorGolang {
		checkMetricsWithoutTags(t, p, passes, denials, watched)
		return
	}
	const strict, lenient = `{policy="strict",team="edge"} `, `{policy="watched",team="edge"} `
	want := []string{
		"transactions" + strict + itoa(passes+denials), "transactions" + lenient + itoa(watched),
		"denied" + strict + itoa(denials), "would_deny" + lenient + itoa(watched),
		"duration_us_count" + strict + itoa(passes+denials), "duration_us_count" + lenient + itoa(watched),
	}
	var text string
	require.Eventually(t, func() bool {
		text = p.prometheus(t)
		for _, line := range want {
			if !strings.Contains(text, "_seawall_"+line+"\n") {
				return false
			}
		}
		return true
	}, 20*time.Second, 20*time.Millisecond, "want %q", want)
	assert.NotContains(t, text, "would_deny"+strict)
	assert.NotContains(t, text, "denied"+lenient)
	assert.NotContains(t, text, "seawall_errors"+`{policy="strict"`)
}

// checkMetricsWithoutTags: the golang filter's API has none, so a policy is part of
// the name.
func checkMetricsWithoutTags(t *testing.T, p *proxy, passes, denials, watched int) {
	t.Helper()
	want := map[string]int{
		"transactions.policy.strict": passes + denials, "transactions.policy.watched": watched,
		"duration_us_count.policy.strict": passes + denials, "duration_us_count.policy.watched": watched,
		"denied.policy.strict": denials, "denied.policy.watched": 0,
		"would_deny.policy.strict": 0, "would_deny.policy.watched": watched,
		"errors.policy.strict": 0, "errors.policy.watched": 0,
	}
	got := map[string]int{}
	require.Eventually(t, func() bool {
		stats, err := p.Stats(t.Context(), `seawall\..*\.policy\.(strict|watched)$`)
		require.NoError(t, err)
		for name, value := range stats {
			_, name, _ = strings.Cut(name, "seawall.")
			if !strings.HasPrefix(name, "duration_us_sum") {
				got[name] = int(value)
			}
		}
		return maps.Equal(want, got)
	}, 20*time.Second, pollStats, "want %v, got %v", want, got)
}

func checkLabels(t *testing.T, p *proxy) {
	send := func(n int) {
		mark := "client" + itoa(n)
		for _, path := range []string{"/" + mark, "/" + mark + "?a=evil"} {
			sendH1(t, p.address("counted"), filtertest.Message{Path: path, Authority: mark + ".example.com", Headers: filtertest.Fields{{"user-agent", mark}}})
		}
	}
	names := func() (all []string) {
		for line := range strings.Lines(p.prometheus(t)) {
			name, _, _ := strings.Cut(line, "} ")
			all = append(all, name)
		}
		return all
	}
	send(0)
	before := names()
	for n := range 50 {
		send(n)
	}
	assert.ElementsMatch(t, before, names())
	assert.NotContains(t, p.prometheus(t), "client")
}

func (p *proxy) prometheus(t *testing.T) string {
	t.Helper()
	text, err := p.Admin(t.Context(), http.MethodGet, "/stats/prometheus?filter=seawall")
	require.NoError(t, err)
	return string(text)
}
