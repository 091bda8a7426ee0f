package filter

import (
	"errors"
	"runtime"
	"sync/atomic"
	"time"
)

// queue admits evaluations, which run outside the hosts' event threads: at most
// as many at a time as it has slots, the rest in the order of their arrival.
// Nobody waits in it for ever, nor does everybody: past either bound the failure
// policy answers.
type queue struct {
	slots    chan struct{}
	most     int64         // that may wait at once
	patience time.Duration // the longest wait
	waiting  atomic.Int64
}

// The process's queues. A thousand that wait are a burst that it can work off:
// with CRS an ordinary evaluation takes 10 ms. Who has waited for 30 s has a
// client that has given up. Large ones, which take seconds, have slots of their
// own: two uploads must not keep every form waiting.
var (
	smallEvaluations = newQueue(max(2, runtime.GOMAXPROCS(0)), 1000, 30*time.Second)
	largeEvaluations = newQueue(max(1, runtime.GOMAXPROCS(0)/2), 1000, 30*time.Second)
)

// largeCost divides them, in the unit of cost.go: with CRS, some 0.4 s.
const largeCost = 64 << 10

func queueFor(cost int) *queue {
	if cost < largeCost {
		return smallEvaluations
	}
	return largeEvaluations
}

func newQueue(slots int, most int64, patience time.Duration) *queue {
	return &queue{slots: make(chan struct{}, slots), most: most, patience: patience}
}

// Why an evaluation never got a slot: errBusy is a fault, errGone is not.
var (
	errBusy = errors.New("too many inspections wait for a CPU")
	errGone = errors.New("the stream has ended")
)

// enter takes a slot, for which leave must be called unless there is an error.
// Who waits gives its place up as soon as gone is closed.
func (q *queue) enter(gone <-chan struct{}) error {
	select {
	case q.slots <- struct{}{}:
		return nil
	default:
	}
	defer q.waiting.Add(-1)
	if q.waiting.Add(1) > q.most {
		return errBusy
	}
	timer := time.NewTimer(q.patience)
	defer timer.Stop()
	select {
	case q.slots <- struct{}{}:
		return nil
	case <-gone:
		return errGone
	case <-timer.C:
		return errBusy
	}
}

func (q *queue) leave() { <-q.slots }
