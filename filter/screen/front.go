package screen

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// unscreenableSetting finds a setting under which an innocent exchange is not one
// that leaves nothing behind.
func unscreenableSetting(settings []rules.Directive) (why string) {
	for _, d := range settings {
		_, value, _ := strings.Cut(d.Text, " ")
		value = strings.ToLower(strings.Trim(value, `" `))
		switch {
		case is(d, "SecUploadKeepFiles") && value != "off":
			why = "SecUploadKeepFiles keeps files, which two parses would keep twice"
		case is(d, "SecDebugLogLevel") && value > "3":
			why = "SecDebugLogLevel " + value + " logs what every rule does"
		}
	}
	return why
}

// needsFront reports whether r must be asked in the front because the screen cannot
// ask it: an operator of Coraza's own, or a value that rules change within the phase.
func (c *compiler) needsFront(r *seclang.Rule) bool {
	for _, link := range withLinks(r) {
		if link.Operator != nil && inFront[link.Operator.Name] {
			return true
		}
		for _, v := range link.Variables {
			if v.Name == "REQBODY_PROCESSOR" && r.Phase == 1 || v.Name == "RES_BODY_PROCESSOR" && r.Phase <= 3 {
				return true
			}
		}
	}
	return false
}

// inFront are operators that only Coraza evaluates, and no data file feeds.
var inFront = map[string]bool{"rbl": true, "validatenid": true, "pmfromdataset": true, "ipmatchfromdataset": true}

// outside are operators that nobody but the engine may ask: they act, or read files
// whose names are relative to their rule's.
var outside = map[string]bool{"inspectfile": true, "geolookup": true, "validateschema": true,
	"ipmatchfromfile": true, "ipmatchf": true, "pmfromfile": true, "pmf": true}

// addToFront gives a rule to the front, which asks it as the engine would; why says
// why that is impossible.
func (c *compiler) addToFront(r *seclang.Rule) (why string) {
	if c.updated[r.ID] {
		return fmt.Sprintf("rule %d, which shapes parsing, is changed by a SecRuleUpdate directive", r.ID)
	}
	needs := make(map[string]string)
	captures := false // what TX:1 shows is of this chain
	for i, link := range withLinks(r) {
		for _, v := range link.Variables {
			if i > 0 && strings.HasPrefix(v.Name, "MATCHED_VAR") {
				continue
			}
			switch _, ok := sources(v.Name); {
			case v.Name == "TX" && !v.Regex && v.Key != "":
				if !c.provide(r, v.Key, captures, needs) {
					return fmt.Sprintf("rule %d shapes parsing, and reads TX:%s, which depends on the exchange", r.ID, v.Key)
				}
			case !ok:
				return fmt.Sprintf("rule %d shapes parsing, and reads %s", r.ID, v.Name)
			}
		}
		if link.Operator == nil {
			continue
		}
		if outside[link.Operator.Name] {
			return fmt.Sprintf("rule %d shapes parsing, and its @%s reads what is beside the rule", r.ID, link.Operator.Name)
		}
		for _, m := range macros(link.Operator.Argument) {
			name, isTX := txName(m)
			if isTX && !c.provide(r, name, captures, needs) {
				return fmt.Sprintf("rule %d shapes parsing, and reads TX:%s, which depends on the exchange", r.ID, name)
			}
			collection, _, _ := strings.Cut(strings.ToUpper(m), ".")
			if _, ok := sources(collection); !ok && !isTX && expandsMacros[link.Operator.Name] {
				return fmt.Sprintf("rule %d shapes parsing, and compares with %s", r.ID, m)
			}
		}
		captures = captures || link.Capture
	}
	for name, value := range needs {
		if other, ok := c.needs[name]; ok && other != value || !quotable(value) {
			return fmt.Sprintf("rule %d shapes parsing, and reads TX:%s, which changes", r.ID, name)
		}
	}
	maps.Copy(c.needs, needs)
	c.front[r] = true
	return ""
}

// quotable: as a setvar's value, it is kept as it is.
func quotable(value string) bool {
	return !strings.ContainsAny(value, "'\"\\`\n") && !strings.HasPrefix(value, "+") && !strings.HasPrefix(value, "-") &&
		!strings.Contains(value, "%{")
}

// provide notes that the front needs a TX value.
func (c *compiler) provide(r *seclang.Rule, name string, captures bool, needs map[string]string) bool {
	name = strings.ToLower(name)
	if isCapture(name) {
		return captures
	}
	value, ok, known := c.world.value(name, r.Phase, slices.Index(c.set.Rules, r))
	if ok && known {
		needs[name] = value
	}
	return known
}

// frontJumpsTo reports whether a rule of the front skips to a marker. Coraza runs
// every marker in every phase, so the front has no others.
func (c *compiler) frontJumpsTo(marker string) bool {
	if marker == "" {
		return false
	}
	for r := range c.front {
		if r.SkipAfter == marker {
			return true
		}
	}
	return false
}

// frontText writes the front: every setting, what TX must hold, and the rules that
// shape parsing, with the markers that they may jump to.
func (c *compiler) frontText(directives []rules.Directive) (string, error) {
	var b strings.Builder
	if len(c.needs) > 0 {
		id := 1
		for _, r := range c.set.Rules {
			id = max(id, r.ID+1)
		}
		fmt.Fprintf(&b, `SecAction "id:%d,phase:1,pass,nolog,noauditlog`, id)
		for _, name := range slices.Sorted(maps.Keys(c.needs)) {
			if c.needs[name] == "" {
				return "", errors.New("a rule that shapes parsing reads TX:" + name + ", which is empty")
			}
			fmt.Fprintf(&b, `,setvar:'tx.%s=%s'`, name, c.needs[name])
		}
		b.WriteString("\"\n")
		c.screen.inert[id] = true
	}
	dataset := slices.ContainsFunc(slices.Collect(maps.Keys(c.front)), func(r *seclang.Rule) bool {
		return slices.ContainsFunc(withLinks(r), func(l *seclang.Rule) bool { return l.Operator != nil && l.Operator.Dataset != nil })
	})
	emit(&b, directives, c.set,
		func(d rules.Directive) bool {
			return !is(d, "Include") && !hasPrefix(d, "SecRuleRemove") && !hasPrefix(d, "SecRuleUpdate") &&
				!is(d, "SecRule") && !is(d, "SecAction") && (dataset || !is(d, "SecDataset"))
		},
		func(r *seclang.Rule) bool { return c.front[r] || c.frontJumpsTo(r.Marker) })
	return b.String(), nil
}
