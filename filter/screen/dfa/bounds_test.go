package dfa

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// explosive patterns have as many states in their union as there are subsets
// of places where an a was seen: more than any memory holds.
func explosive(n int) []string {
	var patterns []string
	for i := range n {
		patterns = append(patterns, fmt.Sprintf("%c[a-d]{%d}x", 'a'+i%3, 9+i))
	}
	return patterns
}

func explosiveText(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcd"[r.IntN(4)]
		if r.IntN(40) == 0 {
			b[i] = 'x'
		}
	}
	return string(b)
}

func TestBuildingStatesIsPaidForByScannedBytes(t *testing.T) {
	o := newOracle(t, explosive(12), NewBudget(16<<20))
	r := rand.New(rand.NewPCG(5, 6))
	root := o.set.runes[0]
	root.credit.Store(0)
	before := o.set.Stats()
	scanned := 0
	for range 200 {
		v := explosiveText(r, 500)
		scanned += len(v)
		o.agrees(t, v)
	}
	after := o.set.Stats()
	assert.Positive(t, after.Bails-before.Bails, "the text has to exhaust the credit")
	automata := int64(1 + fanout + 12)
	paid := automata*int64(scanned/bytesPerTransition) + automata*(initialTransitions+12*transitionsPerPattern)
	assert.Less(t, after.States-before.States, paid)
	assert.Zero(t, root.credit.Load()/bytesPerTransition, "what was earned is spent")
}

func TestAFlushedAutomatonHasCreditForWhatInnocentTextNeeds(t *testing.T) {
	o := newOracle(t, explosive(12), NewBudget(16<<20))
	o.agrees(t, "an innocent text")
	root := o.set.runes[0]
	root.credit.Store(0) // an attack has spent it
	o.set.flush(root.program)
	bails := o.set.Stats().Bails
	assert.True(t, o.agrees(t, "an innocent text"))
	assert.Equal(t, bails, o.set.Stats().Bails)
}

func TestWithoutCreditNoMatchIsMissed(t *testing.T) {
	o := newOracle(t, explosive(12), NewBudget(16<<20))
	r := rand.New(rand.NewPCG(7, 8))
	inexact := 0
	for range 60 {
		for _, p := range o.set.programs {
			for i := range p.starts {
				p.singles[i].Store(nil)
			}
		}
		for _, root := range o.set.runes {
			root.credit.Store(0)
			root.children.Store(nil)
			for _, part := range root.parts() {
				part.credit.Store(0)
				for _, single := range part.parts() {
					single.credit.Store(0)
				}
			}
		}
		if !o.agrees(t, explosiveText(r, 200)) {
			inexact++
		}
	}
	assert.Positive(t, inexact)
}

func TestMemoryStaysWithinTheBudget(t *testing.T) {
	const limit = 1 << 20
	b := NewBudget(limit)
	var oracles []*oracle
	for range 4 {
		oracles = append(oracles, newOracle(t, explosive(8), b))
	}
	programs := b.Held()
	require.Less(t, programs, int64(limit)/2)
	r := rand.New(rand.NewPCG(9, 10))
	for range 200 {
		for _, o := range oracles {
			for _, root := range o.set.runes {
				root.credit.Store(1 << 30)
			}
			o.agrees(t, explosiveText(r, 300))
			require.LessOrEqual(t, b.Held(), int64(limit)+64<<10, "beyond the limit go only the first rows of a fresh cache")
		}
	}
	for i, o := range oracles {
		assert.Positive(t, o.set.Stats().Flushes, "set %d", i)
		assert.Greater(t, o.set.Stats().Bytes, programs/4, "set %d has a share", i)
	}
}

func TestASetThatComesLateGetsItsShare(t *testing.T) {
	b := NewBudget(1 << 20)
	r := rand.New(rand.NewPCG(11, 12))
	rich := newOracle(t, explosive(8), b)
	for range 100 {
		rich.set.runes[0].credit.Store(1 << 30)
		rich.agrees(t, explosiveText(r, 300))
	}
	require.Greater(t, rich.set.Stats().Bytes, int64(512<<10), "a share is half")
	late := newOracle(t, explosive(8), b)
	rich.set.account.force(1<<20 - b.Held()) // and all that is left
	flushes := rich.set.Stats().Flushes
	for range 100 {
		late.set.runes[0].credit.Store(1 << 30)
		late.agrees(t, explosiveText(r, 300))
	}
	assert.Greater(t, rich.set.Stats().Flushes, flushes)
	assert.Greater(t, late.set.Stats().Bytes, int64(200<<10))
}

func TestMemoryGoesBackToTheBudget(t *testing.T) {
	b := NewBudget(8 << 20)
	s, err := Compile([]string{"a.*b", "c"}, b)
	require.NoError(t, err)
	s.Scan(strings.Repeat("abc", 100), make([]uint64, 1))
	require.Positive(t, b.Held())
	s.Close()
	s.Close()
	assert.Zero(t, b.Held())
	hits := []uint64{0}
	s.Scan("xa b", hits)
	assert.NotZero(t, hits[0]&1, "a closed set misses nothing either")
	assert.Zero(t, b.Held())
}

func TestGarbageGoesBackToTheBudget(t *testing.T) {
	b := NewBudget(8 << 20)
	func() {
		s, err := CompileSingle("a.*b", b)
		require.NoError(t, err)
		s.Match("a b")
	}()
	assert.Eventually(t, func() bool { runtime.GC(); return b.Held() == 0 }, 20*time.Second, 10*time.Millisecond)
	assert.Empty(t, b.members)
}

func TestSingleSaysWhetherItIsCertain(t *testing.T) {
	s, err := CompileSingle(`a[^b]{2}c`, NewBudget(1<<20))
	require.NoError(t, err)
	matched, certain := s.Match("xaéfc")
	assert.True(t, matched)
	assert.True(t, certain)
	matched, certain = s.Match("xabfc")
	assert.False(t, matched)
	assert.True(t, certain)
	s.Close()
	matched, certain = s.Match("another text")
	assert.True(t, matched, "in doubt")
	assert.False(t, certain)
}

func TestScansGoOnWhileOthersBuildAndFlush(t *testing.T) {
	patterns := append(explosive(6), `union.*select`, `(?i)\bfoo\b`, `\xff[a-z]`, `^$`, `[^a-d]`)
	o := newOracle(t, patterns, NewBudget(300<<10))
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			mine := &oracle{patterns: o.patterns, stock: o.stock, set: o.set, hits: make([]uint64, len(o.hits))}
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for i := range 60 {
				v := explosiveText(r, 120)
				if i%3 == 0 {
					v += " union " + v[:20] + "select FOO \xffz"
				}
				mine.agrees(t, v)
				if i%20 == g {
					o.set.tryFlush()
				}
			}
		})
	}
	group.Wait()
	assert.Positive(t, o.set.Stats().Flushes)
}

func TestASteadyScanAllocatesNothing(t *testing.T) {
	s, err := Compile(crsTexts(t, "1", true), NewBudget(32<<20))
	require.NoError(t, err)
	w := NewWords(crsLists(t))
	hits, words := make([]uint64, s.Words()), make([]uint64, w.Words())
	assert.Zero(t, testing.AllocsPerRun(50, func() {
		for v := range sampleValues {
			s.Scan(v, hits)
			w.Scan(v, words)
		}
	}))
}

// Without cuts, four times as many.
func TestInnocentTextNeedsFewStates(t *testing.T) {
	s, err := Compile(crsTexts(t, "1", true), NewBudget(32<<20))
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(13, 14))
	hits := make([]uint64, s.Words())
	for _, v := range benchValues("text10k", r, 200<<10) {
		s.Scan(v, hits)
	}
	t.Logf("%+v", s.Stats())
	assert.Less(t, s.Stats().States, int64(6000))
	assert.Zero(t, s.Stats().Bails)
}
