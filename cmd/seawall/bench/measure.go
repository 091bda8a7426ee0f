package bench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// A Plan bounds a measurement.
type Plan struct {
	Time     time.Duration // for all cases together; each takes at least a few rounds
	Progress io.Writer     // one line for each case
}

const (
	// A round is long enough for the clock of the fastest subject, and short
	// enough that all subjects see the machine in the same state.
	roundTime = 50 * time.Millisecond // of the slowest subject
	minRounds = 6                     // fewer have no 95 % interval;
	fewRounds = 3                     // these must do where the time is up
	maxRounds = 400
	maxBatch  = 400 // exchanges made ahead of a round

	// Before its turn counts, each subject judges other exchanges for this long: a
	// turn of the slowest leaves nothing in the processor's caches of what the others
	// need, and a turn of the fastest would be over before that is back. A server
	// runs one of them, and has what it needs there.
	warming = 5 * time.Millisecond
)

// Measure runs every case through every subject: in each round all of them judge
// the same new exchanges, in an order that rotates.
func Measure(ctx context.Context, cases []*Case, subjects []Subject, plan Plan) ([]*Result, error) {
	end := time.Now().Add(plan.Time)
	var results []*Result
	for i, c := range cases {
		fmt.Fprintf(plan.Progress, "bench: %s (%d of %d)", c.Name, i+1, len(cases))
		share := time.Until(end) / time.Duration(len(cases)-i)
		result, err := measureCase(ctx, c, subjects, share)
		if err != nil {
			fmt.Fprintln(plan.Progress)
			return nil, fmt.Errorf("measuring %s: %w", c.Name, err)
		}
		fmt.Fprintf(plan.Progress, ": %d rounds of %d, stock/on %.1fx\n", result.Rounds, result.Requests, result.Ratios[Stock].Median)
		results = append(results, result)
	}
	return results, nil
}

func measureCase(ctx context.Context, c *Case, subjects []Subject, share time.Duration) (*Result, error) {
	end := time.Now().Add(share)
	n, err := warmUp(ctx, c, subjects)
	if err != nil {
		return nil, err
	}
	if err := settleIn(ctx, c, subjects, share/8, n); err != nil {
		return nil, err
	}
	runtime.GC()
	samples := newSamples(c)
	late := end.Add(share)
	for round := 0; ; round++ {
		now := time.Now()
		if round >= maxRounds || round >= minRounds && now.After(end) || round >= fewRounds && now.After(late) {
			return samples.result(), nil
		}
		batch, err := c.Batch(n)
		if err != nil {
			return nil, err
		}
		others, err := c.Batch(n)
		if err != nil {
			return nil, err
		}
		denied := make(map[string][]bool, len(subjects))
		costs := make(map[string]Cost, len(subjects))
		for i := range subjects {
			s := subjects[(round+i)%len(subjects)]
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			settle()
			err := warm(s, others)
			if err == nil {
				costs[s.Name()], denied[s.Name()], err = s.Run(batch)
			}
			if err != nil {
				// A peer that Ctrl-C has ended is no fault of the peer.
				return nil, fmt.Errorf("%s: %w", s.Name(), cmp.Or(ctx.Err(), err))
			}
		}
		samples.add(costs, denied, len(batch))
		if err := samples.compare(batch, subjects, denied); err != nil {
			return nil, err
		}
	}
}

// settle collects garbage if that is due soon, so that no subject pays for what
// another left behind. Its own it pays for only where one turn makes much of it,
// which is in stock's favour.
func settle() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > m.NextGC/2 {
		runtime.GC()
	}
}

// warm has s judge exchanges one by one until it is warm.
func warm(s Subject, others []*Exchange) error {
	start := time.Now()
	for i := range others {
		if time.Since(start) > warming {
			break
		}
		if _, _, err := s.Run(others[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

// warmUp fills caches and pools, and finds how many batches make a round.
func warmUp(ctx context.Context, c *Case, subjects []Subject) (n int, err error) {
	var slowest, spent time.Duration
	for n = 1; spent < roundTime && n*c.size <= maxBatch; n *= 2 {
		batch, err := c.Batch(n)
		if err != nil {
			return 0, err
		}
		for _, s := range subjects {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			cost, _, err := s.Run(batch)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", s.Name(), err)
			}
			took := time.Duration(cost.Nanos)
			slowest = max(slowest, took/time.Duration(n))
			spent = max(spent, took)
		}
	}
	return max(1, min(int(roundTime/max(slowest, 1)), maxBatch/c.size)), nil
}

// settleIn lets Seawall judge exchanges for a while before they count: its
// automata grow with what they see, and are measured as a server has them after
// its first minutes.
func settleIn(ctx context.Context, c *Case, subjects []Subject, last time.Duration, n int) error {
	end := time.Now().Add(last)
	on := slices.IndexFunc(subjects, func(s Subject) bool { return s.Name() == On })
	for on >= 0 && time.Now().Before(end) {
		batch, err := c.Batch(n)
		if err == nil {
			_, _, err = subjects[on].Run(batch)
		}
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

// compare counts exchanges on which Seawall and stock disagree. Stock is not
// quite of one mind with itself (942521 varies with the order of a map), so it is
// asked again before a difference counts.
func (s *samples) compare(batch []*Exchange, subjects []Subject, denied map[string][]bool) error {
	const askAgain = 10
	stock := slices.IndexFunc(subjects, func(s Subject) bool { return s.Name() == Stock })
	for i, x := range batch {
		want := denied[Stock][i]
		differs := false
		for _, name := range []string{Off, On} {
			differs = differs || denied[name][i] != want
		}
		for range askAgain {
			if !differs {
				break
			}
			_, again, err := subjects[stock].Run([]*Exchange{x})
			if err != nil {
				return err
			}
			differs = again[0] == want
		}
		if differs {
			s.differences++
		}
	}
	return nil
}
