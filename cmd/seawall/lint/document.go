package lint

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/rules"
)

// document is one config document and where it stands in a file.
type document struct {
	file string
	text string
	// line is the line of the file where text begins. oneLine: all of it stands on
	// that line, its line breaks written as escapes. noColumns: the text is not
	// written as it stands in the file.
	line               int
	oneLine, noColumns bool
	place              string      // in Envoy's configuration; "" for a document of its own
	limits             []bodyLimit // of other filters that the request passes
	fragment           bool        // see SecLang
}

// A bodyLimit is a size past which another filter of Envoy's refuses a body.
type bodyLimit struct {
	bytes int
	by    string // "envoy.filters.http.buffer, max_request_bytes (line 12)"
}

// Document checks a config document that is a file of its own.
func Document(file string, text []byte) []Finding {
	return sorted((&document{file: file, text: string(text), line: 1}).check())
}

func (d *document) check() []Finding {
	config, err := filter.ParseConfig([]byte(d.text))
	if err != nil {
		return d.faults(err, nil)
	}
	if config.Disabled {
		return nil
	}
	var found []Finding
	for _, name := range slices.Sorted(maps.Keys(config.Policies)) {
		p := config.Policies[name]
		faults := d.compile(config, p)
		if len(faults) == 0 {
			faults = d.lint(config, p)
		}
		found = append(found, faults...)
	}
	return found
}

// maxAttempts bounds how often a policy is compiled to find one more fault.
const maxAttempts = 20

// compile returns what NewEngine refuses in one policy. Coraza stops at the first
// fault; the directive is then left out, and the rest tried again.
func (d *document) compile(config *filter.Config, p *filter.Policy) []Finding {
	single := *config
	single.DefaultPolicy, single.Hosts, single.ScreenOff = p.Name, nil, true
	text := policyText(p)
	var found []Finding
	for range maxAttempts {
		single.Policies = map[string]*filter.Policy{p.Name: {Name: p.Name, Snippets: []filter.Snippet{{Text: text}}}}
		_, err := filter.NewOfflineEngine(&single)
		if err == nil {
			err = errors.Join(unopenable(text)...)
		}
		if err == nil {
			break
		}
		found = append(found, d.faults(err, p)...)
		var ok bool
		if text, ok = without(text, leaves(err)); !ok {
			break
		}
	}
	return found
}

// without blanks the directives at fault. ok is false where the text would mean
// something else then, or no directive of the text itself is at fault.
func without(text string, faults []error) (rest string, ok bool) {
	directives, err := rules.Walk(rules.FS(), text)
	if err != nil {
		return text, false
	}
	lines := strings.SplitAfter(text, "\n")
	for _, fault := range faults {
		e, isDirective := fault.(*rules.DirectiveError)
		if !isDirective || e.File != "" {
			return text, false
		}
		i := slices.IndexFunc(directives, func(x rules.Directive) bool { return x.File == "" && x.Line == e.Line })
		// Without a link of it a chain is another rule.
		if i < 0 || strings.Contains(strings.ToLower(directives[i].Text), "chain") ||
			i > 0 && strings.Contains(strings.ToLower(directives[i-1].Text), "chain") {
			return text, false
		}
		for n := e.Line; n <= len(lines) && (n == e.Line || !begins(directives, n)); n++ {
			lines[n-1] = "\n"
		}
	}
	return strings.Join(lines, ""), true
}

func begins(directives []rules.Directive, line int) bool {
	return slices.ContainsFunc(directives, func(d rules.Directive) bool { return d.File == "" && d.Line == line })
}

// policyText joins a policy's snippets as the core does.
func policyText(p *filter.Policy) string {
	var b strings.Builder
	for _, s := range p.Snippets {
		b.WriteString(s.Text)
		if !strings.HasSuffix(s.Text, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// at puts f where a directive stands: in an included file, or in the document.
func (d *document) at(p *filter.Policy, file string, line int, f Finding) Finding {
	if file != "" {
		f.File, f.Line, f.Place = file, line, d.place
		return f
	}
	first := 1
	for _, s := range p.Snippets {
		n := strings.Count(strings.TrimSuffix(s.Text, "\n"), "\n") + 1
		if line < first+n {
			f.Key = s.Key
			switch {
			case s.Line > 0 && s.OneLine:
				f.Line = s.Line
			case s.Line > 0:
				f.Line = s.Line + line - first
			default:
				f.Line = 1 // a default, that stands nowhere
			}
			return d.placed(f)
		}
		first += n
	}
	f.Line = 1
	return d.placed(f)
}

// placed turns a line of the document into one of the file.
func (d *document) placed(f Finding) Finding {
	f.File, f.Place = d.file, d.place
	switch {
	case d.oneLine:
		f.Line, f.Column = d.line, 0
	case f.Line > 0:
		f.Line += d.line - 1
	default:
		f.Line = d.line
	}
	if d.line > 1 || d.noColumns {
		f.Column = 0
	}
	return f
}
