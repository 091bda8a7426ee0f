package rules

import (
	"fmt"
	"io"

	"github.com/corazawaf/coraza/v3/debuglog"
)

// A trace is a Coraza debug logger that keeps the lines which Coraza's parser
// reports before it evaluates them. SecDebugLog and SecDebugLogLevel, which
// replace a logger's output and level, do not touch it.
type trace struct{ lines []string }

func (t *trace) WithOutput(io.Writer) debuglog.Logger          { return t }
func (t *trace) WithLevel(debuglog.Level) debuglog.Logger      { return t }
func (t *trace) With(...debuglog.ContextField) debuglog.Logger { return t }

func (t *trace) Trace() debuglog.Event { return discarded{} }
func (t *trace) Debug() debuglog.Event { return &traced{trace: t} }
func (t *trace) Info() debuglog.Event  { return discarded{} }
func (t *trace) Warn() debuglog.Event  { return discarded{} }
func (t *trace) Error() debuglog.Event { return discarded{} }

// traced is one debug event; line is its field of that name.
type traced struct {
	discarded
	trace *trace
	line  string
}

func (e *traced) Str(key, value string) debuglog.Event {
	if key == "line" {
		e.line = value
	}
	return e
}

func (e *traced) Msg(message string) {
	if message == "Parsing directive" {
		e.trace.lines = append(e.trace.lines, e.line)
	}
}

func (e *traced) Err(error) debuglog.Event                     { return e }
func (e *traced) Bool(string, bool) debuglog.Event             { return e }
func (e *traced) Int(string, int) debuglog.Event               { return e }
func (e *traced) Uint(string, uint) debuglog.Event             { return e }
func (e *traced) Stringer(string, fmt.Stringer) debuglog.Event { return e }

type discarded struct{}

func (discarded) Msg(string)                                     {}
func (e discarded) Str(string, string) debuglog.Event            { return e }
func (e discarded) Err(error) debuglog.Event                     { return e }
func (e discarded) Bool(string, bool) debuglog.Event             { return e }
func (e discarded) Int(string, int) debuglog.Event               { return e }
func (e discarded) Uint(string, uint) debuglog.Event             { return e }
func (e discarded) Stringer(string, fmt.Stringer) debuglog.Event { return e }
func (discarded) IsEnabled() bool                                { return false }
