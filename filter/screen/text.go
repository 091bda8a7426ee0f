package screen

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// withLinks is a rule and the rest of its chain.
func withLinks(r *seclang.Rule) []*seclang.Rule {
	return append([]*seclang.Rule{r}, r.Links...)
}

var macro = regexp.MustCompile(`%\{([^}]*)\}`)

// macros are the names between %{ and }.
func macros(text string) []string {
	var names []string
	for _, m := range macro.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// txName is the lower-case name behind "tx."; ok is false for another collection.
func txName(macro string) (name string, ok bool) {
	collection, name, _ := strings.Cut(macro, ".")
	return strings.ToLower(name), strings.EqualFold(collection, "tx")
}

// isCapture: TX:0 to TX:10 hold what the last match captured.
func isCapture(name string) bool {
	return len(name) == 1 && name[0] >= '0' && name[0] <= '9' || name == "10"
}

var captureNames = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}

func is(d rules.Directive, name string) bool {
	written, _, _ := strings.Cut(d.Text, " ")
	return strings.EqualFold(written, name)
}

func hasPrefix(d rules.Directive, prefix string) bool {
	return len(d.Text) >= len(prefix) && strings.EqualFold(d.Text[:len(prefix)], prefix)
}

// origin is where a directive stands: what a rule and its directive share.
type origin struct {
	file string
	line int
	text string
}

// emit writes those settings and rules that are wanted, in the order in which they
// were written, chains whole.
func emit(b *strings.Builder, directives []rules.Directive, set *seclang.RuleSet,
	setting func(rules.Directive) bool, rule func(*seclang.Rule) bool) {
	heads := make(map[origin]*seclang.Rule)
	for _, r := range set.Rules {
		for _, link := range withLinks(r) {
			heads[origin{link.File, link.Line, link.Text}] = r
		}
	}
	for _, d := range directives {
		head, isRule := heads[origin{d.File, d.Line, d.Text}]
		switch {
		case isRule && !rule(head), !isRule && !setting(d):
			continue
		}
		b.WriteString(d.Text)
		b.WriteByte('\n')
	}
}

// inIDs reports whether a ctl's argument, "942100" or "942100-942999", names an ID.
func inIDs(argument string, id int) bool {
	from, to, isRange := strings.Cut(argument, "-")
	first, err1 := strconv.Atoi(strings.TrimSpace(from))
	if !isRange {
		return err1 == nil && first == id
	}
	last, err2 := strconv.Atoi(strings.TrimSpace(to))
	return err1 != nil || err2 != nil || first <= id && id <= last
}
