package dfa

import (
	"encoding/binary"
	"hash/maphash"
	"regexp/syntax"
	"slices"
)

// workspace is the scratch memory of one step. The program's lock guards it.
type workspace struct {
	now     []uint32 // instructions to look at before the rune
	next    []uint32 // instructions that wait after it
	matched []uint16 // patterns, with repetitions
	stack   []uint32
	key     []byte

	nowMark, nextMark []uint32 // generation in which an instruction was visited
	matchMark         []uint32 // the same for a pattern that matched
	generation        uint32
	cutting           bool // stop at cuts, as if the pattern matched
}

func (w *workspace) init(insts, patterns int) {
	w.nowMark, w.nextMark = make([]uint32, insts), make([]uint32, insts)
	w.matchMark = make([]uint32, patterns)
}

func (w *workspace) reset() {
	w.now, w.next, w.matched = w.now[:0], w.next[:0], w.matched[:0]
	w.generation++
	if w.generation == 0 { // wrapped: old marks would look new
		clear(w.nowMark)
		clear(w.nextMark)
		clear(w.matchMark)
		w.generation = 1
	}
}

// follow adds to next what waits for a rune or an assertion from pc on, and to
// matched the pattern if it needs neither.
func (w *workspace) follow(p *program, pc uint32) {
	w.stack = append(w.stack[:0], pc)
	for len(w.stack) > 0 {
		pc := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		if w.nextMark[pc] == w.generation {
			continue
		}
		w.nextMark[pc] = w.generation
		in := &p.insts[pc]
		switch in.op {
		case opJump:
			w.stack = append(w.stack, in.out)
		case opAlt:
			w.stack = append(w.stack, in.arg, in.out)
		case opMatch:
			w.match(in.pattern)
		case opRune, opAssert:
			switch {
			case in.implicit: // it waits at every position
			case in.cut && w.cutting:
				w.match(in.pattern)
			default:
				w.next = append(w.next, pc)
			}
		}
	}
}

func (w *workspace) match(pattern uint16) {
	if w.matchMark[pattern] != w.generation {
		w.matchMark[pattern] = w.generation
		w.matched = append(w.matched, pattern)
	}
}

// consume runs what is in now between a rune (or the edge) of kind before and
// one of the class: assertions first, then the rune itself. At the end of the
// text, only assertions can lead on.
func (w *workspace) consume(p *program, before, after kind, class uint16) {
	holds := assertions(before, after)
	for len(w.now) > 0 {
		pc := w.now[len(w.now)-1]
		w.now = w.now[:len(w.now)-1]
		if w.nowMark[pc] == w.generation {
			continue
		}
		w.nowMark[pc] = w.generation
		in := &p.insts[pc]
		switch in.op {
		case opJump:
			w.now = append(w.now, in.out)
		case opAlt:
			w.now = append(w.now, in.arg, in.out)
		case opAssert:
			if syntax.EmptyOp(in.arg)&^holds == 0 {
				w.now = append(w.now, in.out)
			}
		case opMatch:
			w.match(in.pattern)
		case opRune:
			if after != edge && p.sets[in.arg].has(class) {
				w.follow(p, in.out)
			}
		}
	}
}

// settle sorts the result and drops the threads of patterns that matched:
// their bits are set by whoever comes by here.
func (w *workspace) settle(p *program) {
	if len(w.matched) > 0 {
		w.next = slices.DeleteFunc(w.next, func(pc uint32) bool {
			return w.matchMark[p.insts[pc].pattern] == w.generation
		})
	}
	slices.Sort(w.next)
}

var seed = maphash.MakeSeed()

// hash is of what makes a state. It is seeded: who chooses the text must not
// choose the collisions.
func (w *workspace) hash(threads []uint32, before kind, mask []uint64) uint64 {
	w.key = append(w.key[:0], byte(before))
	for _, pc := range threads {
		w.key = binary.LittleEndian.AppendUint32(w.key, pc)
	}
	for _, bits := range mask {
		w.key = binary.LittleEndian.AppendUint64(w.key, bits)
	}
	return maphash.Bytes(seed, w.key)
}
