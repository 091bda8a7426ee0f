package dfa

import (
	"slices"
	"unsafe"
)

// build makes the transition from a row of c on a column, and returns it with
// the cache that it leads into. It returns 0 when the credit is spent.
func (d *automaton) build(c *cache, row uint32, column uint16) (*cache, uint32) {
	p := d.program
	p.mu.Lock()
	defer p.mu.Unlock()
	current := d.cache.Load()
	known := current.states == c.states // else c was flushed, and its rows with it
	if known {
		if to := current.table[row+uint32(column)].Load(); to != 0 {
			return current, to // another scan built it meanwhile
		}
	}
	if d.account.closed.Load() || !d.spend() {
		return c, 0
	}
	threads, before := c.states.of(row / uint32(d.stride))
	mask, after := d.step(threads, before, column)
	next, to := d.intern(current, p.work.next, after, mask)
	if known && next.states == c.states {
		next.table[row+uint32(column)].Store(to)
	}
	return next, to
}

// step runs the threads, and those that begin here, over the column. The new
// threads are in the workspace.
func (d *automaton) step(threads []uint32, before kind, column uint16) (mask []uint64, after kind) {
	p, w := d.program, &d.program.work
	w.cutting = d.cuts
	class := uint16(0)
	after = edge
	if column != d.classes.last {
		class = d.classes.rep[column]
		after = p.alphabet.kinds[class]
	}
	start := d.startStep(before, after, column, class)
	w.reset()
	w.next = append(w.next, start.next...)
	for _, pc := range start.next {
		w.nextMark[pc] = w.generation
	}
	for _, pattern := range start.matched {
		w.match(pattern)
	}
	w.now = append(w.now, threads...)
	w.consume(p, before, after, class)
	w.settle(p)
	mask = make([]uint64, len(d.all))
	for _, pattern := range w.matched {
		d.mark(mask, pattern)
	}
	return mask, after
}

// startStep is the step of the threads that begin at a position. It depends on
// nothing but the runes around it, and most of a step's work would go into it.
func (d *automaton) startStep(before, after kind, column, class uint16) startStep {
	if d.startSteps[before] == nil {
		d.startSteps[before] = make([]startStep, d.classes.last+1)
		size := int64(d.classes.last+1) * int64(unsafe.Sizeof(startStep{}))
		d.account.force(size)
		d.held += size
	}
	step := &d.startSteps[before][column]
	if step.known {
		return *step
	}
	p, w := d.program, &d.program.work
	w.reset()
	for _, pattern := range d.patterns {
		w.now = append(w.now, p.starts[pattern])
	}
	w.consume(p, before, after, class)
	made := startStep{known: true, next: slices.Clone(w.next), matched: slices.Clone(w.matched)}
	if size := int64(4*len(made.next) + 2*len(made.matched)); d.account.take(size) {
		d.held += size
		*step = made
	}
	return made
}

func (d *automaton) earn(bytes int) {
	d.sinceRefill.Add(int64(bytes))
	if d.credit.Load() < savedTransitions*bytesPerTransition {
		d.credit.Add(int64(bytes))
	}
}

func (d *automaton) spend() bool {
	if d.credit.Load() < bytesPerTransition {
		return false
	}
	d.credit.Add(-bytesPerTransition)
	return true
}

// refill gives a fresh cache the credit that the first one had: innocent text needs the
// states again that went with the old one, whoever filled that. It does so now and then:
// an attack fills the memory as fast as it gets credit.
func (d *automaton) refill() {
	initial := d.initialCredit()
	if d.credit.Load() < initial && d.sinceRefill.Load() >= initial/refillShare {
		d.sinceRefill.Store(0)
		d.credit.Store(initial)
	}
}

func (d *automaton) initialCredit() int64 {
	return int64(initialTransitions+transitionsPerPattern*len(d.patterns)) * bytesPerTransition
}
