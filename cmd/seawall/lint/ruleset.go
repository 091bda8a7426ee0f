package lint

import (
	"fmt"
	"strings"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// ruleSet is what the lints of one policy look at.
type ruleSet struct {
	doc        *document
	config     *filter.Config
	policy     *filter.Policy
	directives []rules.Directive
	final      *seclang.RuleSet // after all removals and updates
	written    []*seclang.Rule  // as if nothing had been removed or updated, markers included
	order      map[spot]int     // a directive's index
	found      []Finding
}

// spot is where a directive stands.
type spot struct {
	file string
	line int
}

// lint runs every lint over a policy that compiles.
func (d *document) lint(config *filter.Config, p *filter.Policy) []Finding {
	directives, err := rules.Walk(rules.FS(), policyText(p))
	if err != nil {
		return d.faults(err, p) // a file changed since it was compiled
	}
	s := &ruleSet{doc: d, config: config, policy: p, directives: directives,
		final: seclang.Parse(directives), order: make(map[spot]int, len(directives))}
	var unchanged []rules.Directive
	for i, directive := range directives {
		s.order[spot{directive.File, directive.Line}] = i
		if name := strings.ToLower(nameOf(directive)); !strings.HasPrefix(name, "secruleremove") && !strings.HasPrefix(name, "secruleupdate") {
			unchanged = append(unchanged, directive)
		}
	}
	s.written = seclang.Parse(unchanged).Rules
	for _, lint := range []func(){
		s.defaultActions, s.setup, s.markers, s.changes, s.runtimeExclusions,
		s.disruptive, s.engine, s.bodyAccess, s.limits, s.idleDirectives, s.screened,
	} {
		lint()
	}
	return s.found
}

// report adds a finding at a directive. Faults of embedded files are ours, not the
// user's: they stay unsaid.
func (s *ruleSet) report(code string, level Level, file string, line int, fix, format string, args ...any) {
	if embedded(file) {
		return
	}
	f := Finding{Code: code, Level: level, Message: fmt.Sprintf(format, args...), Fix: fix}
	s.found = append(s.found, s.doc.at(s.policy, file, line, f))
}

func embedded(file string) bool { return strings.HasPrefix(file, "@") }

// index is where a rule stands in the order of all directives.
func (s *ruleSet) index(r *seclang.Rule) int { return s.order[spot{r.File, r.Line}] }

// spell is how a directive's place is written inside a message.
func (s *ruleSet) spell(file string, line int) string {
	f := s.doc.at(s.policy, file, line, Finding{})
	if f.File == s.doc.file {
		return fmt.Sprintf("line %d", f.Line)
	}
	return f.where()
}

func nameOf(d rules.Directive) string {
	name, _, _ := strings.Cut(d.Text, " ")
	return name
}

// argumentOf is what stands behind a directive's name, out of its quotes.
func argumentOf(d rules.Directive) string {
	_, argument, _ := strings.Cut(d.Text, " ")
	return strings.Trim(strings.TrimSpace(argument), `"`)
}

// last returns the last directive of a name; ok is false where there is none.
func (s *ruleSet) last(name string) (d rules.Directive, ok bool) {
	for i := len(s.directives) - 1; i >= 0; i-- {
		if strings.EqualFold(nameOf(s.directives[i]), name) {
			return s.directives[i], true
		}
	}
	return d, false
}
