package filter

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/rules"
)

// Engine holds the compiled rule sets of one Config. It is immutable and safe
// for concurrent use. Engines whose policies have the same directives share the
// compiled rule sets. There is no Close: a rule set is released when the last
// Engine and the last Transaction that use it are garbage (see ruleset.go).
type Engine struct {
	config *Config
	sets   map[string]*ruleSet // by policy name
	pages  blockPages
}

// NewEngine compiles every policy of c. An error names the policy, the file and
// the line; on error nothing is kept.
func NewEngine(c *Config) (*Engine, error) { return newEngine(c, false) }

// NewOfflineEngine is NewEngine for replays and checks: it opens, writes and connects
// to no log that a policy names, whose records would be taken for traffic.
func NewOfflineEngine(c *Config) (*Engine, error) { return newEngine(c, true) }

func newEngine(c *Config, offline bool) (*Engine, error) {
	e := &Engine{config: c, sets: make(map[string]*ruleSet, len(c.Policies)), pages: newBlockPages(c.Block)}
	if c.Disabled {
		return e, nil
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Policies)) {
		p := c.Policies[name]
		set, err := compileRuleSet(p.text(), !c.ScreenOff, offline)
		if err != nil {
			errs = append(errs, fmt.Errorf("compiling policy %q: %w", name, p.locate(err)))
			continue
		}
		if err := set.within(c); err != nil {
			errs = append(errs, fmt.Errorf("compiling policy %q: %w", name, p.locate(err)))
			continue
		}
		e.sets[name] = set
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return e, nil
}

// Config returns what the Engine was compiled from.
func (e *Engine) Config() *Config { return e.config }

// Unscreened says, a line for each policy, why the engine runs for every exchange
// although the config has the screen on. It is nil where the screen is in use.
func (e *Engine) Unscreened() []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(e.sets)) {
		if why := e.sets[name].unscreened; why != "" {
			lines = append(lines, fmt.Sprintf("policy %q has no screen, every rule runs for every exchange: %s", name, why))
		}
	}
	return lines
}

// NewTransaction begins one exchange. h is used until Close has returned and,
// for Log, until a running evaluation has ended.
func (e *Engine) NewTransaction(h Host) *Transaction {
	return &Transaction{engine: e, host: h, id: newTransactionID()}
}

// text joins the policy's snippets into the SecLang that the engine reads.
func (p *Policy) text() string {
	var b strings.Builder
	for _, s := range p.Snippets {
		b.WriteString(s.Text)
		if !strings.HasSuffix(s.Text, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// placedError says where in the config document an error of its SecLang stands,
// instead of where in the joined text.
type placedError struct {
	where string
	err   *rules.DirectiveError
}

func (e *placedError) Error() string { return e.where + ": " + e.err.Message() }
func (e *placedError) Unwrap() error { return e.err }

// locate turns a line of the joined text back into the place in the config
// document, for each of several errors. Those in included files already name their
// file and line.
func (p *Policy) locate(err error) error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if _, one := e.(*rules.DirectiveError); one {
			break
		}
		if joined, several := e.(interface{ Unwrap() []error }); several {
			var errs []error
			for _, part := range joined.Unwrap() {
				errs = append(errs, p.locate(part))
			}
			return errors.Join(errs...)
		}
	}
	var de *rules.DirectiveError
	if !errors.As(err, &de) || de.File != "" {
		return err
	}
	first := 1
	for _, s := range p.Snippets {
		n := strings.Count(s.Text, "\n")
		if !strings.HasSuffix(s.Text, "\n") {
			n++
		}
		if de.Line < first+n {
			where := s.Key
			switch {
			case s.Line > 0 && s.OneLine:
				where = fmt.Sprintf("%s (line %d)", s.Key, s.Line)
			case s.Line > 0:
				where = fmt.Sprintf("%s (line %d)", s.Key, s.Line+de.Line-first)
			}
			return &placedError{where, de}
		}
		first += n
	}
	return err
}
