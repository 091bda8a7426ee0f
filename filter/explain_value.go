package filter

import (
	"slices"
	"strings"

	"github.com/corazawaf/coraza/v3/collection"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/filter/screen/transform"
)

// A ValueMatch is one value that a rule, or a link of its chain, matched on.
type ValueMatch struct {
	Link     int    `json:"link,omitempty"`  // of the chain; 0: its head
	Variable string `json:"variable"`        // ARGS:q
	Count    bool   `json:"count,omitempty"` // it is how many of Variable there are
	// Before is the value as it came; After is what the operator saw. Known is false
	// where the value as it came could not be told, and Before is After.
	Before string `json:"value"`
	After  string `json:"transformed"`
	Known  bool   `json:"value_known"`
	// Steps are the transformations that changed it.
	Steps    []string `json:"transformations,omitempty"`
	Operator string   `json:"operator,omitempty"` // "@detectSQLi", "!@rx ^\d+$"
	// Start and End are the matched part of After, in bytes; equal where the operator
	// has none. How says what was found: "fingerprint s&1c".
	Start int    `json:"start"`
	End   int    `json:"end"`
	How   string `json:"how,omitempty"`
}

// maxValue bounds what is kept of a value, in bytes, around what matched.
const maxValue = 600

func newValueMatch(tx types.Transaction, head *seclang.Rule, d types.MatchData) *ValueMatch {
	v := &ValueMatch{Link: d.ChainLevel(), Variable: d.Variable().Name(), After: strings.Clone(d.Value())}
	v.Before = v.After
	if d.Key() != "" {
		v.Variable += ":" + strings.Clone(d.Key())
	}
	r := head
	if head != nil && v.Link > 0 && v.Link <= len(head.Links) {
		r = head.Links[v.Link-1]
	}
	if r == nil || r.Operator == nil {
		return v
	}
	v.Count = slices.ContainsFunc(r.Variables, func(s seclang.Variable) bool { return s.Count && s.Name == d.Variable().Name() })
	v.original(tx, r, d)
	v.locate(r)
	v.shorten()
	return v
}

// original looks for the value that the rule's transformations made After of. The
// collections that a client fills stay as they were; of TX only the end is known.
func (v *ValueMatch) original(tx types.Transaction, r *seclang.Rule, d types.MatchData) {
	chain := make(transform.Chain, 0, len(r.Transformations))
	for _, name := range r.Transformations {
		t, ok := transform.Lookup(name)
		if !ok {
			return
		}
		chain = append(chain, t)
	}
	for _, value := range candidates(tx, d) {
		for end := len(chain); end >= 0; end-- {
			if end < len(chain) && !r.MultiMatch {
				break
			}
			if steps, after := changes(chain[:end], value); after == v.After {
				v.Before, v.Steps, v.Known = strings.Clone(value), steps, true
				return
			}
		}
	}
}

// changes applies a chain and names the steps that did something.
func changes(chain transform.Chain, value string) (steps []string, after string) {
	for _, t := range chain {
		next := t.Apply(value)
		if next != value {
			steps = append(steps, "t:"+t.Name)
		}
		value = next
	}
	return steps, value
}

// candidates are the values of the element that matched, and of all others of the
// variable: a count's element has no name.
func candidates(tx types.Transaction, d types.MatchData) []string {
	state, ok := engineOf(tx).(plugintypes.TransactionState)
	if !ok {
		return nil
	}
	var values []string
	switch c := state.Collection(d.Variable()).(type) {
	case nil:
	case collection.Keyed:
		for _, m := range c.FindString(d.Key()) {
			values = append(values, m.Value())
		}
		if len(values) == 0 {
			for _, m := range c.FindAll() {
				if strings.EqualFold(m.Key(), d.Key()) {
					values = append(values, m.Value())
				}
			}
		}
	default:
		for _, m := range c.FindAll() {
			values = append(values, m.Value())
		}
	}
	return append(values, d.Value())
}

// shorten keeps of long values what is around the matched part's begin.
func (v *ValueMatch) shorten() {
	v.Before = cutText(v.Before, maxValue)
	if len(v.After) <= maxValue {
		return
	}
	from := max(0, min(v.Start-maxValue/4, len(v.After)-maxValue))
	to := from + maxValue
	lead := ""
	if from > 0 {
		lead = "..."
	}
	v.After = lead + v.After[from:to] + "..."
	v.Start += len(lead) - from
	v.End = min(v.End, to) + len(lead) - from
}

// operatorText is the operator as SecLang has it, cut short.
func operatorText(o *seclang.Operator) string {
	text := "@" + operatorNames[o.Name]
	if operatorNames[o.Name] == "" {
		text = "@" + o.Name
	}
	if o.Negated {
		text = "!" + text
	}
	if o.Argument != "" {
		text += " " + cutText(o.Argument, 80)
	}
	return text
}

// operatorNames are the operators that have upper case letters.
var operatorNames = func() map[string]string {
	names := map[string]string{}
	for _, name := range slices.Concat(strings.Fields("beginsWith endsWith detectSQLi detectXSS ipMatch ipMatchFromFile pmFromFile"),
		strings.Fields("pmFromDataset unconditionalMatch validateByteRange validateUrlEncoding validateUtf8Encoding noMatch geoLookup")) {
		names[strings.ToLower(name)] = name
	}
	return names
}()
