package filter

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/corazawaf/libinjection-go"
	"rsc.io/binaryregexp"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// locate finds the part of After that the operator matched.
func (v *ValueMatch) locate(r *seclang.Rule) {
	o := r.Operator
	v.Operator = operatorText(o)
	if o.Negated {
		return // what it looks for is what is not there
	}
	switch o.Name {
	case "rx":
		v.at(matchOf(o.Argument, v.After))
	case "pm":
		v.word(strings.Split(o.Argument, " "))
	case "pmfromdataset", "pmf", "pmfromfile":
		v.word(append(o.Dataset, phrasesOf(r)...))
	case "contains", "strmatch", "streq", "beginswith":
		v.at(partOf(v.After, o.Argument))
	case "endswith":
		if strings.HasSuffix(v.After, o.Argument) {
			v.at(len(v.After)-len(o.Argument), len(v.After))
		}
	case "detectsqli":
		if found, fingerprint := libinjection.IsSQLi(v.After); found {
			v.How = "fingerprint " + fingerprint
		}
	case "validatebyterange":
		v.at(outOf(o.Argument, v.After))
	}
}

func (v *ValueMatch) at(start, end int) {
	if start >= 0 && end <= len(v.After) && start <= end {
		v.Start, v.End = start, end
	}
}

// matchOf finds a regular expression as Coraza compiles it (operators/rx.go): bytes
// where the expression speaks of bytes, else UTF-8.
func matchOf(expression, value string) (start, end int) {
	var at []int
	if re, err := regexp.Compile("(?sm)" + expression); err == nil {
		at = re.FindStringIndex(value)
	}
	if at == nil {
		if re, err := binaryregexp.Compile(expression); err == nil {
			at = re.FindStringIndex(value)
		}
	}
	if at == nil {
		return -1, -1
	}
	return at[0], at[1]
}

func partOf(value, part string) (start, end int) {
	start = strings.Index(value, part)
	if part == "" || start < 0 {
		return -1, -1
	}
	return start, start + len(part)
}

// word finds the phrase that begins first, and the longest of those, in any case.
func (v *ValueMatch) word(phrases []string) {
	text := lowerASCII(v.After)
	start, end := -1, -1
	for _, phrase := range phrases {
		from, to := partOf(text, lowerASCII(phrase))
		if from >= 0 && (start < 0 || from < start || from == start && to > end) {
			start, end = from, to
		}
	}
	if start < 0 {
		return
	}
	v.at(start, end)
	v.How = fmt.Sprintf("word %q", v.After[start:end])
}

// lowerASCII keeps every byte where it is.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// phrasesOf reads a rule's @pmFromFile, which lies beside the rule's own file.
func phrasesOf(r *seclang.Rule) []string {
	if !strings.HasPrefix(r.Operator.Name, "pmf") || len(r.Operator.Dataset) > 0 {
		return nil
	}
	name := r.Operator.Argument
	if !path.IsAbs(name) {
		name = path.Join(path.Dir(r.File), name)
	}
	data, err := fs.ReadFile(rules.FS(), name)
	if err != nil {
		data, _ = fs.ReadFile(rules.FS(), r.Operator.Argument)
	}
	var phrases []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			phrases = append(phrases, line)
		}
	}
	return phrases
}

// outOf finds the first byte that is in none of the ranges ("32-126,9").
func outOf(ranges, value string) (start, end int) {
	var allowed [256]bool
	for part := range strings.SplitSeq(ranges, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err1 != nil || err2 != nil || from < 0 || to > 255 {
			return -1, -1
		}
		for b := from; b <= to; b++ {
			allowed[b] = true
		}
	}
	for i := range len(value) {
		if !allowed[value[i]] {
			return i, i + 1
		}
	}
	return -1, -1
}
