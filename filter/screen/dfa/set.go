package dfa

import (
	"fmt"
	"math/bits"
	"regexp/syntax"
	"runtime"
	"slices"
	"sync/atomic"
)

// Set is many regular expressions that are looked for in one pass. It is safe
// for concurrent use.
type Set struct {
	words    int
	places   []place  // by bit of hits
	always   []uint64 // hits of patterns that match every text
	runes    []*automaton
	bytes    []*automaton // for what only bytes can match, if v is not ASCII
	required *[256]bool   // a text with none of them has no match; nil: unknown
	programs []*program
	account  *account
	counters *counters
}

type place struct {
	program *program
	pattern uint16
}

// maxWords bounds a Set to 1,024 patterns: Scan keeps as many bits on its stack.
const maxWords = 16

type counters struct{ states, flushes, bails atomic.Int64 }

// Stats is what a Set did and holds.
type Stats struct {
	States  int64 // states built, those flushed again included
	Bytes   int64 // memory counted by the Budget
	Flushes int64 // caches given up for want of memory
	Bails   int64 // scans given up for want of credit
}

// Compile builds a Set of patterns, each as written after @rx. Bit i of Scan's
// hits stands for patterns[i]. An error names the pattern's index.
func Compile(patterns []string, b *Budget) (*Set, error) {
	parsed := make([]*Pattern, len(patterns))
	for i, pattern := range patterns {
		var err error
		if parsed[i], err = Parse(pattern); err != nil {
			return nil, fmt.Errorf("pattern %d: %w", i, err)
		}
	}
	return CompileParsed(parsed, b)
}

// CompileParsed is Compile for patterns that were parsed before.
func CompileParsed(patterns []*Pattern, b *Budget) (*Set, error) {
	if len(patterns) > 64*maxWords {
		return nil, fmt.Errorf("%d patterns, more than %d", len(patterns), 64*maxWords)
	}
	var byRune, byByte joined
	for i, p := range patterns {
		byRune.add(p.prog, i, p.overBytes)
		if p.overBytes {
			byByte.add(p.prog, i, false)
		}
	}
	var progs []*syntax.Prog
	for _, p := range patterns {
		progs = append(progs, p.prog)
	}
	s := &Set{words: (len(patterns) + 63) / 64, counters: new(counters)}
	s.required = required(progs)
	s.places = make([]place, len(patterns))
	s.always = make([]uint64, s.words)
	s.account = b.open(s)
	var err error
	if s.runes, err = s.add(byRune, false); err == nil {
		s.bytes, err = s.add(byByte, true)
	}
	if err != nil {
		s.account.close()
		return nil, fmt.Errorf("%d patterns: %w", len(patterns), err)
	}
	runtime.AddCleanup(s, (*account).close, s.account)
	return s, nil
}

// add makes a program, if it has patterns, and the automata that scan for them.
func (s *Set) add(patterns joined, overBytes bool) (roots []*automaton, err error) {
	if len(patterns.progs) == 0 {
		return nil, nil
	}
	p, err := newProgram(patterns, overBytes)
	if err != nil {
		return nil, err
	}
	s.programs = append(s.programs, p)
	s.account.force(p.bytes())
	var sometimes []uint16
	for i, bit := range p.bits {
		s.places[bit] = place{p, uint16(i)}
		if p.always[i] {
			s.always[bit>>6] |= 1 << (bit & 63)
		} else {
			sometimes = append(sometimes, uint16(i))
		}
	}
	for _, g := range s.divide(p, sometimes) {
		roots = append(roots, newAutomaton(p, g.patterns, g.cut, s.account, s.counters))
	}
	return roots, nil
}

// Words is the length that Scan needs hits to have.
func (s *Set) Words() int { return s.words }

// Scan sets the bits of the patterns that match somewhere in v, and no others
// if it returns true. It never leaves out one that matches. Bits that are set
// already stay so.
func (s *Set) Scan(v string, hits []uint64) (exact bool) {
	for i, always := range s.always {
		hits[i] |= always
	}
	if s.RulesOut(v) {
		return true
	}
	var few [maxWords]uint64
	suspects := few[:s.words]
	exact = true
	for _, root := range s.runes {
		exact = root.run(v, hits, suspects) && exact
	}
	if s.bytes != nil && !isASCII(v) {
		for _, root := range s.bytes {
			exact = root.run(v, hits, suspects) && exact
		}
	}
	for i, suspect := range suspects {
		for suspect &^= hits[i]; suspect != 0; suspect &= suspect - 1 {
			single := s.single(i*64 + bits.TrailingZeros64(suspect))
			exact = single.run(v, hits, suspects) && exact
		}
	}
	runtime.KeepAlive(s)
	return exact
}

// RulesOut reports whether v has none of the bytes without which nothing matches. They
// are neither letters, digits nor blanks.
func (s *Set) RulesOut(v string) bool {
	return len(s.places) == 0 || s.required != nil && !hasAny(s.required, v)
}

// single is the automaton of one pattern alone.
func (s *Set) single(bit int) *automaton {
	at := s.places[bit]
	if d := at.program.singles[at.pattern].Load(); d != nil {
		return d
	}
	at.program.mu.Lock()
	defer at.program.mu.Unlock()
	return at.program.single(at.pattern, s.account, s.counters)
}

// Stats can be called at any time.
func (s *Set) Stats() Stats {
	return Stats{
		States:  s.counters.states.Load(),
		Bytes:   s.account.held.Load(),
		Flushes: s.counters.flushes.Load(),
		Bails:   s.counters.bails.Load(),
	}
}

// Close gives the Set's memory back to its Budget, as the garbage collector
// does otherwise. A scan of a closed Set is not exact.
func (s *Set) Close() {
	for _, p := range s.programs {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	s.account.close()
	for _, p := range s.programs {
		s.flush(p)
	}
}

func (s *Set) flush(p *program) {
	for _, root := range slices.Concat(s.runes, s.bytes) {
		if root.program == p {
			root.flushAll()
		}
	}
	for i := range p.singles {
		if d := p.singles[i].Load(); d != nil {
			d.flushAll()
		}
	}
}

// tryFlush gives the caches up, unless a state is being built.
func (s *Set) tryFlush() {
	for _, p := range s.programs {
		if !p.mu.TryLock() {
			continue
		}
		s.flush(p)
		p.mu.Unlock()
	}
}
