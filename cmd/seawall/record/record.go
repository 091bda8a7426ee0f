// Package record reads what Seawall logged of exchanges: its events, wherever in a
// log's line they stand, and the lines of the bootstraps' access log.
package record

import "time"

// A Record is what is known of one exchange in which a rule matched. Text of it
// is the client's.
type Record struct {
	Time   time.Time // zero where the line has none
	Action string    // "pass", "deny", "would_deny", "fault"
	Policy string
	ID     string // the block ID
	Client string // its address
	Method string
	Host   string
	Path   string
	Rule   int // that denied, or would have
	Phase  int // that denied, or would have
	Rules  []Rule
	Scores map[string]int
	Status int // the upstream's own; 0 where it did not answer
}

// A Rule is one that matched.
type Rule struct {
	ID       int      `json:"id"`
	Phase    int      `json:"phase"`
	Severity string   `json:"severity"`
	Message  string   `json:"msg"`
	Matched  []Target `json:"matched"`
}

// A Target is what a rule matched on: "ARGS:q".
type Target struct {
	Variable string `json:"variable"`
	Value    string `json:"value"`
}

// Denied says that the exchange was denied, or would have been.
func (r *Record) Denied() bool { return r.Action == "deny" || r.Action == "would_deny" }

// An Access is one line of the access log.
type Access struct {
	Time   time.Time
	Client string
	Status int
}
