package bench

import (
	"fmt"
	"io"
	"time"

	"github.com/corazawaf/coraza/v3/debuglog"
)

// A stopwatch is a debug logger that writes nothing: Coraza tells its logger of
// the start and the end of each rule, and the stopwatch reads the clock. So a
// rule is timed where it stands, within the whole rule set: what an earlier rule
// left in the cache of transformations it finds there, and a rule that is skipped
// costs nothing. A chain's links count for its head.
//
// It adds some 0.2 us to a rule, most of that outside what it times. It serves
// one transaction at a time.
type stopwatch struct {
	times map[int]*ruleTime // by rule ID
	depth int               // rules that have begun and not ended: a chain's links
	began time.Time
}

// ruleTime adds up over a batch.
type ruleTime struct {
	runs  int
	spent time.Duration
}

func newStopwatch() *stopwatch { return &stopwatch{times: map[int]*ruleTime{}} }

// take returns what was timed since the last call.
func (w *stopwatch) take() map[int]*ruleTime {
	times := w.times
	w.times = make(map[int]*ruleTime, len(times))
	return times
}

func (w *stopwatch) enter() {
	w.depth++
	if w.depth == 1 {
		w.began = time.Now()
	}
}

func (w *stopwatch) leave(id int) {
	w.depth--
	if w.depth > 0 {
		return
	}
	spent := time.Since(w.began)
	t := w.times[id]
	if t == nil {
		t = &ruleTime{}
		w.times[id] = t
	}
	t.runs++
	t.spent += spent
}

// Coraza asks the transaction's logger whether Debug is enabled before it says
// which rule is next; a rule's own logger says no, so that nothing else is
// prepared for it.

func (w *stopwatch) WithOutput(io.Writer) debuglog.Logger     { return w }
func (w *stopwatch) WithLevel(debuglog.Level) debuglog.Logger { return w }
func (w *stopwatch) With(f ...debuglog.ContextField) debuglog.Logger {
	var which ruleID
	for _, field := range f {
		field(&which)
	}
	if !which.known {
		return w
	}
	return &ruleWatch{watch: w, id: which.id}
}
func (w *stopwatch) Trace() debuglog.Event { return silent{} }
func (w *stopwatch) Debug() debuglog.Event { return silent{enabled: true} }
func (w *stopwatch) Info() debuglog.Event  { return silent{} }
func (w *stopwatch) Warn() debuglog.Event  { return silent{} }
func (w *stopwatch) Error() debuglog.Event { return silent{} }

// ruleWatch is the logger of one rule's evaluation.
type ruleWatch struct {
	silent
	watch *stopwatch
	id    int
}

func (r *ruleWatch) WithOutput(io.Writer) debuglog.Logger          { return r }
func (r *ruleWatch) WithLevel(debuglog.Level) debuglog.Logger      { return r }
func (r *ruleWatch) With(...debuglog.ContextField) debuglog.Logger { return r }
func (r *ruleWatch) Trace() debuglog.Event                         { return silent{} }
func (r *ruleWatch) Debug() debuglog.Event                         { return r }
func (r *ruleWatch) Info() debuglog.Event                          { return silent{} }
func (r *ruleWatch) Warn() debuglog.Event                          { return silent{} }
func (r *ruleWatch) Error() debuglog.Event                         { return silent{} }

// Msg takes the two messages that frame an evaluation.
func (r *ruleWatch) Msg(text string) {
	switch text {
	case "Evaluating rule":
		r.watch.enter()
	case "Finished rule evaluation":
		r.watch.leave(r.id)
	}
}

// silent is an event that goes nowhere.
type silent struct{ enabled bool }

func (silent) Msg(string)                                     {}
func (s silent) Str(string, string) debuglog.Event            { return s }
func (s silent) Err(error) debuglog.Event                     { return s }
func (s silent) Bool(string, bool) debuglog.Event             { return s }
func (s silent) Int(string, int) debuglog.Event               { return s }
func (s silent) Uint(string, uint) debuglog.Event             { return s }
func (s silent) Stringer(string, fmt.Stringer) debuglog.Event { return s }
func (s silent) IsEnabled() bool                              { return s.enabled }

// ruleID reads which rule a logger is for. Markers have no ID: they are 0.
type ruleID struct {
	silent
	id    int
	known bool
}

func (r *ruleID) Int(key string, value int) debuglog.Event {
	if key == "rule_id" {
		r.id, r.known = value, true
	}
	return r
}

func (r *ruleID) Str(key, _ string) debuglog.Event {
	if key == "rule_ref" {
		r.known = true
	}
	return r
}
