package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
	"github.com/seawall-waf/seawall/filter"
)

// maxShown bounds how many values of one rule are shown.
const maxShown = 5

func (t *explainText) values(m *filter.RuleMatch) {
	for i, v := range m.On {
		if i == maxShown {
			t.line("    and %d more", len(m.On)-maxShown)
			break
		}
		found := ""
		if v.How != "" {
			found = ", " + terminal.Printable(v.How)
		}
		if v.Operator == "" {
			t.line("    %s", strings.TrimSpace(terminal.Printable(v.Variable)+" "+show(cut(v.Before, 160))))
			continue
		}
		link := ""
		if v.Link > 0 {
			link = fmt.Sprintf("and (link %d) ", v.Link)
		}
		if v.Count {
			link += "&"
		}
		t.line("    %s%s %s%s", link, terminal.Printable(v.Variable), terminal.Printable(cut(v.Operator, 60)), found)
		if v.Known && len(v.Steps) > 0 {
			t.line("      as sent    %s", show(cut(v.Before, 160)))
			t.line("      as matched %s", t.marked(v, "                 "))
			t.line("      after      %s", terminal.Printable(strings.Join(v.Steps, ",")))
		} else {
			t.line("      as sent    %s", t.marked(v, "                 "))
		}
	}
}

// marked shows a value with its matched part in colour, or underlined by carets.
func (t *explainText) marked(v *filter.ValueMatch, indent string) string {
	const around = 60 // bytes before and after the matched part
	from, to := max(0, v.Start-around), min(len(v.After), max(v.End, v.Start)+around)
	end := min(v.End, v.Start+2*around)
	if v.Start == v.End {
		return show(cut(v.After, 160))
	}
	before, part, after := show(v.After[from:v.Start]), show(v.After[v.Start:end]), show(v.After[end:to])
	if from > 0 {
		before = "..." + before
	}
	if to < len(v.After) || end < v.End {
		after += "..."
	}
	if t.colour {
		return before + t.paint("1;31", part) + after
	}
	return before + part + after + "\n" + indent + strings.Repeat(" ", len([]rune(before))) + strings.Repeat("^", len([]rune(part)))
}

// show writes what does not print as escapes, so that it is seen and does nothing.
func show(s string) string {
	var b strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case unicode.IsPrint(r) && (r != utf8.RuneError || size > 1):
			b.WriteRune(r)
		case r < 0x80:
			quoted := strconv.QuoteRune(r) // '\n', '\x1b'
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			for i := range size {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			}
		}
		s = s[size:]
	}
	return b.String()
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "?") + "..."
}
