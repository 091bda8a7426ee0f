package screen

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/seawall-waf/seawall/filter/screen/dfa"
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
	re    *regexp.Regexp
	whole bool // the head captures all of every value: ^.*$
	sets  []setting
	at    int // the link's place, the head being 0
	link  capturedLink
	// foreign finds names that another rule reads; nil where none is read so.
	foreign *dfa.Set
}

// setting is what the head sets: a TX variable's name and value, each made of text
// and of what groups captured.
type setting struct {
	name, value []piece
	seen        bool // the link looks at it
}

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
	k := &captured{re: stockRx(op.Argument), whole: op.Argument == "^.*$"}
	if k.re == nil {
		return nil
	}
	for _, v := range r.SetVars {
		groups := k.re.NumSubexp()
		if v.Op != "=" || !fromCapture(v.Name, groups) || !fromCapture(v.Value, groups) || strings.ContainsAny(v.Value[:1], "%+-") {
			return nil // a number behind a sign would be added
		}
		k.sets = append(k.sets, setting{name: pieces(strings.ToLower(v.Name)), value: pieces(v.Value)})
	}
	for i, link := range r.Links {
		l, ok := c.capturedLink(r, link)
		readsTX := slices.ContainsFunc(link.Variables, func(v seclang.Variable) bool { return v.Name == "TX" })
		if ok && k.at == 0 {
			k.at, k.link = i+1, l
		} else if ok || readsTX {
			return nil
		}
		if len(link.SetVars) > 0 && i+1 < len(r.Links) {
			return nil
		}
	}
	if k.at == 0 {
		return nil
	}
	for i := range k.sets {
		var known bool
		if k.sets[i].seen, known = k.link.looksAt(k.sets[i].name); !known {
			return nil
		}
	}
	return k.findForeign(c.readers.others(r))
}

// findForeign prepares the look at names that other rules read by expressions.
// Coraza compiles those without (?sm), which only adds matches.
func (k *captured) findForeign(expressions []string) *captured {
	if len(expressions) == 0 || !slices.ContainsFunc(k.sets, func(s setting) bool { return len(s.name) > 1 }) {
		return k
	}
	var err error
	if k.foreign, err = dfa.Compile(expressions, dfa.Shared); err != nil || k.foreign.Words() > 4 {
		return nil
	}
	return k
}

// looksAt reports whether a link looks at the variables of a name; known is false
// where that depends on what was captured.
func (l capturedLink) looksAt(name []piece) (looks, known bool) {
	fixed := name[0].text
	switch {
	case l.names == nil && len(name) == 1:
		return l.name == fixed, true
	case l.names == nil:
		return false, !strings.HasPrefix(l.name, fixed)
	case len(name) == 1:
		return l.names.MatchString(fixed), true
	}
	prefix, isPrefix := strings.CutPrefix(l.names.String(), "^")
	isPrefix = isPrefix && regexp.QuoteMeta(prefix) == prefix
	return strings.HasPrefix(fixed, prefix), isPrefix && (strings.HasPrefix(fixed, prefix) || !strings.HasPrefix(prefix, fixed))
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
	l.match, l.negated = c.matcher(link.Operator.Name, argument), link.Operator.Negated
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

// matches reports whether the head matches a value and the link what it captured
// of it.
func (k *captured) matches(v string) bool {
	at := k.find(v)
	if at == nil {
		return false
	}
	var room [128]byte
	for _, set := range k.sets {
		if !set.seen {
			continue
		}
		value := fill(room[:0], set.value, v, at)
		if k.link.match(k.link.chain.Apply(value, transform.TraitsOf(value))) != k.link.negated {
			return true
		}
	}
	return false
}

// named reports whether, for a value, the head sets a name that another rule reads.
func (k *captured) named(v string) bool {
	at := k.find(v)
	if at == nil {
		return false
	}
	var room [128]byte
	for _, set := range k.sets {
		var found [4]uint64
		k.foreign.Scan(strings.ToLower(fill(room[:0], set.name, v, at)), found[:k.foreign.Words()])
		if found != [4]uint64{} {
			return true
		}
	}
	return false
}

func (k *captured) find(v string) []int {
	if k.whole {
		return []int{0, len(v)}
	}
	return k.re.FindStringSubmatchIndex(v)
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

// fill appends to b what a head's match sets; at are the groups' places in v. The text
// is b's memory.
func fill(b []byte, pieces []piece, v string, at []int) string {
	for _, p := range pieces {
		switch {
		case p.group < 0:
			b = append(b, p.text...)
		case at[2*p.group] >= 0:
			b = append(b, v[at[2*p.group]:at[2*p.group+1]]...)
		}
	}
	return unsafe.String(unsafe.SliceData(b), len(b))
}
