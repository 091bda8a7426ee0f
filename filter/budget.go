package filter

import "sync/atomic"

// heldBytes is what all transactions of the process hold for bodies, those that
// an evaluation still reads included. max_held_bytes bounds one body; without
// this, ten thousand clients would hold ten thousand times as much.
var heldBytes atomic.Int64

// HeldBytes returns how many bytes of bodies the process holds.
func HeldBytes() int64 { return heldBytes.Load() }

// affords reports whether the budget allows n more bytes. Two transactions may
// pass it at once by a chunk each.
func (t *Transaction) affords(n int) bool {
	return heldBytes.Load()+int64(n) <= int64(t.engine.config.HeldBytesBudget)
}

// account counts n more bytes as held. Past the budget, they are to be judged at
// once.
func (d *direction) account(n int) {
	heldBytes.Add(int64(n))
	d.reserved += n
}

// unreserve gives back what was reserved: the direction is judged.
func (d *direction) unreserve() {
	heldBytes.Add(-int64(d.reserved))
	d.reserved = 0
}
