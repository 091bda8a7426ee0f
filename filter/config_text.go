package filter

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
)

const (
	emptyRules = "holds no directive, and an empty rule set guards nothing; write SecRuleEngine Off to ask for that"
	wantRules  = "SecLang as one block or as a list of strings"
)

// directives reads SecLang: a block, or a list whose items are joined as lines.
func (d *decoder) directives(v value) []Snippet {
	parts := []value{v}
	switch v.kind {
	case stringNode:
	case listNode:
		parts = parts[:0]
		for i, item := range v.items {
			parts = append(parts, value{item, fmt.Sprintf("%s[%d]", v.path, i)})
		}
	default:
		d.want(v, wantRules)
		return nil
	}
	var scan secLangScan
	snippets := make([]Snippet, 0, len(parts))
	for _, p := range parts {
		text, ok := d.text(p, "SecLang as a string")
		if !ok {
			return nil
		}
		if p.folded {
			d.fault(p.path, p.place, `YAML joins the lines of this text into one; begin it with "|" so that each directive keeps its line`)
		}
		if !scan.add(text) {
			d.fault(p.path, p.place, "has a line of %d bytes or more, where Coraza stops reading; break it with a backslash at the end of a line", bufio.MaxScanTokenSize)
		}
		oneLine := p.textLine == p.line && strings.Contains(strings.TrimSuffix(text, "\n"), "\n")
		snippets = append(snippets, Snippet{Text: text, Key: p.path, Line: p.textLine, OneLine: oneLine})
	}
	switch {
	case !scan.any:
		d.fault(v.path, v.place, emptyRules)
	case scan.unfinished:
		d.fault(v.path, v.place, "the last directive ends in a backslash and is never completed; Coraza would leave it out in silence")
	}
	return snippets
}

// secLangScan looks for what Coraza's parser (internal/seclang/parser.go) passes
// over without an error, so that rules go missing: no directive at all, a line
// over its scanner's limit, a continuation at the end.
type secLangScan struct{ any, unfinished bool }

// add reads the next lines; it returns false if one is too long.
func (s *secLangScan) add(text string) bool {
	fits := true
	for line := range strings.Lines(text) {
		// The scanner needs room for the line and its break.
		if len(line) >= bufio.MaxScanTokenSize {
			fits = false
		}
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		s.any = true
		s.unfinished = line[len(line)-1] == '\\'
	}
	return fits
}

// placeholders of a block response, each with a value such as it may have: an ID
// is no JSON without quotes, so a template that forgets them is found out.
var placeholders = map[string]string{"id": "4QX7Z", "status": "403", "rule_id": "942100"}

// template reads the body of a block response.
func (d *decoder) template(v value, isJSON bool) string {
	text, ok := d.text(v, "a template as a string")
	if !ok {
		return ""
	}
	switch {
	case text == "":
		d.fault(v.path, v.place, "is empty; leave the key out for the default")
		return ""
	case len(text) > MaxBlockBytes:
		d.fault(v.path, v.place, "has %d bytes, over the limit of %d", len(text), MaxBlockBytes)
		return ""
	}
	var sample strings.Builder
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "{{")
		sample.WriteString(before)
		if !found {
			break
		}
		name, after, closed := strings.Cut(after, "}}")
		fill, known := placeholders[name]
		if !closed || !known {
			d.fault(v.path, v.place, "unknown placeholder {{%s; known are {{id}}, {{status}} and {{rule_id}}", shorten(endOf(name, closed)))
			return ""
		}
		sample.WriteString(fill)
		rest = after
	}
	if isJSON && !json.Valid([]byte(sample.String())) {
		d.fault(v.path, v.place, `is not JSON once the placeholders are replaced; write "{{id}}" in quotes, {{status}} and {{rule_id}} with or without`)
	}
	return text
}

func endOf(name string, closed bool) string {
	if closed {
		return name + "}}"
	}
	line, _, _ := strings.Cut(name, "\n")
	return line
}
