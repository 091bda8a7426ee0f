package dfa

import (
	"slices"
	"sync/atomic"
)

// cache is the states that an automaton has built. A scan that has loaded one
// may go on with it whatever becomes of the automaton: tables are only added
// to, and grow or are flushed by being replaced.
type cache struct {
	// table has one row for each state: a transition for each column, one that
	// is never built, for bytes that are no runes, then the state's mask of hits,
	// two words of it for each of hits. A transition is
	// the index of a row with flags, or 0 while it is not built.
	table  []atomic.Uint32
	states *states
}

const (
	accepts   = 1 << 31 // the row's mask is not empty
	finished  = 1 << 30 // no further rune can add a hit
	flagged   = finished
	maxTable  = finished
	rowOf     = flagged - 1
	firstRows = 8 // of a new table, the unused row 0 and the start included
)

// states is what the builder has to know of the rows of a cache and of those
// it has grown from. Guarded by the program's lock.
type states struct {
	threads []uint32 // of all states, one after the other
	ends    []uint32 // in threads, by state
	before  []kind
	hashes  map[uint64]uint32 // the last state of a hash
	same    []uint32          // another state of the same hash, 0 for none
	held    int64             // bytes, the table included
}

// fresh makes a cache with only the start state, forced on the account.
func (d *automaton) fresh() *cache {
	c := &cache{table: make([]atomic.Uint32, firstRows*d.stride), states: &states{
		ends: []uint32{0}, before: []kind{edge}, same: []uint32{0}, hashes: map[uint64]uint32{},
	}}
	c.states.held = int64(len(c.table)) * 4
	d.account.force(c.states.held)
	c.states.add(nil, edge, 0)
	return c
}

func (s *states) add(threads []uint32, before kind, hash uint64) (state uint32) {
	state = uint32(len(s.ends))
	s.threads = append(s.threads, threads...)
	s.ends = append(s.ends, uint32(len(s.threads)))
	s.before = append(s.before, before)
	s.same = append(s.same, s.hashes[hash])
	s.hashes[hash] = state
	return state
}

func (s *states) of(state uint32) (threads []uint32, before kind) {
	return s.threads[s.ends[state-1]:s.ends[state]], s.before[state]
}

// stateBytes is what a state holds beside its row and threads: ends, before,
// same, its place in the map, all with the slack of growing slices.
const stateBytes = 64

// intern finds the state or adds it, and returns the transition to it and the
// cache it is in: c, a grown one, or after a flush a fresh one.
func (d *automaton) intern(c *cache, threads []uint32, before kind, mask []uint64) (*cache, uint32) {
	hash := d.program.work.hash(threads, before, mask)
	for state := c.states.hashes[hash]; state != 0; state = c.states.same[state] {
		t, b := c.states.of(state)
		if b == before && slices.Equal(t, threads) && d.hasMask(c, int(state)*d.stride, mask) {
			return c, d.transition(int(state)*d.stride, threads, before, mask)
		}
	}
	c = d.room(c, len(threads))
	row := int(c.states.add(threads, before, hash)) * d.stride
	for i, w := range mask {
		at := row + d.maskAt + 2*i
		c.table[at].Store(uint32(w))
		c.table[at+1].Store(uint32(w >> 32))
	}
	d.counters.states.Add(1)
	return c, d.transition(row, threads, before, mask)
}

func (d *automaton) hasMask(c *cache, row int, mask []uint64) bool {
	at := row + d.maskAt
	for i, w := range mask {
		if c.word(at+2*i) != w {
			return false
		}
	}
	return true
}

// word reads a word of a mask.
func (c *cache) word(at int) uint64 {
	return uint64(c.table[at].Load()) | uint64(c.table[at+1].Load())<<32
}

func (d *automaton) transition(row int, threads []uint32, before kind, mask []uint64) uint32 {
	to := uint32(row)
	for _, w := range mask {
		if w != 0 {
			to |= accepts
			break
		}
	}
	if d.anchored && len(threads) == 0 && before != edge {
		to |= finished
	}
	return to
}

// room makes place for one more state: in c, in a copy of twice the size, or
// where the Budget has no more, in a fresh cache.
func (d *automaton) room(c *cache, threads int) *cache {
	need := int64(stateBytes + 8*threads)
	rows := len(c.states.ends) + 1
	size := len(c.table)
	if rows*d.stride <= size {
		if d.account.take(need) {
			c.states.held += need
			return c
		}
		return d.flush(c, need)
	}
	if 2*size > maxTable || !d.account.take(need+int64(2*size)*4) {
		return d.flush(c, need)
	}
	grown := &cache{table: make([]atomic.Uint32, 2*size), states: c.states}
	for i := range c.table {
		if v := c.table[i].Load(); v != 0 {
			grown.table[i].Store(v)
		}
	}
	d.account.give(int64(size) * 4)
	c.states.held += need + int64(size)*4
	d.cache.Store(grown)
	return grown
}

// flush gives up all states, for the sake of one that holds need bytes beside
// its row. Scans under way keep the old cache until they
// need a transition that it lacks.
func (d *automaton) flush(c *cache, need int64) *cache {
	d.account.give(c.states.held)
	d.counters.flushes.Add(1)
	fresh := d.fresh()
	d.account.force(need)
	fresh.states.held += need
	d.cache.Store(fresh)
	d.refill()
	return fresh
}
