package filter

import "log/slog"

// Host is what a Transaction needs from where it runs. Log may be called from
// any goroutine, and after Close: by an evaluation that outlived its stream, and
// where an audit log is written. It must not reach for the stream, therefore. The
// other methods are called on the host's event thread, before Close returns.
// (Dynamic metadata is no method: it travels in the Verdict.)
type Host interface {
	// Log writes one line, already formatted, without a newline.
	Log(level slog.Level, line string)
	// Count adds one to a counter. policy is a name from the Config, never
	// anything that a client sent.
	Count(c Counter, policy string)
	// Observe records how long the engine worked on one transaction, in
	// microseconds.
	Observe(microseconds uint64, policy string)
}

// Counter names one of the counters that a host publishes.
type Counter uint8

// The counters. Their String is the metric's name.
const (
	CounterTransactions Counter = iota // one for each transaction that began
	CounterDenied                      // replies sent instead of passing
	CounterWouldDeny                   // DetectionOnly: would have been denied
	CounterErrors                      // faults answered by the failure policy
	counterEnd
)

// Counters lists every counter, for a host that defines its metrics up front.
func Counters() []Counter {
	all := make([]Counter, counterEnd)
	for i := range all {
		all[i] = Counter(i)
	}
	return all
}

func (c Counter) String() string {
	switch c {
	case CounterTransactions:
		return "transactions"
	case CounterDenied:
		return "denied"
	case CounterWouldDeny:
		return "would_deny"
	case CounterErrors:
		return "errors"
	}
	return "unknown"
}
