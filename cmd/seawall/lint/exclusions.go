package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// A selection is what an exclusion names.
type selection struct {
	text  string // as in a message: "rule 942100", `the tag "attack-sqli"`
	one   bool   // a single ID
	match func(*seclang.Rule) bool
	fix   func(*ruleSet) string
}

// selected are the rules of a selection, as if none had been removed.
func (s *ruleSet) selected(of selection) (rules []*seclang.Rule) {
	for _, r := range s.written {
		if r.Marker == "" && of.match(r) {
			rules = append(rules, r)
		}
	}
	return rules
}

// changes: a SecRuleRemove... or SecRuleUpdate... acts on the rules above it only.
func (s *ruleSet) changes() {
	for i, d := range s.directives {
		name := strings.ToLower(nameOf(d))
		if !strings.HasPrefix(name, "secruleremove") && !strings.HasPrefix(name, "secruleupdate") {
			continue
		}
		for _, of := range changeSelections(name, argumentOf(d)) {
			s.change(i, d, of)
		}
		s.updatedTarget(d, name)
	}
}

func (s *ruleSet) change(i int, d rules.Directive, of selection) {
	named := s.selected(of)
	if len(named) == 0 {
		s.report("exclusion-unknown", Warning, d.File, d.Line, of.fix(s), "%s names %s, and there is none such", nameOf(d), of.text)
		return
	}
	if slices.ContainsFunc(named, func(r *seclang.Rule) bool { return s.index(r) < i }) {
		return
	}
	r := named[0]
	s.report("exclusion-before-rule", Warning, d.File, d.Line, "move it behind the Include that brings the rule",
		"%s names %s before there is any: it stands at %s, and stays as it is", nameOf(d), of.text, s.spell(r.File, r.Line))
}

// updatedTarget: an exclusion of a target that the rule does not look at.
func (s *ruleSet) updatedTarget(d rules.Directive, name string) {
	words := strings.Fields(argumentOf(d))
	if name != "secruleupdatetargetbyid" || len(words) != 2 {
		return
	}
	id, err := strconv.Atoi(words[0])
	if err != nil {
		return
	}
	for target := range strings.SplitSeq(strings.Trim(words[1], `"`), "|") {
		if variable, excludes := strings.CutPrefix(target, "!"); excludes {
			s.withoutEffect(d.File, d.Line, nameOf(d), id, variable)
		}
	}
}

// withoutEffect reports an exclusion of a variable from a rule that has no such.
// Coraza compares variables by name: an exclusion of ARGS does nothing for a rule
// that looks at ARGS_GET.
func (s *ruleSet) withoutEffect(file string, line int, what string, id int, target string) {
	variable, _, _ := strings.Cut(target, ":")
	variable = strings.ToUpper(strings.TrimSpace(variable))
	for _, r := range s.written {
		if r.ID != id || r.Marker != "" || r.Unknown != "" {
			continue
		}
		var has []string
		for _, one := range append([]*seclang.Rule{r}, r.Links...) {
			for _, v := range one.Variables {
				if v.Name == variable {
					return
				}
				if !slices.Contains(has, v.Name) {
					has = append(has, v.Name)
				}
			}
		}
		if len(has) > 0 && variable != "" {
			s.report("exclusion-without-effect", Warning, file, line, "name one that it looks at: "+strings.Join(has, ", "),
				"%s takes %s from rule %d, which does not look at it", what, variable, id)
		}
		return
	}
}

// changeSelections reads what a directive names; nothing where Coraza would refuse
// it, for then it has.
func changeSelections(name, argument string) []selection {
	words := strings.Fields(argument)
	switch name {
	case "secruleremovebyid":
		return byIDs(words)
	case "secruleupdatetargetbyid", "secruleupdateactionbyid":
		return byIDs(words[:max(0, len(words)-1)])
	case "secruleremovebytag":
		return []selection{byTag(argument)}
	case "secruleupdatetargetbytag":
		if len(words) > 0 {
			return []selection{byTag(strings.Trim(words[0], `"`))}
		}
	case "secruleremovebymsg":
		return []selection{byMsg(argument)}
	}
	return nil
}

func byIDs(words []string) (all []selection) {
	for _, word := range words {
		if of, ok := byID(word); ok {
			all = append(all, of)
		}
	}
	return all
}

func byID(word string) (selection, bool) {
	from, to, isRange := strings.Cut(word, "-")
	if !isRange {
		to = from
	}
	first, err := strconv.Atoi(from)
	last, errLast := strconv.Atoi(to)
	if err != nil || errLast != nil || first > last {
		return selection{}, false
	}
	of := selection{text: "rule " + from, one: !isRange, match: func(r *seclang.Rule) bool { return r.ID >= first && r.ID <= last }}
	if isRange {
		of.text = fmt.Sprintf("the rules %d to %d", first, last)
	}
	of.fix = func(s *ruleSet) string {
		near, best := 0, 0
		for _, r := range s.written {
			if distance := max(r.ID-first, first-r.ID); r.ID > 0 && (near == 0 || distance < best) {
				near, best = r.ID, distance
			}
		}
		return fmt.Sprintf("correct the ID (the nearest is %d), or remove the exclusion", near)
	}
	return of, true
}

func byTag(tag string) selection {
	return selection{
		text:  fmt.Sprintf("the tag %q", tag),
		match: func(r *seclang.Rule) bool { return slices.Contains(r.Tags, tag) },
		fix: func(s *ruleSet) string {
			var tags []string
			for _, r := range s.written {
				tags = append(tags, r.Tags...)
			}
			return "tags are compared whole, not as expressions" + suggestion(tag, tags)
		},
	}
}

func byMsg(msg string) selection {
	return selection{
		text:  fmt.Sprintf("the message %q", msg),
		match: func(r *seclang.Rule) bool { return r.Msg == msg },
		fix: func(s *ruleSet) string {
			var messages []string
			for _, r := range s.written {
				messages = append(messages, r.Msg)
			}
			return "messages are compared whole, not as expressions" + suggestion(msg, messages)
		},
	}
}

// suggestion is the word that shares most with text, if that is at least half.
func suggestion(text string, words []string) string {
	best, most := "", len(text)/2
	for _, w := range words {
		n := 0
		for n < min(len(w), len(text)) && w[n]|0x20 == text[n]|0x20 {
			n++
		}
		if strings.Contains(w, text) {
			n = len(text)
		}
		if n > most {
			best, most = w, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
