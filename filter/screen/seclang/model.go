package seclang

import "github.com/seawall-waf/seawall/rules"

// A RuleSet is what remains after the last directive. It is immutable by
// agreement: readers share it.
type RuleSet struct {
	// Rules are the rules and SecMarkers in evaluation order; chain links are in
	// their heads.
	Rules []*Rule
	// Settings are the directives that neither are rules nor change any:
	// SecDefaultAction and SecDataset among them, Include not.
	Settings []rules.Directive
	// Changes are the SecRuleRemove... and SecRuleUpdate... directives, whose effect
	// Rules shows already.
	Changes []rules.Directive
	// Unknown says why nothing may be concluded from Rules; "" when all may.
	Unknown string
}

// A Rule is a SecRule, a SecAction or a SecMarker.
type Rule struct {
	ID int // 0 for a marker, and for a link that gives itself none
	// Phase is 1 to 5; 0 for a marker, which runs in every phase, and for a link,
	// which runs with its head.
	Phase int
	File  string // as rules.Directive has it; relative data files are beside it
	Line  int
	Text  string // the directive as written

	Marker string // a SecMarker's label

	Variables []Variable
	// Operator is nil for a SecAction, which always matches.
	Operator *Operator
	// Transformations are lower case, each alias under one name, what t:none
	// cleared left out.
	Transformations []string
	// MultiMatch: the operator sees the value before the first transformation and
	// after each that changed it.
	MultiMatch, Capture bool

	// Log and Audit are what the last of log, nolog, auditlog and noauditlog left.
	Log, Audit bool
	// Disruptive is the effective action: "" where there is none, else pass, deny,
	// drop, redirect, allow, allow:phase, allow:request, or a block that no
	// SecDefaultAction resolved, which does nothing. A link's is never run.
	Disruptive string
	Redirect   string // where Disruptive is redirect: to where
	Status     int    // 0: the action's own default

	// Skip and SkipAfter are 0 and "" where not given. A link's are never run.
	Skip      int
	SkipAfter string

	// SetVars and Ctls run in order on every match of this rule or link, whether or
	// not the rest of the chain matches.
	SetVars []SetVar
	Ctls    []Ctl
	// Others are the remaining actions in order, defaults first among those that
	// are no metadata: logdata, severity, rev, ver, accuracy, maturity, initcol,
	// exec, expirevar, setenv. Of these only setenv has an effect on evaluation.
	Others []Action

	Msg  string // unexpanded
	Tags []string

	// Links are the further rules of the chain. All must match, in order.
	Links []*Rule

	// Unknown says why this rule, or a link of it, is not fully understood.
	Unknown string

	chained bool // asks for a link after it
}

// A Variable is one collection, or a part of it, that a rule inspects.
type Variable struct {
	Name string // upper case: ARGS
	// Key is "" for the whole collection. It is lower case but for ARGS and its
	// like; Coraza compares lower-case names with it in any case.
	Key string
	// Regex makes Key a regular expression that Coraza matches with the lower-case
	// names; "" then matches every name. Outside ARGS and its like Coraza lowers the
	// expression itself: \D becomes \d.
	Regex bool
	// Count: the value is the number of elements left, in decimal.
	Count      bool
	Exclusions []Selector
}

// A Selector excludes the elements whose lower-case name equals Key, or matches it.
type Selector struct {
	Key   string // lower case unless Regex; "" without Regex excludes everything
	Regex bool
}

// An Operator is what a rule asks of each value.
type Operator struct {
	Name     string // lower case, without @: rx
	Argument string // macros as written
	Negated  bool
	// Dataset is the SecDataset that the argument names, as it stood above the rule.
	Dataset []string
}

// A SetVar is one setvar action.
type SetVar struct {
	Collection string // TX, the only one that Coraza sets
	Name       string // macros and case as written; lower case once expanded
	// Op is "!" for a removal, else "=+", "=-" or "=" by the value's first byte.
	// Coraza looks again once macros are expanded: a Value that begins with one may
	// turn "=" into an addition, and one that is no number turns "=+" into "=".
	Op    string
	Value string // without the sign
	Raw   string
}

// A Ctl is one ctl action: ruleRemoveTargetById and 942100;ARGS:q.
type Ctl struct{ Name, Argument string }

// An Action is any other action. Its name is lower case, its value without quotes.
type Action struct{ Name, Value string }

// doubt marks the rule; the first reason stays.
func (r *Rule) doubt(reason string) {
	if r.Unknown == "" {
		r.Unknown = reason
	}
}
