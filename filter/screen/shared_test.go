package screen

import (
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatIsInUseIsSharedAndNothingElseIsKept(t *testing.T) {
	var s shared[[]string]
	built := 0
	get := func(lists ...[]string) *[]string {
		v, err := s.get(lists, func() (*[]string, error) { built++; return &[]string{"automaton"}, nil })
		require.NoError(t, err)
		return v
	}
	first := get([]string{"a", "bc"})
	assert.Same(t, first, get([]string{"a", "bc"}))
	assert.NotSame(t, first, get([]string{"ab", "c"}))
	assert.NotSame(t, first, get([]string{"a"}, []string{"bc"}))
	assert.NotSame(t, first, get([]string{"bc", "a"}))
	assert.Equal(t, 4, built)
	runtime.KeepAlive(first)

	first = nil
	runtime.GC()
	get([]string{"a", "bc"})
	assert.Equal(t, 5, built)
	assert.LessOrEqual(t, len(s.kept), 1, "what is gone leaves no entry")

	_, err := s.get(nil, func() (*[]string, error) { return nil, errors.New("too large") })
	assert.EqualError(t, err, "too large")
}

func TestScreensOfPoliciesThatDifferInARuleShareTheirAutomata(t *testing.T) {
	p, q := newPatterns(), newPatterns()
	for _, scans := range []*patterns{p, q} {
		g := scans.group("request")
		_, ok := scans.addRx(g, `(?i)union.*select`)
		require.True(t, ok)
		_, ok = g.addWords([]string{"evil", "wicked"})
		require.True(t, ok)
		require.NoError(t, scans.compile(g))
	}
	assert.Same(t, p.group("request").set, q.group("request").set)
	assert.Same(t, p.group("request").words, q.group("request").words)
}
