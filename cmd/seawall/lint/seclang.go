package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/rules"
)

// secLang is what begins a file of directives, comments left out.
var secLang = regexp.MustCompile(`\A(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?i:Sec[a-z]+|Include)[ \t]`)

// IsSecLang tells a file of directives from a config document.
func IsSecLang(text []byte) bool { return secLang.Match(text) }

// SecLang checks a file of directives alone. One that sets up no engine (no
// SecRuleEngine, in no Include either) is meant for inclusion: it is read behind
// the rules that Seawall has by default, so that exclusions find what they name,
// and nothing is concluded from where it stands. If it cannot stand there (it is a
// crs-setup.conf, say), it is read alone, and nothing is concluded from what it
// names.
func SecLang(file string, text []byte) []Finding {
	d := &document{file: file, text: string(text), line: 1}
	own := filter.Snippet{Text: d.text, Key: "directives", Line: 1}
	if setsUp(d.text) {
		return d.directives(own)
	}
	d.fragment = true
	behind := d.directives(filter.Snippet{Text: filter.DefaultDirectives + "\n", Key: "before"}, own)
	if Worst(behind) != Error {
		return behind
	}
	alone := d.directives(own)
	if Worst(alone) == Error {
		return behind
	}
	return slices.DeleteFunc(alone, func(f Finding) bool { return strings.HasPrefix(f.Code, "exclusion-") })
}

// directives checks SecLang as if it were all of a policy.
func (d *document) directives(snippets ...filter.Snippet) []Finding {
	config, err := filter.ParseConfig(nil)
	if err != nil {
		return d.faults(err, nil)
	}
	p := &filter.Policy{Name: filter.DefaultPolicyName, Snippets: snippets}
	config.Policies = map[string]*filter.Policy{p.Name: p}
	found := d.compile(config, p)
	if len(found) == 0 {
		found = d.lint(config, p)
	}
	for i := range found {
		found[i].Key = "" // there is no document with keys
	}
	return sorted(found)
}

// setsUp: a text that cannot be read to its end is judged alone.
func setsUp(text string) bool {
	directives, err := rules.Walk(rules.FS(), text)
	return err != nil || slices.ContainsFunc(directives, func(d rules.Directive) bool {
		return strings.EqualFold(nameOf(d), "SecRuleEngine")
	})
}
