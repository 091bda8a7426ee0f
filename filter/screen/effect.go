package screen

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
)

// effect is what a rule's match does beside being a match.
type effect struct {
	// shown: somebody sees it, whatever else matches.
	shown bool
	// quiet: nobody sees it, and it can at most keep other rules from matching.
	quiet bool
	// partly is the number of links, the head the first, whose conditions may decide
	// whether anything happens: links beyond it come after one whose own match,
	// without the rest of the chain, is not quiet.
	partly int
	// shapes: it changes how the exchange is parsed, or whether rules run at all.
	shapes bool
}

// effect looks at a rule's actions.
func (c *compiler) effect(r *seclang.Rule) effect {
	links := withLinks(r)
	e := effect{partly: len(links)}
	quiet := true
	for i, link := range links {
		if link.Operator != nil && link.Operator.Name == "restpath" {
			e.shapes = true // it fills ARGS_PATH
		}
		for _, ctl := range link.Ctls {
			if !removes(ctl) {
				e.shapes = true
			}
		}
		if !c.quietLink(r, link) {
			quiet = false
			e.partly = min(e.partly, i+1)
		}
	}
	if strings.HasPrefix(r.Disruptive, "allow") {
		e.shapes = true
	}
	e.shown = r.Log || r.Audit || r.Disruptive != "" && r.Disruptive != "pass" && !strings.HasPrefix(r.Disruptive, "allow")
	e.quiet = quiet && !e.shown && !acts(r) && c.quietFlow(r)
	return e
}

// removes: ctl:ruleRemove... only keeps rules from matching. A count of what a
// removed target leaves may grow a match; see condition.go.
func removes(ctl seclang.Ctl) bool {
	return len(ctl.Name) >= len("ruleremove") && strings.EqualFold(ctl.Name[:len("ruleremove")], "ruleremove")
}

// quietLink reports whether what a link does on its own match is nothing that
// another rule reads. Shaping is not considered: the front does that.
func (c *compiler) quietLink(r, link *seclang.Rule) bool {
	for _, v := range link.SetVars {
		if v.Collection != "TX" || c.readers.read(r, v.Name) {
			return false
		}
	}
	for _, a := range link.Others {
		switch {
		case a.Name == "setenv":
			return false
		case a.Name == "severity" && c.readers.severity:
			return false
		}
	}
	return true
}

// acts reports whether asking the rule may do more than to answer.
func acts(r *seclang.Rule) bool {
	return r.Unknown != "" || slices.ContainsFunc(withLinks(r), func(link *seclang.Rule) bool {
		return link.Operator != nil && (link.Operator.Name == "inspectfile" || link.Operator.Name == "geolookup")
	})
}

func setsEnvironment(r *seclang.Rule) bool {
	return slices.ContainsFunc(withLinks(r), func(link *seclang.Rule) bool {
		return slices.ContainsFunc(link.Others, func(a seclang.Action) bool { return a.Name == "setenv" })
	})
}

// quietFlow reports whether what r jumps over are rules that only the exchange
// decides: to jump over others changes the world.
func (c *compiler) quietFlow(r *seclang.Rule) bool {
	if r.Skip == 0 && r.SkipAfter == "" {
		return true
	}
	at := slices.Index(c.set.Rules, r)
	left := r.Skip
	for _, next := range c.set.Rules[at+1:] {
		switch {
		case next.Marker != "" && next.Marker == r.SkipAfter:
			return true
		case next.Marker != "" || next.Phase != r.Phase:
			continue
		case c.world.constant[next]:
			if c.world.matches[next] && !c.idleWithin(next, r) {
				return false
			}
		case c.effect(next).shapes:
			return false
		}
		if r.Skip > 0 {
			if c.removedAlone(next, r) {
				return false // and the skip would reach further
			}
			if left--; left == 0 {
				return true
			}
		}
	}
	return r.SkipAfter == "" // a marker that never comes ends all rules
}

// idleWithin reports whether a constant rule that r jumps over does no more than to
// jump itself, and no further than r.
func (c *compiler) idleWithin(next, r *seclang.Rule) bool {
	for _, link := range withLinks(next) {
		if len(link.SetVars) > 0 || len(link.Ctls) > 0 {
			return false
		}
	}
	if r.SkipAfter == "" || next.Skip > 0 || next.Log || next.Audit || next.Disruptive != "" && next.Disruptive != "pass" {
		return false
	}
	for _, behind := range c.set.Rules[slices.Index(c.set.Rules, next):] {
		switch behind.Marker {
		case "":
		case next.SkipAfter:
			return true
		case r.SkipAfter:
			return next.SkipAfter == ""
		}
	}
	return false
}

// removedAlone reports whether some ctl removes one rule but not the other.
func (c *compiler) removedAlone(one, other *seclang.Rule) bool {
	for _, r := range c.set.Rules {
		for _, link := range withLinks(r) {
			for _, ctl := range link.Ctls {
				if whole := wholeRule(ctl); whole != nil && whole(one) && !whole(other) {
					return true
				}
			}
		}
	}
	return false
}

// wholeRule tells which rules a ctl:ruleRemoveBy... removes; nil for another ctl.
func wholeRule(ctl seclang.Ctl) func(*seclang.Rule) bool {
	switch strings.ToLower(ctl.Name) {
	case "ruleremovebyid":
		return func(r *seclang.Rule) bool { return inIDs(ctl.Argument, r.ID) }
	case "ruleremovebytag":
		return func(r *seclang.Rule) bool { return slices.Contains(r.Tags, ctl.Argument) }
	case "ruleremovebymsg":
		return func(r *seclang.Rule) bool { return r.Msg == ctl.Argument }
	}
	return nil
}

// readers are the places that read TX variables, and HIGHEST_SEVERITY.
type readers struct {
	names    map[string][]*seclang.Rule
	regexes  map[*seclang.Rule][]*regexp.Regexp
	severity bool
	// stale: some rule reads what an earlier one captured or matched.
	stale bool
}

func findReaders(set *seclang.RuleSet) readers {
	found := readers{names: make(map[string][]*seclang.Rule), regexes: make(map[*seclang.Rule][]*regexp.Regexp)}
	for _, r := range set.Rules {
		captures := false
		for _, link := range withLinks(r) {
			captures = captures || link.Capture
			for _, v := range link.Variables {
				found.variable(r, v)
				found.stale = found.stale || v.Name == "TX" && isCapture(v.Key) && !captures
			}
			texts := []string{link.Msg}
			if link.Operator != nil {
				texts = append(texts, link.Operator.Argument)
			}
			for _, v := range link.SetVars {
				texts = append(texts, v.Name, v.Value)
			}
			for _, a := range link.Others {
				texts = append(texts, a.Value)
			}
			for _, text := range texts {
				for _, m := range macros(text) {
					if name, ok := txName(m); ok {
						found.names[name] = append(found.names[name], r)
						found.stale = found.stale || isCapture(name) && !captures
					}
					if len(link.Variables) == 0 && strings.HasPrefix(strings.ToUpper(m), "MATCHED_VAR") {
						found.stale = true
					}
					found.severity = found.severity || strings.EqualFold(m, "HIGHEST_SEVERITY")
				}
			}
		}
	}
	return found
}

func (f *readers) variable(r *seclang.Rule, v seclang.Variable) {
	switch {
	case v.Name == "HIGHEST_SEVERITY":
		f.severity = true
	case v.Name != "TX":
	case v.Regex || v.Key == "":
		re, err := regexp.Compile(v.Key)
		if err != nil {
			re = regexp.MustCompile("")
		}
		f.regexes[r] = append(f.regexes[r], re)
	default:
		name := strings.ToLower(v.Key)
		f.names[name] = append(f.names[name], r)
	}
}

// read reports whether a rule other than r may read what r sets under a name.
// Where the name has macros, names that it may become count; regular expressions
// over names are asked when the name is known (captured.names).
func (f *readers) read(r *seclang.Rule, name string) bool {
	name = strings.ToLower(name)
	fixed, _, open := strings.Cut(name, "%{")
	for read, by := range f.names {
		if read != name && !(open && strings.HasPrefix(read, fixed)) {
			continue
		}
		if slices.ContainsFunc(by, func(o *seclang.Rule) bool { return o != r }) {
			return true
		}
	}
	return !open && f.readByRegex(r, name)
}

// others are the expressions by which rules other than r read names.
func (f *readers) others(r *seclang.Rule) []string {
	var expressions []string
	for by, res := range f.regexes {
		for _, re := range res {
			if by != r {
				expressions = append(expressions, re.String())
			}
		}
	}
	return expressions
}

// readByRegex reports whether a rule other than r reads a name by an expression.
func (f *readers) readByRegex(r *seclang.Rule, name string) bool {
	for by, res := range f.regexes {
		for _, re := range res {
			if by != r && re.MatchString(name) {
				return true
			}
		}
	}
	return false
}
