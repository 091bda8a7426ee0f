package screen

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/corazawaf/coraza/v3/types/variables"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/filter/screen/transform"
)

// A link becomes a condition: one bit of a State, set when some value of the
// exchange could fulfil the link. target is one way to fulfil it: an operator on
// the values, or the names, of one collection.
type target struct {
	condition  int
	phase      int
	collection variables.RuleVariable
	names      bool // the collection's names are inspected, not its values
	variable   seclang.Variable
	chain      transform.Chain
	group      string  // of the scan
	bulk       bulk    // what is looked for
	changed    bulk    // the same, for values that the chain has changed
	match      matcher // nil: bulk decides
	negated    bool
	early      bool // a gate's
	// Of a count: what counts.
	selector   *regexp.Regexp
	exclusions []exclusion
}

// exclusion is an expression over lower-case names, or one such name.
type exclusion struct {
	re  *regexp.Regexp
	key string
}

// truth is what is known of a link before any exchange.
type truth int

const (
	never truth = iota
	depends
	always
)

// addCandidate works out what must be true for r to match.
func (c *compiler) addCandidate(r *seclang.Rule, e effect) {
	k := &candidate{rule: r, quiet: e.quiet && !e.shapes, shapes: e.shapes || e.unsettles}
	c.assumed = nil
	links := withLinks(r)
	captured, recaptured := c.newCaptured(r), c.recaptured(r)
	if e.partly < len(links) || runsCtls(links) {
		captured, recaptured = nil, nil // more than the link hangs on its head's match
	}
	if captured == nil && c.setsOpenNames(r) {
		k.quiet, e.partly, recaptured = false, 1, nil
	}
	why := ""
	for i, link := range links[:e.partly] {
		if captured != nil && i == captured.at || captured == nil && recaptured != nil && i == 1 {
			continue // the head's condition asks it
		}
		asks := matcher(nil)
		if i == 0 {
			asks = recaptured
			if captured != nil {
				asks = captured.matches
			}
		}
		condition, t, reason := c.link(r, link, asks)
		switch {
		case t == never:
			return // no exchange can match it
		case t == depends:
			k.conditions = append(k.conditions, condition)
			if i == 0 {
				k.spare, k.head = true, condition // chains are left out by their head alone
			}
		case why == "":
			why = reason
		}
	}
	// What a chain's head does on its own match, the engine must do: such a chain is
	// left out only where its head cannot match.
	if c.muteHeads(links) {
		k.head = -1
	} else if captured != nil || recaptured != nil {
		k.spare = false // its condition is the head's and the link's in one
	}
	// In an exchange that is not innocent, another rule may have set what was assumed.
	k.spare = k.spare && !slices.ContainsFunc(c.assumed, c.settable)
	if e.partly < len(links) {
		k.quiet = false // the links' own effects were looked at, not the rule's
	}
	c.add(k)
	if captured != nil && captured.foreign != nil {
		if condition, t, _ := c.link(r, r, captured.named); t == depends {
			k.unless = &candidate{rule: r, conditions: []int{condition}}
			c.add(k.unless)
		}
	}
	if len(k.conditions) == 0 && !k.quiet {
		c.screen.Unscreened = append(c.screen.Unscreened, Unscreened{ID: r.ID, File: r.File, Line: r.Line, Why: why})
	}
}

// impossible reports whether some link reads only TX, and what that holds in the
// innocent world does not fulfil it.
//
// What the links before it do on their own matches, they do all the same.
func (c *compiler) impossible(r *seclang.Rule) bool {
	if c.setsOpenNames(r) {
		return false
	}
	for _, link := range withLinks(r) {
		readsMore := slices.ContainsFunc(link.Variables, func(v seclang.Variable) bool { return v.Name != "TX" })
		if !readsMore {
			if _, t, _ := c.link(r, link, nil); t == never {
				return true
			}
		}
		if !c.quietLink(r, link) || len(link.Ctls) > 0 {
			return false
		}
	}
	return false
}

// foreseeable reports whether the screen can ask every link of a chain that shapes
// parsing. Such a chain hardly ever matches, so the front does without it: where it
// could match, the engine gets the exchange as it is.
func (c *compiler) foreseeable(r *seclang.Rule) bool {
	k := c.newCaptured(r)
	for i, link := range withLinks(r) {
		if k != nil && i == k.at {
			continue
		}
		if len(link.SetVars) > 0 && k == nil && i < len(r.Links) || i < len(r.Links) && shapesAlone(link) {
			return false
		}
		if link.Operator == nil || c.asks(link.Operator) != "" {
			return false
		}
		for _, v := range link.Variables {
			if _, ok := sources(v.Name); !ok || v.Count || v.Name == "REQBODY_PROCESSOR" || v.Name == "RES_BODY_PROCESSOR" {
				return false
			}
		}
	}
	return true
}

// shapesAlone: a link's ctl actions run on its own match, whatever follows it.
func shapesAlone(link *seclang.Rule) bool {
	return slices.ContainsFunc(link.Ctls, func(ctl seclang.Ctl) bool { return !removes(ctl) })
}

// asks says why the screen cannot ask an operator; "" where it can.
func (c *compiler) asks(op *seclang.Operator) (why string) {
	switch {
	case op.Name == "rx" && c.scans.parse(op.Argument) != nil, op.Name == "pm":
		return ""
	case expandsMacros[op.Name] && len(macros(op.Argument)) > 0, c.matcher(op.Name, op.Argument) == nil:
		return "@" + op.Name + " is not screened"
	}
	return ""
}

// link turns one link into a condition, unless the answer is known. asks, unless it
// is nil, takes the operator's place.
func (c *compiler) link(r, link *seclang.Rule, asks matcher) (condition int, t truth, why string) {
	op := link.Operator
	if op == nil {
		return 0, always, "it has no condition"
	}
	chain, ok := chainOf(link)
	if !ok {
		return 0, always, "a transformation that the screen does not know"
	}
	argument, known := op.Argument, true
	if expandsMacros[op.Name] {
		if argument, known = c.expand(r, op.Argument); !known {
			return 0, always, "what @" + op.Name + " compares with depends on the exchange"
		}
	}
	match := asks
	if match == nil {
		match = newMatcher(op.Name, argument)
	}
	var targets []target
	for _, v := range link.Variables {
		if v.Name == "TX" {
			switch c.constantly(r, link, v, chain, match) {
			case always:
				return 0, always, "it reads TX"
			case depends:
				return 0, always, "it reads a TX variable that depends on the exchange"
			}
			continue
		}
		parts, ok := sources(v.Name)
		if !ok || c.pathArguments && slices.Contains([]string{"ARGS", "ARGS_NAMES", "ARGS_PATH"}, v.Name) {
			return 0, always, "it reads " + v.Name
		}
		t := target{phase: r.Phase, variable: v, chain: chain, negated: op.Negated, match: match}
		if v.Count {
			if why := c.counting(&t); why != "" {
				return 0, always, why
			}
			targets = append(targets, t)
			continue
		}
		for _, p := range parts {
			t.collection, t.names = p.collection, p.names
			targets = append(targets, t)
		}
	}
	if len(targets) == 0 {
		return 0, never, ""
	}
	if why := c.place(targets, link, r, asks != nil); why != "" {
		return 0, always, why
	}
	return c.screen.conditions - 1, depends, ""
}

// counting prepares a target that counts a variable's members.
func (c *compiler) counting(t *target) (why string) {
	v := t.variable
	if len(t.chain) > 0 {
		// Coraza 3.8.1 remembers a transformed count by its variable and key alone, and
		// takes another rule's, whatever that excludes.
		return "it transforms a count"
	}
	if c.removesTargets(v.Name) {
		return "it counts " + v.Name + ", from which other rules take"
	}
	var err, failed error
	if t.collection, err = variables.Parse(v.Name); err != nil {
		return err.Error()
	}
	compiled := func(expression string) *regexp.Regexp {
		re, err := regexp.Compile(expression)
		failed = errors.Join(failed, err)
		return re
	}
	if v.Regex {
		t.selector = compiled(v.Key)
	}
	for _, x := range v.Exclusions {
		e := exclusion{key: strings.ToLower(x.Key)}
		if x.Regex {
			e.re = compiled(x.Key)
		}
		t.exclusions = append(t.exclusions, e)
	}
	if failed != nil {
		return failed.Error()
	}
	return ""
}

// place gives the targets of one link its condition, and what they look for a place
// in a scan.
func (c *compiler) place(targets []target, link, r *seclang.Rule, asked bool) (why string) {
	op := link.Operator
	inBulk := !asked && bulky(op)
	if !inBulk && targets[0].match == nil {
		return "@" + op.Name + " is not screened"
	}
	var placed []target
	for _, t := range targets {
		chains, ok := steps(t.chain, link.MultiMatch)
		if !ok {
			return "multiMatch with these transformations has too many outcomes"
		}
		for _, chain := range chains {
			t.chain = chain
			if inBulk && !t.variable.Count {
				t.group = t.groupName(op.Name)
				var ok bool
				if t.bulk, ok = c.addBulk(t.group, op, r); !ok {
					return "what @" + op.Name + " looks for cannot be screened"
				}
				t.changed, _ = c.addBulk(t.group+changedGroup(chain), op, r)
				t.match = nil
			} else if t.match == nil {
				return "@" + op.Name + " on a count is not screened"
			}
			placed = append(placed, t)
		}
	}
	for i := range placed {
		placed[i].condition = c.screen.conditions
	}
	c.screen.conditions++
	c.targets = append(c.targets, placed...)
	return ""
}

// steps are the chains whose results a link's operator sees; ok is false where there
// are too many.
func steps(chain transform.Chain, multi bool) (chains []transform.Chain, ok bool) {
	if !multi {
		return []transform.Chain{chain}, true
	}
	return chain.MultiMatch()
}

func chainOf(link *seclang.Rule) (transform.Chain, bool) {
	var chain transform.Chain
	for _, name := range link.Transformations {
		t, ok := transform.Lookup(name)
		if !ok {
			return nil, false
		}
		chain = append(chain, t)
	}
	return chain, true
}
