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
	// unsettles: it may keep a rule from running that the innocent world, or the
	// front's parsing, is made of. Nothing is known of the exchange then.
	unsettles bool
}

// effect looks at a rule's actions.
func (c *compiler) effect(r *seclang.Rule) effect {
	links := withLinks(r)
	e := effect{partly: len(links)}
	quiet := true
	for i, link := range links {
		unsettles := slices.ContainsFunc(link.Ctls, c.unsettledBy)
		e.unsettles = e.unsettles || unsettles
		if unsettles || !c.quietLink(r, link) {
			quiet = false
			e.partly = min(e.partly, i+1)
		}
	}
	e.shapes = shapesParsing(r)
	e.unsettles = e.unsettles || strings.HasPrefix(r.Disruptive, "allow") || !c.quietFlow(r)
	e.shown = r.Log || r.Audit || r.Disruptive != "" && r.Disruptive != "pass" && !strings.HasPrefix(r.Disruptive, "allow")
	e.quiet = quiet && !e.shown && !acts(r) && !e.unsettles
	return e
}

// shapesParsing: it changes how the exchange is parsed, or whether rules run at all.
func shapesParsing(r *seclang.Rule) bool {
	return strings.HasPrefix(r.Disruptive, "allow") || parsesPath(r) ||
		slices.ContainsFunc(withLinks(r), func(link *seclang.Rule) bool {
			return slices.ContainsFunc(link.Ctls, func(ctl seclang.Ctl) bool { return !removes(ctl) })
		})
}

func (c *compiler) removesBasics(r *seclang.Rule) bool {
	return slices.ContainsFunc(withLinks(r), func(link *seclang.Rule) bool { return slices.ContainsFunc(link.Ctls, c.unsettledBy) })
}

// unsettledBy reports whether a ctl takes from the rules, or from their targets, one
// that the innocent world or the front's parsing is made of; or may make an allow
// moot that every exchange meets.
func (c *compiler) unsettledBy(ctl seclang.Ctl) bool {
	switch {
	case strings.EqualFold(ctl.Name, "ruleEngine"):
		return slices.ContainsFunc(c.set.Rules, func(r *seclang.Rule) bool {
			return c.world.constant[r] && strings.HasPrefix(r.Disruptive, "allow")
		})
	case !removes(ctl):
		return false
	}
	taken, target := removal(ctl)
	return slices.ContainsFunc(c.set.Rules, func(r *seclang.Rule) bool {
		basic := shapesParsing(r) || c.world.constant[r] && (c.world.matches[r] || len(r.Links) > 0)
		return (r.Marker != "" || basic) && taken(r) && (target == "" || reads(r, target))
	})
}

// reads reports whether a rule has a variable of a collection.
func reads(r *seclang.Rule, collection string) bool {
	return slices.ContainsFunc(withLinks(r), func(link *seclang.Rule) bool {
		return slices.ContainsFunc(link.Variables, func(v seclang.Variable) bool { return v.Name == collection })
	})
}

// parsesPath: @restpath fills ARGS_PATH.
func parsesPath(r *seclang.Rule) bool {
	return slices.ContainsFunc(withLinks(r), func(link *seclang.Rule) bool {
		return link.Operator != nil && link.Operator.Name == "restpath"
	})
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
		case shapesParsing(next):
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

// removal tells which rules a ctl:ruleRemove... takes, or takes a target from: that of
// the collection, "" for the rule itself.
func removal(ctl seclang.Ctl) (taken func(*seclang.Rule) bool, collection string) {
	name, isTarget := strings.CutPrefix(strings.ToLower(ctl.Name), "ruleremovetarget")
	if !isTarget {
		return wholeRule(ctl), ""
	}
	which, target, _ := strings.Cut(ctl.Argument, ";")
	collection, _, _ = strings.Cut(target, ":")
	return wholeRule(seclang.Ctl{Name: "ruleRemove" + name, Argument: which}), strings.ToUpper(strings.TrimSpace(collection))
}

// readers are the places that read TX variables, and HIGHEST_SEVERITY.
type readers struct {
	names    map[string][]*seclang.Rule
	regexes  map[*seclang.Rule][]*regexp.Regexp
	severity bool
	// stale: some rule reads what an earlier one captured or matched.
	stale bool
	// messages: some rule reads the message of whichever rule was asked before it.
	messages bool
}

func findReaders(set *seclang.RuleSet, scans *patterns) readers {
	found := readers{names: make(map[string][]*seclang.Rule), regexes: make(map[*seclang.Rule][]*regexp.Regexp)}
	for _, r := range set.Rules {
		groups := -1 // the last that the chain has captured so far
		for _, link := range withLinks(r) {
			for _, v := range link.Variables {
				found.variable(r, v)
				found.stale = found.stale || readsCapture(v, groups) || link == r && strings.HasPrefix(v.Name, "MATCHED_VAR")
				found.messages = found.messages || v.Name == "RULE"
			}
			if link == r && link.Operator != nil && strings.Contains(strings.ToUpper(link.Operator.Argument), "%{MATCHED_VAR") {
				found.stale = true
			}
			groups = max(groups, scans.groupsOf(link))
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
						found.stale = found.stale || readsCapture(seclang.Variable{Name: "TX", Key: name}, groups)
					}
					if len(link.Variables) == 0 && strings.HasPrefix(strings.ToUpper(m), "MATCHED_VAR") {
						found.stale = true
					}
					found.severity = found.severity || strings.EqualFold(m, "HIGHEST_SEVERITY")
					found.messages = found.messages || !hasText(r, m)
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

// readsCapture reports whether a variable may show what a rule captured beyond the
// groups that the chain itself has.
func readsCapture(v seclang.Variable, groups int) bool {
	if v.Name != "TX" {
		return false
	}
	earlier := captureNames[groups+1:]
	if !v.Regex {
		return v.Key == "" || slices.Contains(earlier, v.Key)
	}
	re, err := regexp.Compile(v.Key)
	return err != nil || slices.ContainsFunc(earlier, re.MatchString)
}

// groupsOf is the last group that a link always captures on a match; -1 for none.
func (p *patterns) groupsOf(link *seclang.Rule) int {
	if !link.Capture || link.Operator == nil || link.Operator.Negated {
		return -1
	}
	switch link.Operator.Name {
	case "rx":
		if parsed := p.parse(link.Operator.Argument); parsed != nil {
			return min(parsed.Groups(), 8)
		}
		return 0
	case "pm", "pmf", "pmfromfile", "pmfromdataset", "detectsqli":
		return 0
	}
	return -1
}

// hasText is false for the macros that show the message or the log data of the rule
// asked last that has any: not of r, if it has none.
func hasText(r *seclang.Rule, macro string) bool {
	switch strings.ToLower(macro) {
	case "rule":
		return false
	case "rule.msg":
		return r.Msg != ""
	case "rule.logdata":
		return slices.ContainsFunc(r.Others, func(a seclang.Action) bool { return a.Name == "logdata" })
	}
	return true
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
