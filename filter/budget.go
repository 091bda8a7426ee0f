package filter

import "sync/atomic"

// heldBytes is what all transactions of the process hold for bodies, those that
// an evaluation still reads included. max_held_bytes bounds one body; without
// this, ten thousand clients would hold ten thousand times as much.
var heldBytes atomic.Int64

// HeldBytes returns how many bytes of bodies the process holds.
func HeldBytes() int64 { return heldBytes.Load() }

// reserve accounts for n more bytes held for a direction, and reports whether
// the budget allows them. Two transactions may pass it at once by a chunk each.
func (t *Transaction) reserve(d *direction, n int) bool {
	if heldBytes.Load()+int64(n) > int64(t.engine.config.HeldBytesBudget) {
		return false
	}
	d.account(n)
	return true
}

// account counts n more bytes as held, whatever the budget: they are to be
// judged at once.
func (d *direction) account(n int) {
	heldBytes.Add(int64(n))
	d.reserved += n
}

// unreserve gives back what was reserved: the direction is judged.
func (d *direction) unreserve() {
	heldBytes.Add(-int64(d.reserved))
	d.reserved = 0
}
