// Package filter decides, for one HTTP exchange at a time, whether it may pass.
//
// It is the core of Seawall and knows no proxy. A host (a door such as
// envoy/dynamicmodule, or a test) turns its stream callbacks into calls on a
// Transaction and applies the Verdict that each call returns:
//
//	Config      what the user wrote, strictly parsed
//	Engine      the compiled rule sets of one Config, immutable, shared
//	Transaction one HTTP exchange: stream events in, verdicts out
//	Verdict     continue, hold, wait, or deny with a reply
//
// Values go in and Verdicts come out: no phase method returns an error. Errors
// and panics become Verdicts here, under the Config's failure policy, so that
// no host ever decides between failing open and failing closed.
package filter
