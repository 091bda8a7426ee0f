package lint

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/rules"
)

// leaves are the faults that err is made of: ConfigErrors, DirectiveErrors, and
// whatever else was said.
func leaves(err error) []error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		switch e := e.(type) {
		case *filter.ConfigError, *rules.DirectiveError:
			return []error{e}
		case interface{ Unwrap() []error }:
			var all []error
			for _, part := range e.Unwrap() {
				all = append(all, leaves(part)...)
			}
			return all
		}
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// ofText is a place in the joined text, as the core's hints have it.
var ofText = regexp.MustCompile(`^(rule \d+ already stands at )line (\d+)$`)

// placedHint says where in the file the other one stands.
func (d *document) placedHint(p *filter.Policy, hint string) string {
	m := ofText.FindStringSubmatch(hint)
	if m == nil || p == nil {
		return hint
	}
	line, err := strconv.Atoi(m[2])
	if err != nil {
		return hint
	}
	return fmt.Sprintf("%sline %d; choose another id", m[1], d.at(p, "", line, Finding{}).Line)
}

// faults are findings for what ParseConfig or NewEngine refused; p is the policy
// that was compiled, nil for ParseConfig's.
func (d *document) faults(err error, p *filter.Policy) []Finding {
	var found []Finding
	for _, leaf := range leaves(err) {
		switch e := leaf.(type) {
		case *filter.ConfigError:
			f := Finding{Code: "config", Level: Error, Key: e.Key, Line: e.Line, Column: e.Column}
			f.Message, f.Fix = advise(e.Problem, "")
			if e.Key == "" && strings.HasPrefix(f.Message, "cannot be") {
				f.Message = "the document " + f.Message
			}
			found = append(found, d.placed(f))
		case *rules.DirectiveError:
			f := Finding{Code: "seclang", Level: Error}
			f.Message, f.Fix = adviseOn(e)
			f.Fix = d.placedHint(p, f.Fix)
			found = append(found, d.at(p, e.File, e.Line, f))
		default:
			f := Finding{Code: "config", Level: Error, Line: 1}
			if p != nil {
				f.Code, f.Message = "seclang", fmt.Sprintf("policy %q: ", p.Name)
			}
			message, fix := advise(leaf.Error(), "")
			f.Message, f.Fix = f.Message+message, fix
			found = append(found, d.placed(f))
		}
	}
	return found
}
