// Package screen proves that rules cannot match, so that the engine need not run
// them. It is compiled from the directives that Coraza has accepted.
//
// An exchange goes through three steps. The front, a WAF that holds only what
// shapes parsing, parses it. The screen then looks at the front's collections and
// tells which rules could match: a superset of those that will. Where none of them
// would do anything that anybody sees, the exchange is innocent, and the rules
// never run. Otherwise the engine, the whole WAF, judges the same exchange without
// the rules that cannot match. Its verdict is the only one that denies.
//
// Soundness is one-sided: a rule may be kept that will not match, never dropped
// when it would. What the screen does not know is kept, and named (Unscreened).
//
// How a rule set becomes a Screen:
//
//	world.go      the rules that no exchange decides (paranoia gates, settings,
//	              thresholds) are run once: what they leave is the innocent world
//	effect.go     what a rule's match would change beside itself
//	condition.go  what must be true of an exchange for a rule to match
//	assumed.go    what the innocent world says of TX
//	capture.go    chains that look at TX variables which their head captured into
//	recapture.go  chains that look at the captures themselves
//	pattern.go    what is looked for in bulk: groups of expressions and word lists
//	grouping.go   which of them are looked for together
//	place.go      where the values of each name go
//	use.go        which conditions a value can fulfil there, and in which form
//	scan.go       the walk over an exchange's values
//	known.go      names and headers that come again and again
//	injection.go  libinjection, and what excludes SQL without it (sqlwords.go)
//	front.go      the front's directives
package screen
