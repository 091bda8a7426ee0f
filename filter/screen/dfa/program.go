package dfa

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"
)

// maxInsts bounds one pattern's program. CRS's largest has about a third of it.
const maxInsts = 100_000

type opcode uint8

const (
	opFail   opcode = iota
	opJump          // to out
	opAlt           // to out and arg
	opRune          // consume a rune of the class set arg, to out
	opAssert        // to out where the assertions arg hold
	opMatch
)

type inst struct {
	out, arg uint32
	pattern  uint16
	op       opcode
	implicit bool // one of its pattern's first instructions: waits at every position
	cut      bool // a wait: see markCuts
}

// program is the patterns of a Set that are stepped alike, by rune or by byte.
// All its automata share it; it does not change once it is compiled.
type program struct {
	overBytes bool
	bits      []int // of each pattern, in hits
	insts     []inst
	starts    []uint32
	anchored  []bool // can only match from the beginning of the text
	always    []bool // matches every text
	guest     []bool // is over bytes in a program over runes: right for ASCII, else no more than a suspicion
	cut       []bool // has a wait in it
	alphabet  *alphabet
	sets      []classSet
	usedSets  [][]uint32 // by pattern

	mu   sync.Mutex // held to build states in any of its automata
	work workspace  // guarded by mu

	singles []atomic.Pointer[automaton] // by pattern, those needed so far
}

// bytes is what the program holds.
func (p *program) bytes() int64 {
	n := len(p.insts)*int(unsafe.Sizeof(inst{})+2*4) + len(p.sets)*(len(p.alphabet.kinds)+7)/8 + 8192
	for _, used := range p.usedSets {
		n += len(used) * 4
	}
	return int64(n)
}

// joined is what a program is made of.
type joined struct {
	progs []*syntax.Prog
	bits  []int
	guest []bool
}

func (j *joined) add(prog *syntax.Prog, bit int, guest bool) {
	j.progs, j.bits, j.guest = append(j.progs, prog), append(j.bits, bit), append(j.guest, guest)
}

// newProgram joins the programs of several patterns.
func newProgram(from joined, overBytes bool) (*program, error) {
	p := &program{overBytes: overBytes, bits: from.bits, guest: from.guest}
	sets := runeSets{numbers: map[string]uint32{}}
	for i, prog := range from.progs {
		offset := uint32(len(p.insts))
		var used []uint32
		for j := range prog.Inst {
			in := &prog.Inst[j]
			converted := inst{out: in.Out + offset, pattern: uint16(i)}
			switch in.Op {
			case syntax.InstAlt, syntax.InstAltMatch:
				converted.op, converted.arg = opAlt, in.Arg+offset
			case syntax.InstCapture, syntax.InstNop:
				converted.op = opJump
			case syntax.InstEmptyWidth:
				converted.op, converted.arg = opAssert, in.Arg
			case syntax.InstMatch:
				converted.op = opMatch
			case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
				converted.op, converted.arg = opRune, sets.number(ranges(in))
				used = append(used, converted.arg)
			}
			p.insts = append(p.insts, converted)
		}
		slices.Sort(used)
		p.usedSets = append(p.usedSets, slices.Clip(slices.Compact(used)))
		p.starts = append(p.starts, uint32(prog.Start)+offset)
	}
	p.insts = slices.Clip(p.insts)
	var err error
	if p.alphabet, p.sets, err = newAlphabet(sets.all); err != nil {
		return nil, err
	}
	p.work.init(len(p.insts), len(p.starts))
	p.singles = make([]atomic.Pointer[automaton], len(p.starts))
	for _, start := range p.starts {
		anchored, always := p.markStart(start)
		p.anchored, p.always = append(p.anchored, anchored), append(p.always, always)
	}
	p.markCuts()
	return p, nil
}

// markStart marks the instructions that wait for a rune or an assertion at
// every position, and says whether all of them are a \A, and whether the
// pattern needs none of them to match.
func (p *program) markStart(start uint32) (anchored, always bool) {
	anchored = true
	w := &p.work
	w.reset()
	w.follow(p, start)
	for _, pc := range w.next {
		in := &p.insts[pc]
		in.implicit = true
		if in.op != opAssert || syntax.EmptyOp(in.arg)&syntax.EmptyBeginText == 0 {
			anchored = false
		}
	}
	return anchored, len(w.matched) > 0
}

// runeSets numbers the distinct sets of runes.
type runeSets struct {
	all     [][]rune
	numbers map[string]uint32
}

func (s *runeSets) number(set []rune) uint32 {
	var key []byte
	for _, r := range set {
		key = binary.LittleEndian.AppendUint32(key, uint32(r))
	}
	n, known := s.numbers[string(key)]
	if !known {
		n = uint32(len(s.all))
		s.numbers[string(key)] = n
		s.all = append(s.all, set)
	}
	return n
}
