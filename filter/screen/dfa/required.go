package dfa

import (
	"math/bits"
	"regexp/syntax"
	"slices"
	"strings"
)

// Most attacks need a byte that most texts lack: a bracket, a quote, a dollar. Where
// every match of every pattern of a Set has one of a few such bytes, a look for them
// spares the scan.

const (
	// maxRequired bytes at most are worth the look.
	maxRequired = 16
	// requiredWork bounds the search for them: instructions of all patterns.
	requiredWork = 12_000
	// unremarkable bytes are in so many texts that the look would be in vain.
	unremarkable = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 /"
)

// byteSet is a set of ASCII bytes.
type byteSet [2]uint64

func (s *byteSet) has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

// required finds bytes of which every match has one; nil where there are none that are
// few and rare.
func required(progs []*syntax.Prog) *[256]bool {
	work := 0
	for _, prog := range progs {
		work += len(prog.Inst)
	}
	if work > requiredWork {
		return nil
	}
	var all []skeleton
	for _, prog := range progs {
		all = append(all, newSkeleton(prog))
	}
	return fewest(func(without *byteSet) bool {
		return slices.ContainsFunc(all, func(s skeleton) bool { return s.matchesWithout(without) })
	})
}

// requiredOfWords is required for words in place of patterns.
func requiredOfWords(lists [][]string) *[256]bool {
	words := slices.Concat(lists...)
	if len(words) > requiredWork/32 {
		return nil
	}
	return fewest(func(without *byteSet) bool {
		return slices.ContainsFunc(words, func(w string) bool {
			return strings.IndexFunc(w, func(r rune) bool { return r < 0x80 && without.has(byte(r)) }) < 0
		})
	})
}

// fewest takes one byte after the other, the most common first, out of the set of all,
// as long as nothing matches without those that are left.
func fewest(matches func(without *byteSet) bool) *[256]bool {
	set := byteSet{^uint64(0), ^uint64(0)}
	if matches(&set) {
		return nil
	}
	order := unremarkable + common
	for b := range byte(0x80) {
		order += string(rune(b))
	}
	for i := range len(order) {
		smaller := set
		smaller[order[i]>>6] &^= 1 << (order[i] & 63)
		if !matches(&smaller) {
			set = smaller
		} else if i < len(unremarkable) {
			return nil
		}
	}
	if bits.OnesCount64(set[0])+bits.OnesCount64(set[1]) > maxRequired {
		return nil
	}
	table := new([256]bool)
	for b := range byte(0x80) {
		table[b] = set.has(b)
	}
	return table
}

func hasAny(table *[256]bool, v string) bool {
	for i := range len(v) {
		if table[v[i]] {
			return true
		}
	}
	return false
}

// skeleton is a program with no more of its runes than which ASCII bytes they are.
type skeleton struct {
	prog   *syntax.Prog
	ascii  []byteSet
	others []bool // beyond ASCII
	seen   []bool // for matchesWithout
}

func newSkeleton(prog *syntax.Prog) skeleton {
	s := skeleton{prog: prog, ascii: make([]byteSet, len(prog.Inst)), others: make([]bool, len(prog.Inst)), seen: make([]bool, len(prog.Inst))}
	for pc := range prog.Inst {
		switch in := &prog.Inst[pc]; in.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			pairs := ranges(in)
			for i := 0; i < len(pairs); i += 2 {
				for r := pairs[i]; r <= min(pairs[i+1], 0x7f); r++ {
					s.ascii[pc][r>>6] |= 1 << (r & 63)
				}
				s.others[pc] = s.others[pc] || pairs[i+1] > 0x7f
			}
		}
	}
	return s
}

// matchesWithout reports whether a text without these bytes can match.
func (s *skeleton) matchesWithout(bytes *byteSet) bool {
	clear(s.seen)
	open := []uint32{uint32(s.prog.Start)}
	for len(open) > 0 {
		pc := open[len(open)-1]
		open = open[:len(open)-1]
		if s.seen[pc] {
			continue
		}
		s.seen[pc] = true
		switch in := &s.prog.Inst[pc]; in.Op {
		case syntax.InstMatch:
			return true
		case syntax.InstFail:
		case syntax.InstAlt, syntax.InstAltMatch:
			open = append(open, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			open = append(open, in.Out)
		default:
			if s.others[pc] || s.ascii[pc][0]&^bytes[0] != 0 || s.ascii[pc][1]&^bytes[1] != 0 {
				open = append(open, in.Out)
			}
		}
	}
	return false
}
