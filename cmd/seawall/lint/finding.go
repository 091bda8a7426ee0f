package lint

import (
	"cmp"
	"fmt"
	"slices"
)

// A Level says what a finding means for the exit code.
type Level string

const (
	Error   Level = "error"   // Envoy would refuse it, or would end with it
	Warning Level = "warning" // it loads, and does not do what it says
	Note    Level = "note"    // worth knowing
)

// A Finding is one thing to know about one place.
type Finding struct {
	Code  string `json:"code"` // one of Codes
	Level Level  `json:"level"`
	// File is as the user named it, or as the Include that leads to it does; an
	// embedded file's begins with @.
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`   // 1-based; 0: unknown
	Column  int    `json:"column,omitempty"` // 1-based, in characters; 0: unknown
	Key     string `json:"key,omitempty"`    // key path in the config document
	Place   string `json:"place,omitempty"`  // in an Envoy configuration: "listener ingress, route /login"
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
}

// where is "file:line:column: " as far as it is known.
func (f Finding) where() string {
	text := f.File
	if f.Line > 0 {
		text += fmt.Sprintf(":%d", f.Line)
		if f.Column > 0 {
			text += fmt.Sprintf(":%d", f.Column)
		}
	}
	return text
}

// what is the message, led by the key and the place in Envoy's configuration.
func (f Finding) what() string {
	text := f.Message
	if f.Key != "" {
		text = f.Key + ": " + text
	}
	if f.Place != "" {
		text = f.Place + ": " + text
	}
	return text
}

// Worst returns the gravest level among findings, Note where there are none.
func Worst(findings []Finding) Level {
	worst := Note
	for _, f := range findings {
		if f.Level == Error || f.Level == Warning && worst == Note {
			worst = f.Level
		}
	}
	return worst
}

// sorted orders findings by place, and drops what is said twice.
func sorted(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(findings)
}

// A Code is one kind of finding.
type Code struct{ Name, Says string }

// Codes are the kinds of findings, in the order of SARIF's rules.
var Codes = []Code{
	{"config", "The config document is not what Seawall reads."},
	{"seclang", "A directive does not compile."},
	{"empty", "The file says nothing."},
	{"default-action-twice", "A second SecDefaultAction for a phase: Coraza refuses the next rule."},
	{"exclusion-before-rule", "An exclusion stands before its rule, which does not exist there yet."},
	{"exclusion-unknown", "An exclusion names a rule, a tag or a message that no rule has."},
	{"exclusion-too-late", "A ctl action excludes a rule that has run by then."},
	{"exclusion-without-effect", "An exclusion takes a target from a rule that does not look at it."},
	{"setup-after-crs", "The Core Rule Set's setup stands after the rules that read it."},
	{"setup-missing", "The Core Rule Set without its setup answers every request with 500."},
	{"skip-to-nowhere", "A skipAfter whose SecMarker does not follow skips every rule behind it."},
	{"block-without-effect", "A rule says that it blocks, and does not."},
	{"rule-never-runs", "A rule is of a phase that the config leaves out."},
	{"engine-off", "The rule engine does not block."},
	{"body-access-off", "Rules look at bodies, which the engine is told not to read."},
	{"limit-defeated", "A limit is never reached, because another one is lower."},
	{"directive-without-effect", "Coraza accepts the directive and does nothing with it."},
	{"unscreened", "A rule that could match any exchange: the engine runs for every request."},
	{"screen-off", "Nothing is screened: the engine runs every rule for every request."},
	{"envoy", "Envoy would not run the filter as it stands."},
	{"no-filter", "The Envoy configuration has no Seawall in it."},
	{"filter-bypassed", "Envoy may run without the filter, and says nothing."},
	{"library", "The library does not fit the Envoy."},
}
