package filter

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seawall-waf/seawall/rules"
)

// ConfigError is one fault of a config document. ParseConfig may return several,
// joined.
type ConfigError struct {
	Key          string // path, such as policies.strict.directives[2]; empty for a fault of syntax
	Line, Column int    // 1-based, in characters; 0: unknown
	Problem      string // what is wrong and what would be right
}

func (e *ConfigError) Error() string {
	where := ""
	switch {
	case e.Line > 0 && e.Column > 0:
		where = fmt.Sprintf("line %d, column %d", e.Line, e.Column)
	case e.Line > 0:
		where = fmt.Sprintf("line %d", e.Line)
	}
	switch {
	case e.Key != "" && where != "":
		return e.Key + " (" + where + "): " + e.Problem
	case e.Key == "" && where == "":
		return e.Problem
	}
	return e.Key + where + ": " + e.Problem
}

// maxReported is how many faults one ParseConfig reports.
const maxReported = 10

// decoder reads nodes into a Config and collects what is wrong on the way.
// Its methods return zero values after a fault: the Config is thrown away.
type decoder struct {
	faults  []*ConfigError
	dialect dialect
}

// value is a node and the path of keys that leads to it.
type value struct {
	*node
	path string
}

func (v value) at(e *entry) value { return value{e.value, joinPath(v.path, e.key)} }

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// joinPath writes hosts["api.example.com"] where a dot or a space would mislead.
func joinPath(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return fmt.Sprintf("%s[%q]", path, shorten(key))
	case path == "":
		return key
	}
	return path + "." + key
}

// shorten keeps an error readable when a whole rule file stands in the wrong place.
func shorten(s string) string {
	const limit = 60
	if len(s) <= limit {
		return s
	}
	cut := limit
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

func (d *decoder) fault(path string, at place, format string, args ...any) {
	d.faults = append(d.faults, &ConfigError{Key: path, Line: at.line, Column: at.column, Problem: fmt.Sprintf(format, args...)})
}

// err joins the faults in the order of the document.
func (d *decoder) err() error {
	slices.SortStableFunc(d.faults, func(a, b *ConfigError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var errs []error
	for i, f := range d.faults {
		if i == maxReported {
			errs = append(errs, fmt.Errorf("and %d more", len(d.faults)-i))
			break
		}
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

func (d *decoder) want(v value, what string) {
	d.fault(v.path, v.place, "want %s, got %s", what, v.node)
}

func (d *decoder) text(v value, what string) (string, bool) {
	if v.kind != stringNode {
		if v.kind == numberNode || v.kind == boolNode {
			what += " in quotes"
		}
		d.want(v, what)
		return "", false
	}
	return v.text, true
}

func (d *decoder) boolean(v value) bool {
	if v.kind != boolNode {
		d.want(v, "true or false")
	}
	return v.text == "true"
}

func (d *decoder) oneOf(v value, words ...string) string {
	if v.kind == stringNode && slices.Contains(words, v.text) {
		return v.text
	}
	d.want(v, alternatives(words))
	return ""
}

func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

var (
	// decimal is JSON's grammar of numbers: 010 and 0x10 mean different things to
	// different YAML readers.
	decimal  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	withUnit = regexp.MustCompile(`^([0-9]{1,10})(KiB|MiB|GiB)$`)
	units    = map[string]float64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
)

// bytes reads a number of bytes from least to most, either as a number (Envoy's
// Struct knows only floats, so 1.6777216e+07 is one) or with a unit ("16MiB").
func (d *decoder) bytes(v value, least, most int) int {
	n, ok := 0.0, false
	switch v.kind {
	case numberNode:
		if decimal.MatchString(v.text) {
			f, err := strconv.ParseFloat(v.text, 64)
			n, ok = f, err == nil && f == float64(int64(f))
		}
	case stringNode:
		if m := withUnit.FindStringSubmatch(v.text); m != nil {
			f, err := strconv.ParseFloat(m[1], 64)
			n, ok = f*units[m[2]], err == nil
		}
	}
	if !ok {
		d.want(v, `a whole number of bytes, such as 65536, or "512KiB" or "16MiB"`)
		return 0
	}
	if n < float64(least) || n > float64(most) {
		d.fault(v.path, v.place, "want %d to %d bytes, got %s", least, most, v.node)
		return 0
	}
	return int(n)
}

// share reads a number from 0 to 1.
func (d *decoder) share(v value) float64 {
	n, err := strconv.ParseFloat(v.text, 64)
	if v.kind != numberNode || !decimal.MatchString(v.text) || err != nil || n < 0 || n > 1 {
		d.want(v, "a number from 0 to 1, such as 0.01 for one in a hundred")
		return 0
	}
	return n
}

// entriesOf returns a map's entries; what says which map is wanted.
func (d *decoder) entriesOf(v value, what string) []entry {
	if v.kind != mapNode {
		d.want(v, what)
		return nil
	}
	return v.entries
}

// A key is one that a map may have, and how its value is decoded.
type key[T any] struct {
	name   string
	decode func(d *decoder, v value, into *T)
}

// keys decodes a map that may have the given keys and no other.
func keys[T any](d *decoder, v value, known []key[T], into *T) {
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = k.name
	}
	for _, e := range d.entriesOf(v, "a map with "+strings.Join(names, ", ")) {
		if i := slices.Index(names, e.key); i >= 0 {
			known[i].decode(d, v.at(&e), into)
		} else {
			d.unknown(joinPath(v.path, e.key), e, names)
		}
	}
}

func (d *decoder) unknown(path string, e entry, known []string) {
	problem := "unknown key"
	if d.dialect.foreign() {
		problem = fmt.Sprintf("unknown key in a document of %s (which %q makes it)", d.dialect.name, d.dialect.marker)
	}
	if near := nearest(e.key, known); near != "" {
		problem += fmt.Sprintf("; did you mean %q?", near)
	} else {
		problem += "; known are " + strings.Join(known, ", ")
	}
	d.fault(path, e.place, "%s", problem)
}

// nearest returns the word that takes the fewest edits to reach, if these are at
// most a third of its length.
func nearest(s string, words []string) string {
	best, edits := "", 0
	if len(s) > 64 {
		return ""
	}
	for _, w := range words {
		if n := rules.EditDistance(strings.ToLower(s), w); n <= max(1, len(w)/3) && (best == "" || n < edits) {
			best, edits = w, n
		}
	}
	return best
}
