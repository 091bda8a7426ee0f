package dfa

import (
	"fmt"
	"maps"
	"regexp/syntax"
	"slices"
	"sort"
	"unicode"
	"unicode/utf8"
)

// kind is what a zero-width assertion asks of a rune: word runes and newlines
// are special. As the context of a state it is the kind of the last rune.
type kind uint8

const (
	other kind = iota
	word
	newline
	edge // before the first rune, after the last
)

func kindOf(r rune) kind {
	switch {
	case r == '\n':
		return newline
	case syntax.IsWordChar(r):
		return word
	}
	return other
}

// assertions are those that hold between two runes of these kinds.
func assertions(before, after kind) syntax.EmptyOp {
	ops := syntax.EmptyNoWordBoundary
	if (before == word) != (after == word) {
		ops = syntax.EmptyWordBoundary
	}
	if before == edge {
		ops |= syntax.EmptyBeginText | syntax.EmptyBeginLine
	}
	if before == newline {
		ops |= syntax.EmptyBeginLine
	}
	if after == edge {
		ops |= syntax.EmptyEndText | syntax.EmptyEndLine
	}
	if after == newline {
		ops |= syntax.EmptyEndLine
	}
	return ops
}

// alphabet maps runes to classes: two runes of one class are told apart by no
// instruction of the program.
type alphabet struct {
	bounds []rune // a class holds from its bound up to the next one
	class  []uint16
	low    [0x800]uint16 // one and two byte runes, without a search
	kinds  []kind        // of each class
}

func (a *alphabet) of(r rune) uint16 {
	if uint32(r) < uint32(len(a.low)) {
		return a.low[r]
	}
	return a.search(r)
}

func (a *alphabet) search(r rune) uint16 {
	return a.class[sort.Search(len(a.bounds), func(i int) bool { return a.bounds[i] > r })-1]
}

// ranges lists the runes that an instruction consumes as pairs, in order.
func ranges(in *syntax.Inst) []rune {
	switch in.Op {
	case syntax.InstRuneAny:
		return []rune{0, utf8.MaxRune}
	case syntax.InstRuneAnyNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, utf8.MaxRune}
	}
	if len(in.Rune) != 1 {
		return in.Rune
	}
	pairs := []rune{in.Rune[0], in.Rune[0]}
	if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
		for r := unicode.SimpleFold(in.Rune[0]); r != in.Rune[0]; r = unicode.SimpleFold(r) {
			pairs = append(pairs, r, r)
		}
	}
	return pairs
}

// maxBounds keeps numbers of classes and columns within 16 bits. All of CRS's
// patterns have some 350 bounds, all of Unicode's classes some thousands.
const maxBounds = 60_000

// newAlphabet cuts the runes at every border of the sets and joins again what
// no set, and no assertion, tells apart. It returns the sets over the classes.
func newAlphabet(sets [][]rune) (*alphabet, []classSet, error) {
	kinds := [][]rune{{'\n', '\n'}, {'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}}
	sets = append(slices.Clip(sets), kinds...)
	a := &alphabet{bounds: []rune{0}}
	for _, set := range sets {
		for i := 0; i < len(set); i += 2 {
			a.bounds = append(a.bounds, set[i], set[i+1]+1)
		}
	}
	slices.Sort(a.bounds)
	a.bounds = slices.Compact(a.bounds)
	if len(a.bounds) > maxBounds {
		return nil, nil, fmt.Errorf("they tell more than %d ranges of runes apart", maxBounds)
	}
	p := newPartition(len(a.bounds))
	for _, set := range sets {
		p.split(func(yield func(int) bool) {
			for i := 0; i < len(set); i += 2 {
				at, _ := slices.BinarySearch(a.bounds, set[i])
				for ; at < len(a.bounds) && a.bounds[at] <= set[i+1]; at++ {
					if !yield(at) {
						return
					}
				}
			}
		})
	}
	a.class = p.part
	for r := range a.low {
		a.low[r] = a.search(rune(r))
	}
	rep := make([]rune, p.parts)
	for i, c := range slices.Backward(a.class) {
		rep[c] = a.bounds[i]
	}
	for _, r := range rep {
		a.kinds = append(a.kinds, kindOf(r))
	}
	over := make([]classSet, len(sets)-len(kinds))
	for i := range over {
		over[i] = newClassSet(p.parts)
		for j := 0; j < len(sets[i]); j += 2 {
			at, _ := slices.BinarySearch(a.bounds, sets[i][j])
			for ; at < len(a.bounds) && a.bounds[at] <= sets[i][j+1]; at++ {
				over[i].add(a.class[at])
			}
		}
	}
	return a, over, nil
}

// classSet is a set of classes, one bit each.
type classSet []uint64

func newClassSet(n int) classSet     { return make(classSet, (n+63)/64) }
func (s classSet) add(c uint16)      { s[c>>6] |= 1 << (c & 63) }
func (s classSet) has(c uint16) bool { return s[c>>6]>>(c&63)&1 != 0 }

// partition divides 0..n-1 into parts that no set given to split tells apart.
type partition struct {
	part  []uint16
	size  []int
	parts int
}

func newPartition(n int) *partition {
	return &partition{part: make([]uint16, n), size: []int{n}, parts: 1}
}

func (p *partition) split(members func(yield func(int) bool)) {
	inside := map[uint16]int{}
	for m := range members {
		inside[p.part[m]]++
	}
	renamed := map[uint16]uint16{}
	for _, part := range slices.Sorted(maps.Keys(inside)) {
		n := inside[part]
		if n == p.size[part] {
			continue
		}
		renamed[part] = uint16(p.parts)
		p.parts++
		p.size[part] -= n
		p.size = append(p.size, n)
	}
	for m := range members {
		if to, ok := renamed[p.part[m]]; ok {
			p.part[m] = to
		}
	}
}
