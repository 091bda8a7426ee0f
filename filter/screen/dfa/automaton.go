package dfa

import (
	"slices"
	"sync/atomic"
	"unicode/utf8"
)

// automaton is a lazily built DFA over some of a program's patterns. It scans
// without locks; where a transition is missing, it is built under the
// program's lock, as long as the automaton has credit.
type automaton struct {
	program  *program
	account  *account
	counters *counters
	patterns []uint16
	cuts     bool // what matches is a suspicion, where the pattern has cuts
	classes  columns
	columnOf [256]uint16 // of a byte, or the one after the last if it begins a longer rune
	noRune   uint16      // column of what no byte sequence stands for: in garbage, the most frequent
	maskAt   int         // where in a row its hits begin
	stride   int         // length of a row
	anchored bool        // a state without threads stays so
	firstBit int         // of hits that a row's mask covers, a multiple of 64
	all      []uint64    // hits of all patterns, from firstBit on
	sure     []uint64    // those that are no mere suspicions

	cache  atomic.Pointer[cache]
	credit atomic.Int64 // transitions that may be built, times bytesPerTransition
	// sinceRefill are the bytes scanned since a flush gave credit.
	sinceRefill atomic.Int64

	// startSteps are the threads that begin at a position, by the kind before it
	// and the column of the rune there. Guarded by the program's lock.
	startSteps [][]startStep
	held       int64 // bytes beside the cache, guarded too

	children atomic.Pointer[[]*automaton] // what scans instead when the credit is spent
}

type startStep struct {
	known   bool
	next    []uint32
	matched []uint16
}

const (
	// bytesPerTransition is how many scanned bytes pay for a new transition. To
	// build one takes some microseconds, about what Go's regexp takes for those
	// bytes and one or two patterns.
	bytesPerTransition = 256
	// initialTransitions, and transitionsPerPattern more for each pattern, are
	// free, once: innocent traffic needs them. CRS's 178 of level 2 that are
	// scanned for together take 20,000 for the first 2 MB of short values.
	initialTransitions    = 8192
	transitionsPerPattern = 512
	// savedTransitions bounds the credit that a long calm leaves to an attack.
	savedTransitions = 2048
	// refillShare of the bytes that the initial credit stands for have to be scanned
	// between two refills: whoever fills the memory again and again has no credit for it.
	refillShare = 8
	// fanout is into how many parts an automaton without credit divides.
	fanout = 8
)

func newAutomaton(p *program, patterns []uint16, cuts bool, a *account, n *counters) *automaton {
	d := &automaton{program: p, account: a, counters: n, patterns: patterns, cuts: cuts, anchored: true}
	used := map[uint32]bool{}
	lo, hi := p.bits[patterns[0]], p.bits[patterns[0]]
	for _, pattern := range patterns {
		for _, set := range p.usedSets[pattern] {
			used[set] = true
		}
		lo, hi = min(lo, p.bits[pattern]), max(hi, p.bits[pattern])
		d.anchored = d.anchored && p.anchored[pattern]
	}
	d.firstBit = lo &^ 63
	d.all = make([]uint64, (hi-d.firstBit)/64+1)
	d.sure = make([]uint64, len(d.all))
	for _, pattern := range patterns {
		d.mark(d.all, pattern)
		if !p.guest[pattern] && !(cuts && p.cut[pattern]) {
			d.mark(d.sure, pattern)
		}
	}
	d.classes = newColumns(p, used)
	d.maskAt = int(d.classes.last) + 2
	d.stride = d.maskAt + 2*len(d.all)
	for b := range d.columnOf {
		d.columnOf[b] = d.classes.of[p.alphabet.low[b]]
		if b >= utf8.RuneSelf && !p.overBytes {
			d.columnOf[b] = d.classes.last + 1
		}
	}
	d.noRune = d.classes.of[p.alphabet.of(utf8.RuneError)]
	d.startSteps = make([][]startStep, edge+1)
	d.cache.Store(d.fresh())
	d.credit.Store(d.initialCredit())
	d.sinceRefill.Store(d.initialCredit()) // the first is free
	d.held = int64(2*len(d.classes.of) + 2*len(d.columnOf) + 512)
	a.force(d.held)
	return d
}

// discard gives all memory back.
func (d *automaton) discard() {
	d.account.give(d.held + d.cache.Load().states.held)
}

func (d *automaton) mark(mask []uint64, pattern uint16) {
	bit := d.program.bits[pattern] - d.firstBit
	mask[bit>>6] |= 1 << (bit & 63)
}

// columns are an automaton's own, coarser classes: those that its patterns do
// not tell apart are one column of its table. The last column is the end.
type columns struct {
	of   []uint16 // column of a class
	rep  []uint16 // a class of each column
	last uint16   // the end of the text
}

// common are runes in the order in which texts have them, so that the columns
// that are used most lie together in memory.
const common = " etaoinshrdlucmwfgypbvk0123456789-_/.:,\"=<>ETAOINSHRDLUCMWFGYPBVKjxqzJXQZ\n;()'&%+?"

func newColumns(p *program, used map[uint32]bool) columns {
	kinds := p.alphabet.kinds
	part := newPartition(len(kinds))
	for set := range used {
		part.split(func(yield func(int) bool) {
			for c := range kinds {
				if p.sets[set].has(uint16(c)) && !yield(c) {
					return
				}
			}
		})
	}
	for _, k := range []kind{word, newline} {
		part.split(func(yield func(int) bool) {
			for c := range kinds {
				if kinds[c] == k && !yield(c) {
					return
				}
			}
		})
	}
	var c columns
	numbers := map[uint16]uint16{}
	number := func(class uint16) uint16 {
		n, known := numbers[part.part[class]]
		if !known {
			n = uint16(len(c.rep))
			numbers[part.part[class]] = n
			c.rep = append(c.rep, class)
		}
		return n
	}
	for _, r := range common {
		number(p.alphabet.of(r))
	}
	c.of = make([]uint16, len(kinds))
	for class := range kinds {
		c.of[class] = number(uint16(class))
	}
	c.last = uint16(len(c.rep))
	return c
}

// parts are the automata that this one's patterns are divided among when its
// credit is spent. None: it has one pattern only.
func (d *automaton) parts() []*automaton {
	if len(d.patterns) == 1 {
		return nil
	}
	if parts := d.children.Load(); parts != nil {
		return *parts
	}
	d.program.mu.Lock()
	defer d.program.mu.Unlock()
	if parts := d.children.Load(); parts != nil {
		return *parts
	}
	var parts []*automaton
	size := (len(d.patterns) + fanout - 1) / fanout
	for part := range slices.Chunk(d.patterns, size) {
		if len(part) == 1 {
			parts = append(parts, d.program.single(part[0], d.account, d.counters))
		} else {
			parts = append(parts, newAutomaton(d.program, part, d.cuts, d.account, d.counters))
		}
	}
	d.children.Store(&parts)
	return parts
}

// single is the automaton of one pattern. The lock is held.
func (p *program) single(pattern uint16, a *account, n *counters) *automaton {
	d := p.singles[pattern].Load()
	if d == nil {
		d = newAutomaton(p, []uint16{pattern}, false, a, n)
		p.singles[pattern].Store(d)
	}
	return d
}

// flushAll gives up the states, and those of the parts. The program's lock is
// held.
func (d *automaton) flushAll() {
	d.flush(d.cache.Load(), 0)
	if children := d.children.Load(); children != nil {
		for _, part := range *children {
			part.flushAll()
		}
	}
}
