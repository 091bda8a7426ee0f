package transform

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAMemoAppliesChainsAsTheyApplyThemselves(t *testing.T) {
	t.Parallel()
	var chains []Chain
	for _, names := range append(crsChains(t), Names()...) {
		chains = append(chains, chainOf(t, names))
	}
	var m Memo
	for _, v := range append(values(), acting) {
		m.Reset()
		traits := TraitsOf(v)
		for _, c := range chains {
			want := c.Apply(v, traits)
			if got, _ := m.Apply(c, v, traits); want != got {
				require.Equalf(t, want, got, "%q", v)
			}
		}
	}
}

func TestAMemoGivesOneStringForEqualResults(t *testing.T) {
	t.Parallel()
	var m Memo
	const v = "A B"
	a, _ := m.Apply(chainOf(t, "lowercase,removeWhitespace"), v, TraitsOf(v))
	b, _ := m.Apply(chainOf(t, "removeWhitespace,lowercase"), v, TraitsOf(v))
	require.Equal(t, "ab", a)
	require.True(t, same(a, b))
}

func TestAMemoTakesEachStepOnce(t *testing.T) {
	t.Parallel()
	calls := 0
	step := &Transformation{Name: "counted", On: Any, Apply: func(v string) string { calls++; return v + "x" }}
	var m Memo
	for range 3 {
		once, _ := m.Apply(Chain{step}, "a", TraitsOf("a"))
		require.Equal(t, "ax", once)
		twice, traits := m.Apply(Chain{step, step}, "a", TraitsOf("a"))
		require.Equal(t, "axx", twice)
		require.Equal(t, TraitsOf("axx"), traits)
	}
	require.Equal(t, 2, calls)
	m.Reset()
	m.Apply(Chain{step}, "a", TraitsOf("a"))
	require.Equal(t, 3, calls)
}
