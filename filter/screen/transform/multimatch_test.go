package transform

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// agreeMultiMatch checks that what a rule with multiMatch sees of v is what the chains of
// MultiMatch make of it.
func agreeMultiMatch(t testing.TB, names, v string) {
	t.Helper()
	chains, ok := chainOf(t, names).MultiMatch()
	require.True(t, ok)
	ours := map[string]bool{}
	for _, c := range chains {
		ours[c.Apply(v, TraitsOf(v))] = true
	}
	saw := newStock(t, names, ",multiMatch").values(t, v)
	for _, w := range saw {
		if !ours[w] {
			require.Failf(t, "multiMatch sees another value", "%q of %s(%q)", w, names, v)
		}
	}
}

func TestMultiMatchHasEveryValueThatCorazaEvaluates(t *testing.T) {
	t.Parallel()
	chains := append(crsChains(t), "removeWhitespace,lowercase,hexEncode", "htmlEntityDecode,jsDecode,removeWhitespace,uppercase")
	chains = append(chains, Names()...)
	for _, chain := range chains {
		for _, v := range append(values(),
			// Coraza overlooks these changes and goes on with the values before.
			"A&nLl;B", "&nGt;&nGt;&nGt;&lt;script", "A\xffB", "\xff&nLl;\x41") {
			agreeMultiMatch(t, chain, v)
		}
	}
}

func TestMultiMatchHasNoMoreChainsThanItNeeds(t *testing.T) {
	t.Parallel()
	names := func(c string) []string {
		chains, ok := chainOf(t, c).MultiMatch()
		require.True(t, ok)
		var all []string
		for _, chain := range chains {
			var one []string
			for _, step := range chain {
				one = append(one, step.Name)
			}
			all = append(all, strings.Join(one, ","))
		}
		return all
	}
	require.Equal(t, []string{"", "lowercase", "lowercase,trim"}, names("lowercase,trim"))
	require.Equal(t, []string{"", "htmlentitydecode", "htmlentitydecode,trim", "trim"}, names("htmlEntityDecode,trim"))
	_, ok := chainOf(t, strings.Repeat("htmlEntityDecode,trim,", 30)).MultiMatch()
	require.False(t, ok, "the chains double with each step that overlooks changes")
}

// What follows one step after the other would miss: a rule that looks for "&nLl;A" matches.
func TestMultiMatchGoesOnWithTheValueBeforeAnOverlookedChange(t *testing.T) {
	t.Parallel()
	const names, v = "htmlEntityDecode,jsDecode", `&nLl;\x41`
	saw := newStock(t, names, ",multiMatch").values(t, v)
	require.Equal(t, []string{v, "&nLl;A"}, saw)
	require.Equal(t, "⋘̸A", newStock(t, names, "").values(t, v)[0])
	agreeMultiMatch(t, names, v)
}
