package screen

import (
	"slices"
	"strconv"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/filter/screen/transform"
)

// recaptured asks the head of a chain of this form and the link behind it in one:
//
//	SecRule REQUEST_HEADERS:Referer "@rx ^[^#]+" "capture,chain"
//	    SecRule TX:0 "@rx \?.*\s"
//
// The head matches nearly every value, and only what it captures tells. A later value
// of the same exchange overwrites what an earlier one set, so that some value fulfils
// both links wherever both match. It returns nil for a chain of any other form.
func (c *compiler) recaptured(r *seclang.Rule) matcher {
	op := r.Operator
	if op == nil || op.Name != "rx" || op.Negated || !r.Capture || r.MultiMatch || len(r.Links) == 0 {
		return nil
	}
	link := r.Links[0]
	if link.Operator == nil || link.MultiMatch || len(link.Variables) != 1 {
		return nil
	}
	v := link.Variables[0]
	group, err := strconv.Atoi(v.Key)
	if v.Name != "TX" || v.Count || v.Regex || len(v.Exclusions) > 0 || err != nil || strconv.Itoa(group) != v.Key {
		return nil
	}
	// A group that the head does not have is what an earlier rule captured; Coraza stops
	// at nine.
	re := stockRx(op.Argument)
	if re == nil || group > min(re.NumSubexp(), 8) || c.setBy(r, v.Key) {
		return nil
	}
	argument, known := link.Operator.Argument, true
	if expandsMacros[link.Operator.Name] {
		if argument, known = c.expand(r, argument); !known {
			return nil
		}
	}
	chain, ok := chainOf(link)
	match := c.matcher(link.Operator.Name, argument)
	if !ok || match == nil {
		return nil
	}
	return func(value string) bool {
		at := re.FindStringSubmatchIndex(value)
		if at == nil {
			return false
		}
		text := ""
		if at[2*group] >= 0 {
			text = value[at[2*group]:at[2*group+1]]
		}
		return match(chain.Apply(text, transform.TraitsOf(text))) != link.Operator.Negated
	}
}

// runsCtls reports whether a link before the last has ctl actions.
func runsCtls(links []*seclang.Rule) bool {
	return slices.ContainsFunc(links[:len(links)-1], func(l *seclang.Rule) bool { return len(l.Ctls) > 0 })
}
