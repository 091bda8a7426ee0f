package screen

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/filter/screen/transform"
)

// captured is a chain of this form, of which CRS has some that nearly every request
// enters: its head captures, sets TX variables to what it captured, and a later
// link looks at those.
//
//	SecRule REQUEST_BASENAME "@rx \.([^.]+)$" "capture,setvar:'tx.extension=.%{tx.1}/',chain"
//	    SecRule TX:EXTENSION "@within %{tx.restricted_extensions}"
type captured struct {
	values []target // of the head
	re     *regexp.Regexp
	sets   []setting
	links  map[int]capturedLink
	// foreign reports whether another rule reads a name that the chain may set.
	foreign func(name string) bool
}

// setting is what the head sets: a TX variable's name and value, each made of text
// and of what groups captured.
type setting struct{ name, value []piece }

// piece is text, or where group is not -1 what that group captured.
type piece struct {
	text  string
	group int
}

type capturedLink struct {
	name    string         // of the TX variable; "" where names is
	names   *regexp.Regexp // over lower-case names
	chain   transform.Chain
	match   matcher
	negated bool
}

// newCaptured returns nil for a chain of any other form.
func (c *compiler) newCaptured(r *seclang.Rule) *captured {
	op := r.Operator
	if op == nil || op.Name != "rx" || op.Negated || !r.Capture || r.MultiMatch || len(r.Links) == 0 || len(r.SetVars) == 0 {
		return nil
	}
	k := &captured{re: stockRx(op.Argument), links: make(map[int]capturedLink)}
	chain, ok := chainOf(r)
	if !ok || k.re == nil {
		return nil
	}
	for _, v := range r.Variables {
		parts, ok := sources(v.Name)
		if !ok || v.Count || v.Regex {
			return nil
		}
		for _, p := range parts {
			k.values = append(k.values, target{collection: p.collection, names: p.names, variable: v, chain: chain})
		}
	}
	for _, v := range r.SetVars {
		groups := k.re.NumSubexp()
		if v.Op != "=" || !fromCapture(v.Name, groups) || !fromCapture(v.Value, groups) || strings.ContainsAny(v.Value[:1], "%+-") {
			return nil // a number behind a sign would be added
		}
		k.sets = append(k.sets, setting{pieces(strings.ToLower(v.Name)), pieces(v.Value)})
	}
	for i, link := range r.Links {
		if l, ok := c.capturedLink(r, link); ok {
			k.links[i+1] = l
		} else if i == 0 || slices.ContainsFunc(link.Variables, func(v seclang.Variable) bool { return v.Name == "TX" }) {
			return nil
		}
		if len(link.SetVars) > 0 && i+1 < len(r.Links) {
			return nil
		}
	}
	k.foreign = func(name string) bool { return c.readers.readByRegex(r, name) }
	return k
}

// fromCapture: nothing but text and what was just captured. A group that the
// expression does not have is what an earlier rule captured; Coraza stops at nine.
func fromCapture(text string, groups int) bool {
	for _, m := range macros(text) {
		name, ok := txName(m)
		if n, err := strconv.Atoi(name); !ok || err != nil || n > min(groups, 8) {
			return false
		}
	}
	return true
}

func (c *compiler) capturedLink(r, link *seclang.Rule) (l capturedLink, ok bool) {
	if len(link.Variables) != 1 || link.Operator == nil || link.MultiMatch {
		return l, false
	}
	v := link.Variables[0]
	if v.Name != "TX" || v.Count || len(v.Exclusions) > 0 || isCapture(v.Key) || v.Key == "" {
		return l, false
	}
	argument := link.Operator.Argument
	if expandsMacros[link.Operator.Name] {
		if argument, ok = c.expand(r, argument); !ok {
			return l, false
		}
	}
	if l.chain, ok = chainOf(link); !ok {
		return l, false
	}
	l.match, l.negated = newMatcher(link.Operator.Name, argument), link.Operator.Negated
	if v.Regex {
		re, err := regexp.Compile(v.Key)
		if err != nil {
			return l, false
		}
		l.names = re
	} else {
		l.name = strings.ToLower(v.Key)
	}
	return l, l.match != nil
}

// setsOpenNames reports whether r sets TX names that the exchange chooses, which
// other rules may read.
func (c *compiler) setsOpenNames(r *seclang.Rule) bool {
	for _, link := range withLinks(r) {
		for _, v := range link.SetVars {
			if strings.Contains(v.Name, "%{") && len(c.readers.regexes) > 0 {
				return true
			}
		}
	}
	return false
}

// decides reports whether link i, the head being 0, is asked here.
func (k *captured) decides(i int) bool { _, ok := k.links[i]; return ok }

// possible reports whether, for some value that the head matches, the links that
// look at what it captured could match. It makes the exchange suspicious where the
// head sets a name that another rule reads.
func (k *captured) possible(tx plugintypes.TransactionState, suspicious *bool) (found bool) {
	left := make(map[int]bool, len(k.links)) // links that no value has fulfilled
	for i := range k.links {
		left[i] = true
	}
	for i := range k.values {
		t := &k.values[i]
		col := tx.Collection(t.collection)
		if col == nil {
			continue
		}
		for _, m := range selectMembers(col, t) {
			value := m.Value()
			if t.names {
				value = m.Key()
			}
			k.value(t.chain.Apply(value, transform.TraitsOf(value)), left, suspicious)
		}
	}
	return len(left) == 0
}

func (k *captured) value(v string, left map[int]bool, suspicious *bool) {
	at := k.re.FindStringSubmatchIndex(v)
	if at == nil {
		return
	}
	for _, set := range k.sets {
		name := strings.ToLower(fill(set.name, v, at))
		if k.foreign(name) {
			*suspicious = true
		}
		value := fill(set.value, v, at)
		for i, l := range k.links {
			if !left[i] || l.names == nil && l.name != name || l.names != nil && !l.names.MatchString(name) {
				continue
			}
			if l.match(l.chain.Apply(value, transform.TraitsOf(value))) != l.negated {
				delete(left, i)
			}
		}
	}
}

// pieces cuts a text at its macros, which are all %{tx.N}.
func pieces(text string) []piece {
	var cut []piece
	for {
		at := macro.FindStringSubmatchIndex(text)
		if at == nil {
			return append(cut, piece{text, -1})
		}
		name, _ := txName(text[at[2]:at[3]])
		group, _ := strconv.Atoi(name)
		cut = append(cut, piece{text[:at[0]], -1}, piece{"", group})
		text = text[at[1]:]
	}
}

// fill puts together what a head's match sets; at are the groups' places in v.
func fill(pieces []piece, v string, at []int) string {
	if len(pieces) == 1 {
		return pieces[0].text
	}
	var b strings.Builder
	for _, p := range pieces {
		switch {
		case p.group < 0:
			b.WriteString(p.text)
		case at[2*p.group] >= 0:
			b.WriteString(v[at[2*p.group]:at[2*p.group+1]])
		}
	}
	return b.String()
}
