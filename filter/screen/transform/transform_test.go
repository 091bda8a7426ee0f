package transform

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryFunctionMakesOfAValueWhatCorazaMakes(t *testing.T) {
	t.Parallel()
	corpus := append(values(), neighbours()...)
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agree(t, name, corpus...)
		})
	}
}

func TestTheChainsOfCRSMakeOfAValueWhatCorazaMakes(t *testing.T) {
	t.Parallel()
	corpus := append(values(), neighbours()...)
	for _, chain := range crsChains(t) {
		t.Run(chain, func(t *testing.T) {
			t.Parallel()
			agree(t, chain, corpus...)
		})
	}
}

// The table of best fits is long, and a request reaches it code point by code point.
func TestUrlDecodeUniFoldsEveryCodePointAsCorazaDoes(t *testing.T) {
	t.Parallel()
	var all []byte
	for point := range 1 << 16 {
		all = fmt.Appendf(all, "%%u%04x", point)
	}
	agree(t, "urlDecodeUni", string(all))
}

// Not parallel: AllocsPerRun counts what the whole process allocates.
func TestAFunctionAllocatesAtMostItsResult(t *testing.T) {
	for _, name := range Names() {
		most := 1.0
		if name == "htmlentitydecode" {
			most = 2 // the HTML parser's copy
		}
		f := chainOf(t, name)[0]
		for _, v := range append(ordinary, acting) {
			allocs := testing.AllocsPerRun(5, func() { sink = f.Apply(v) })
			if same(sink, v) && f.On&TraitsOf(v) == 0 {
				require.Zerof(t, allocs, "%s(%q)", name, v)
			}
			require.LessOrEqualf(t, allocs, most, "%s(%q)", name, v)
		}
	}
	require.Zero(t, testing.AllocsPerRun(5, func() { TraitsOf(acting) }))
}

// acting has something for every function to act on.
var acting = strings.Repeat("A%41+&lt;b \\u0041\\n /*x*/ \u00e9\x00 ../a//b -- \"c\" ", 24)
