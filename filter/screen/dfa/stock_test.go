package dfa

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"rsc.io/binaryregexp"
)

// stock is a pattern as Coraza compiles it: what a Set has to agree with.
type stock interface{ MatchString(string) bool }

func compileStock(pattern string) (stock, error) {
	if spellsBytes("(?sm)" + pattern) {
		return binaryregexp.Compile(pattern)
	}
	return regexp.Compile("(?sm)" + pattern)
}

// oracle is a Set beside the regular expressions that it stands for.
type oracle struct {
	patterns []string
	stock    []stock
	set      *Set
	hits     []uint64
}

func newOracle(t testing.TB, patterns []string, b *Budget) *oracle {
	o := &oracle{patterns: patterns}
	for _, p := range patterns {
		re, err := compileStock(p)
		require.NoError(t, err, "%q", p)
		o.stock = append(o.stock, re)
	}
	var err error
	o.set, err = Compile(patterns, b)
	require.NoError(t, err)
	o.hits = make([]uint64, o.set.Words())
	return o
}

// agrees compares them on one text and says whether the Set was exact. A
// pattern that does not match may be hit only if it was not.
func (o *oracle) agrees(t testing.TB, v string) (exact bool) {
	clear(o.hits)
	exact = o.set.Scan(v, o.hits)
	for i, re := range o.stock {
		hit := o.hits[i>>6]>>(i&63)&1 != 0
		if want := re.MatchString(v); hit != want && (want || exact) {
			t.Errorf("pattern %q on %q: regexp %v, set %v (exact %v)", o.patterns[i], v, want, hit, exact)
		}
	}
	return exact
}
