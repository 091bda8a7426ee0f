package filter

import "github.com/corazawaf/coraza/v3/types"

// Observe lets a program that compares verdicts (e2e/equal) look at what events
// and logs are made of. When the exchange is over, f gets the engine's
// transaction whose verdict it was, after phase 5 and before it is given back;
// not where none is left, after a fault. Then, when nothing more will be logged,
// it gets nil. Both come on one goroutine, not always that of Close, and f must
// keep nothing. It is to be called before the first event.
func (t *Transaction) Observe(f func(types.Transaction)) { t.observer = f }

func (t *Transaction) observe(tx types.Transaction) {
	if t.observer != nil {
		t.observer(tx)
	}
}
