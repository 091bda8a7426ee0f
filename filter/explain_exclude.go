package filter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/corazawaf/coraza/v3/types/variables"
)

// A Form is one of the ways in which SecLang keeps a rule from what it matched.
type Form string

// The forms, the narrowest first.
const (
	// TargetAtPath takes the targets from the rule for requests to one path, at
	// runtime. It stands before the rule.
	TargetAtPath Form = "target at path"
	// Target takes the targets from the rule for all requests, when the rules are
	// compiled. It stands behind the rule.
	Target Form = "target"
	// RuleAtPath takes the whole rule from requests to one path, at runtime, for
	// rules that look at no target of their own. It stands before the rule.
	RuleAtPath Form = "rule at path"
)

// Forms lists every Form, the narrowest first.
func Forms() []Form { return []Form{TargetAtPath, Target, RuleAtPath} }

// Before reports whether the form's directives stand before the rules that they
// change (before the Include that brings them), or behind.
func (f Form) Before() bool { return f != Target }

// An Exclusion keeps one rule from what it matched.
type Exclusion struct {
	Form    Form     `json:"form"`
	Rule    int      `json:"rule"`
	Targets []string `json:"targets,omitempty"` // ARGS:comment
	Path    string   `json:"path,omitempty"`
	SecLang string   `json:"seclang"` // whole directives, a line break at the end
}

var (
	// What can stand in a target and in an operator without quotes, macros or
	// separators of SecLang's.
	plainTarget = regexp.MustCompile(`^[A-Z_]+(:([A-Za-z0-9_.$@\[\]-]+|/\^([a-z0-9_-]|\\\.|\\d\+)+\$/))?$`)
	plainPath   = regexp.MustCompile(`^/[A-Za-z0-9!#$&()*+,./:;=?@\[\]^_{|}~-]*$`)
)

// Nameless reports whether a target is all of a collection. The engine names a field
// with an empty name so (GET /?=x matches on ARGS); an exclusion of it would be of
// every field. XML has no names below itself: all of a document is the narrowest there is.
func Nameless(target string) bool {
	name, _, keyed := strings.Cut(target, ":")
	v, err := variables.Parse(name)
	return !keyed && name != "XML" && (err != nil || v.CanBeSelected())
}

// NewExclusion writes an exclusion. id is the runtime forms' own rule ID. ok is
// false where SecLang cannot, or must not, say it: there is no target, a name that a
// client made up, or none.
func NewExclusion(form Form, rule int, targets []string, path string, id int) (e Exclusion, ok bool) {
	e = Exclusion{Form: form, Rule: rule}
	if form != RuleAtPath {
		e.Targets = targets
		if len(targets) == 0 || slices.ContainsFunc(targets, func(t string) bool { return Nameless(t) || !plainTarget.MatchString(t) }) {
			return e, false
		}
	}
	if form == Target {
		e.SecLang = fmt.Sprintf("SecRuleUpdateTargetById %d \"!%s\"\n", rule, strings.Join(targets, "|!"))
		return e, true
	}
	e.Path = path
	if !plainPath.MatchString(path) {
		return e, false
	}
	actions := fmt.Sprintf(",\\\n    ctl:ruleRemoveById=%d", rule)
	if form == TargetAtPath {
		actions = ""
		for _, t := range targets {
			actions += fmt.Sprintf(",\\\n    ctl:ruleRemoveTargetById=%d;%s", rule, t)
		}
	}
	e.SecLang = fmt.Sprintf("SecRule REQUEST_FILENAME \"@streq %s\" \\\n    \"id:%d,phase:1,pass,nolog,t:none%s\"\n", path, id, actions)
	return e, true
}

// Targets are what the rule, or the first link of its chain that looks at more than
// variables of rules, matched on.
func (m *RuleMatch) Targets() []string {
	byLink := map[int][]string{}
	last := 0
	for _, v := range m.On {
		last = max(last, v.Link)
		if v.Count {
			return nil // without its target, a rule that misses a header misses it still
		}
		byLink[v.Link] = append(byLink[v.Link], v.Variable)
	}
	for link := 0; link <= last; link++ {
		var targets []string
		for _, t := range byLink[link] {
			name, _, _ := strings.Cut(t, ":")
			switch {
			case name == "XML" || name == "REQUEST_XML":
				t = "XML" // the engine names none of its parts
			case strings.HasPrefix(t, "ARGS") && arrayIndex.MatchString(t):
				t = anyIndex(t)
			case name == "TX" || name == "UNKNOWN" || strings.HasPrefix(name, "MATCHED_VAR"):
				t = ""
			}
			if t != "" && !slices.Contains(targets, t) {
				targets = append(targets, t)
			}
		}
		if len(targets) > 0 {
			return targets
		}
	}
	return nil
}

// Nameless are the collections that the rule matched in on a field without a name.
func (m *RuleMatch) Nameless() []string {
	return slices.DeleteFunc(m.Targets(), func(t string) bool { return !Nameless(t) })
}

// arrayIndex finds an element's place in a JSON array: ARGS:json.items.3.name.
var arrayIndex = regexp.MustCompile(`:json\.(.*\.)?[0-9]+(\.|$)`)

// anyIndex is the same target for every element of the array: a place is no name.
// Coraza compares regular expressions with names in lower case.
func anyIndex(target string) string {
	name, key, _ := strings.Cut(target, ":")
	parts := strings.Split(strings.ToLower(key), ".")
	for i, part := range parts {
		if strings.Trim(part, "0123456789") == "" && part != "" {
			parts[i] = `\d+`
		} else {
			parts[i] = regexp.QuoteMeta(part)
		}
	}
	return name + ":/^" + strings.Join(parts, `\.`) + "$/"
}

// Contributors are the rules by which the exchange is blocked, or nearer to it: not
// those of paranoia levels that only detect.
func (f *Explanation) Contributors() []*RuleMatch {
	var found []*RuleMatch
	for _, m := range f.Matches {
		onlyDetects := f.Ledger != nil && m.Level > f.Ledger.BlockingLevel && !m.Decided
		if m.Contributes() && !onlyDetects {
			found = append(found, m)
		}
	}
	return found
}

// Try compiles the policy of a host with exclusions in it.
func (e *Explainer) Try(authority string, exclusions []Exclusion) (*Engine, error) {
	p, err := e.policy(authority)
	if err != nil || p == nil {
		return nil, err
	}
	var before, after strings.Builder
	for _, x := range exclusions {
		if x.Form.Before() {
			before.WriteString(x.SecLang)
		} else {
			after.WriteString(x.SecLang)
		}
	}
	return replayEngine(e.config, p.name, before.String(), after.String(), nil)
}

// FreeID is the first of n rule IDs that no rule of a host's policy has, from those
// that CRS leaves to local rules (1 to 99,999).
func (e *Explainer) FreeID(authority string, n int) (int, error) {
	p, err := e.policy(authority)
	if err != nil || p == nil {
		return 0, err
	}
	first := 10001
	for id := first; id < first+n; id++ {
		if p.rules[id] != nil {
			first = id + 1
		}
	}
	return first, nil
}
