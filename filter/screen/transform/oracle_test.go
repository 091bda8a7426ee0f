package transform

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/require"
)

// stock is a Coraza WAF with one rule that matches every value of ARGS:x, behind a
// chain of transformations: its matched data hold what its operator saw.
type stock struct{ waf coraza.WAF }

var (
	stocks   = map[string]*stock{}
	stocksMu sync.Mutex
)

// newStock compiles the chain once for all tests; actions go into the rule as well.
func newStock(t testing.TB, chain, actions string) *stock {
	t.Helper()
	stocksMu.Lock()
	defer stocksMu.Unlock()
	key := chain + " " + actions
	if s := stocks[key]; s != nil {
		return s
	}
	functions := []string{"t:none"}
	for _, name := range strings.FieldsFunc(chain, func(r rune) bool { return r == ',' }) {
		functions = append(functions, "t:"+name)
	}
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithDirectives(fmt.Sprintf(
		"SecRuleEngine On\nSecRule ARGS:x \"@unconditionalMatch\" \"id:1,phase:1,pass,%s%s\"",
		strings.Join(functions, ","), actions)))
	require.NoError(t, err)
	s := &stock{waf}
	stocks[key] = s
	return s
}

// values returns what the operator saw of several values of one request, in order.
func (s *stock) values(t testing.TB, values ...string) []string {
	t.Helper()
	tx := s.waf.NewTransaction()
	defer func() { require.NoError(t, tx.Close()) }()
	for _, v := range values {
		tx.AddGetRequestArgument("x", v)
	}
	require.Nil(t, tx.ProcessRequestHeaders())
	matched := tx.MatchedRules()
	require.Len(t, matched, 1)
	var saw []string
	for _, data := range matched[0].MatchedDatas() {
		require.Equal(t, "x", data.Key())
		saw = append(saw, data.Value())
	}
	return saw
}

// chainOf resolves a comma-separated list of names.
func chainOf(t testing.TB, names string) Chain {
	t.Helper()
	var c Chain
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' }) {
		step, ok := Lookup(name)
		require.True(t, ok, name)
		c = append(c, step)
	}
	return c
}

// agree checks what a chain makes of values against Coraza, and the identity that
// their traits promise.
func agree(t testing.TB, names string, values ...string) {
	t.Helper()
	chain := chainOf(t, names)
	oracle := newStock(t, names, "")
	// Coraza takes at most 1,000 arguments of a request.
	for batch := range slices.Chunk(values, 1000) {
		saw := oracle.values(t, batch...)
		require.Len(t, saw, len(batch))
		for i, v := range batch {
			agreeOne(t, names, chain, v, saw[i])
		}
	}
}

func agreeOne(t testing.TB, names string, chain Chain, v, want string) {
	t.Helper()
	traits := TraitsOf(v)
	got := chain.Apply(v, traits)
	if got != want {
		require.Equalf(t, want, got, "%s(%q)", names, v)
	}
	if want != v && traits&chain.On() == 0 {
		require.Failf(t, "the traits tell that nothing changes", "%s(%q) = %q", names, v, want)
	}
	for _, step := range chain {
		w := step.Apply(v)
		if traits&step.On == 0 && !same(v, w) {
			require.Failf(t, "the traits tell that nothing changes", "%s(%q) = %q", step.Name, v, w)
		}
		if v == w && !same(v, w) {
			require.Failf(t, "an unchanged value is copied", "%s(%q)", step.Name, v)
		}
	}
}

func TestTheOracleSeesEveryValueAsItIs(t *testing.T) {
	t.Parallel()
	var all []byte
	corpus := append(values(), neighbours()...)
	for b := range 256 {
		all = append(all, byte(b))
	}
	corpus = append(corpus, string(all), strings.Repeat(string(all), 1000))
	s := newStock(t, "", "")
	for _, v := range corpus {
		saw := s.values(t, v)
		require.Equal(t, []string{v}, saw)
	}
	for batch := range slices.Chunk(corpus, 1000) {
		require.Equal(t, batch, s.values(t, batch...))
	}
}

func TestEveryNameIsOneOfCoraza(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		newStock(t, name, "")
		newStock(t, strings.ToUpper(name), "")
		upper, ok := Lookup(strings.ToUpper(name))
		require.True(t, ok)
		lower, _ := Lookup(name)
		require.Same(t, lower, upper)
	}
	_, ok := Lookup("none")
	require.False(t, ok)
	noop, ok := Lookup("None")
	require.True(t, ok)
	require.Zero(t, noop.On)
	_, ok = Lookup("sqlHexDecode")
	require.False(t, ok)
}
