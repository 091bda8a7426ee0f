package dfa

import (
	"sync"
	"sync/atomic"
	"weak"
)

// Shared is the Budget of a process that has no reason for another one.
var Shared = NewBudget(32 << 20)

// Budget bounds the memory, in bytes, of all Sets that were compiled with it.
//
// A Set's programs are counted, but never refused: they are as large as the
// rules are. The caches of states get what the programs leave. A Set that
// finds no room makes others that hold more than an equal share give up their
// caches, else it starts its own cache again.
type Budget struct {
	limit   int64
	held    atomic.Int64
	mu      sync.Mutex
	members map[*account]struct{}
}

// NewBudget returns a Budget of that many bytes.
func NewBudget(bytes int64) *Budget {
	return &Budget{limit: bytes, members: map[*account]struct{}{}}
}

// Held is the number of bytes counted now.
func (b *Budget) Held() int64 { return b.held.Load() }

// account is what one Set holds of a Budget. It outlives the Set, so that what
// the Set held can be given back when the Set is garbage, and so it must not
// point to it.
type account struct {
	budget *Budget
	held   atomic.Int64
	closed atomic.Bool
	owner  weak.Pointer[Set]
}

func (b *Budget) open(s *Set) *account {
	a := &account{budget: b, owner: weak.Make(s)}
	b.mu.Lock()
	b.members[a] = struct{}{}
	b.mu.Unlock()
	return a
}

// close gives everything back. Later calls do nothing.
func (a *account) close() {
	b := a.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.closed.Swap(true) {
		return
	}
	delete(b.members, a)
	b.held.Add(-a.held.Swap(0))
}

// force counts n bytes whether or not they fit.
func (a *account) force(n int64) {
	if a.closed.Load() {
		return
	}
	a.held.Add(n)
	a.budget.held.Add(n)
}

// take counts n bytes if they fit, or can be made to fit at the cost of Sets
// that hold more than their share.
func (a *account) take(n int64) bool {
	if a.tryTake(n) {
		return true
	}
	return a.budget.reclaim(n, a) && a.tryTake(n)
}

func (a *account) tryTake(n int64) bool {
	b := a.budget
	for {
		held := b.held.Load()
		if held+n > b.limit || a.closed.Load() {
			return false
		}
		if b.held.CompareAndSwap(held, held+n) {
			a.held.Add(n)
			return true
		}
	}
}

func (a *account) give(n int64) { a.force(-n) }

// reclaim flushes other Sets' caches. A Set that is being built on just now is
// left alone: waiting for it could wait for a Set that waits for this one.
func (b *Budget) reclaim(n int64, self *account) bool {
	b.mu.Lock()
	share := b.limit / int64(len(b.members)+1)
	var rich []*Set
	if self.held.Load()+n <= share {
		for a := range b.members {
			if a != self && a.held.Load() > share {
				if s := a.owner.Value(); s != nil {
					rich = append(rich, s)
				}
			}
		}
	}
	b.mu.Unlock()
	for _, s := range rich {
		s.tryFlush()
		if b.held.Load()+n <= b.limit {
			return true
		}
	}
	return false
}
