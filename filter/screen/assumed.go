package screen

import (
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/filter/screen/transform"
)

// constantly decides about one TX variable of a link in the innocent world: always
// if it fulfils the link, depends if that cannot be known, never otherwise.
func (c *compiler) constantly(r, link *seclang.Rule, v seclang.Variable, chain transform.Chain, match matcher) truth {
	if v.Regex || v.Key == "" || match == nil || len(v.Exclusions) > 0 {
		return depends
	}
	value, ok, known := c.world.value(v.Key, r.Phase, slices.Index(c.set.Rules, r))
	if !known || c.setBy(r, strings.ToLower(v.Key)) {
		return depends
	}
	c.assumed = append(c.assumed, strings.ToLower(v.Key))
	if v.Count {
		value = "0"
		if ok {
			value = "1"
		}
	} else if !ok {
		return never
	}
	chains, ok := steps(chain, link.MultiMatch)
	if !ok {
		return depends
	}
	for _, step := range chains {
		if match(step.Apply(value, transform.TraitsOf(value))) != link.Operator.Negated {
			return always
		}
	}
	return never
}

// muteHeads reports whether nothing tells that links before the last one matched
// while the whole chain did not.
func (c *compiler) muteHeads(links []*seclang.Rule) bool {
	for _, link := range links[:len(links)-1] {
		if c.readers.stale || len(link.Ctls) > 0 || !c.quietLink(links[0], link) || slices.ContainsFunc(link.SetVars, mayScore) {
			return false
		}
	}
	// Coraza 3.8.1 remembers a transformed MATCHED_VAR for the rest of the phase, and
	// other chains are shown it in the place of their own.
	return !slices.ContainsFunc(links[1:], func(link *seclang.Rule) bool {
		return len(link.Transformations) > 0 && slices.ContainsFunc(link.Variables, func(v seclang.Variable) bool {
			return strings.HasPrefix(v.Name, "MATCHED_VAR")
		})
	})
}

// mayScore reports whether a setvar may change a score, which the event of an exchange
// shows: a number under a name with _score in it.
func mayScore(v seclang.SetVar) bool {
	fixed := v.Op == "=" && v.Value != "" && !strings.ContainsAny(v.Value[:1], "%0123456789")
	return strings.Contains(strings.ToLower(v.Name), "_score") || strings.Contains(v.Name, "%{") && !fixed
}

// settable reports whether a rule that the exchange decides about may set a TX name.
func (c *compiler) settable(name string) bool {
	return slices.ContainsFunc(c.set.Rules, func(r *seclang.Rule) bool {
		return r.Marker == "" && !c.world.constant[r] && c.setBy(r, name)
	})
}

// setBy reports whether r itself sets a TX name.
func (c *compiler) setBy(r *seclang.Rule, name string) bool {
	for _, link := range withLinks(r) {
		for _, v := range link.SetVars {
			fixed, _, open := strings.Cut(strings.ToLower(v.Name), "%{")
			if fixed == name || open && strings.HasPrefix(name, fixed) {
				return true
			}
		}
	}
	return false
}

// expand replaces macros by what TX holds in the innocent world.
func (c *compiler) expand(r *seclang.Rule, text string) (expanded string, known bool) {
	known = true
	at := slices.Index(c.set.Rules, r)
	expanded = macro.ReplaceAllStringFunc(text, func(m string) string {
		inner := m[2 : len(m)-1]
		name, isTX := txName(inner)
		value, ok, fixed := c.world.value(name, r.Phase, at)
		if !isTX || !fixed || c.setBy(r, name) {
			known = false
		}
		c.assumed = append(c.assumed, name)
		if !ok {
			return inner // as Coraza does
		}
		return value
	})
	return expanded, known
}

// removesTargets reports whether some ctl takes targets of a collection from rules:
// a count can then become one that matches.
func (c *compiler) removesTargets(collection string) bool {
	for _, r := range c.set.Rules {
		for _, link := range withLinks(r) {
			for _, ctl := range link.Ctls {
				_, target, _ := strings.Cut(ctl.Argument, ";")
				name, _, _ := strings.Cut(target, ":")
				if removes(ctl) && strings.EqualFold(strings.TrimSpace(name), collection) {
					return true
				}
			}
		}
	}
	return false
}
