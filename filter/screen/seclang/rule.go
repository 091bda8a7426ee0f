package seclang

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seawall-waf/seawall/rules"
)

// rule adds a SecRule or a SecAction, or links it to the chain that awaits it
// (Coraza's ParseRule, internal/seclang/rule_parser.go).
func (p *parser) rule(d rules.Directive, inspects bool, argument string) {
	r := &Rule{Phase: 2, File: d.File, Line: d.Line, Text: d.Text}
	actions := unquote(argument)
	if inspects {
		variables, operator, list, err := split(argument)
		if err == nil {
			err = r.addVariables(variables)
		}
		if err == nil {
			err = r.setOperator(operator, p.datasets)
		}
		if err != nil {
			r.doubt(err.Error())
		}
		actions = list
	}
	// A SecRule without actions gets no defaults either.
	if actions != "" || !inspects {
		defaults, err := defaultActions(p.defaults)
		if err != nil {
			r.doubt(err.Error())
		}
		if err := r.apply(parseActions(actions), defaults); err != nil {
			r.doubt(err.Error())
		}
	}
	if head := p.awaitsLink(); head != nil {
		r.Phase = 0
		head.Links = append(head.Links, r)
		return
	}
	p.set.Rules = append(p.set.Rules, r)
}

// awaitsLink is the last rule, if its chain is still open. A marker, or the
// removal of the head, ends the wait.
func (p *parser) awaitsLink() *Rule {
	if len(p.set.Rules) == 0 {
		return nil
	}
	head := p.set.Rules[len(p.set.Rules)-1]
	last := head
	if n := len(head.Links); n > 0 {
		last = head.Links[n-1]
	}
	if !last.chained {
		return nil
	}
	return head
}

// split cuts a SecRule's argument into its three parts (parseActionOperator). In
// the operator \" stands for ", and no other escape exists.
func split(argument string) (variables, operator, actions string, err error) {
	variables, rest, _ := strings.Cut(strings.Trim(argument, " "), " ")
	rest = strings.TrimLeft(rest, " ")
	end := quoteEnd(rest)
	if end < 0 {
		return "", "", "", errors.New("its operator is not in quotes")
	}
	operator = strings.ReplaceAll(rest[1:end], `\"`, `"`)
	rest = strings.TrimLeft(rest[end+1:], " ")
	if rest != "" && (len(rest) < 2 || rest[0] != '"' || rest[len(rest)-1] != '"') {
		return "", "", "", errors.New("its actions are not in quotes")
	}
	return variables, operator, unquote(rest), nil
}

// quoteEnd is where the quotes that open s close: the next quote after an even
// number of backslashes. It is -1 where s is no quoted text.
func quoteEnd(s string) int {
	if s == "" || s[0] != '"' {
		return -1
	}
	backslashes := 0
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			backslashes++
		case s[i] == '"' && backslashes%2 == 0:
			return i
		default:
			backslashes = 0
		}
	}
	return -1
}

// unquote takes one pair of quotes off, of either kind.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[0] == s[len(s)-1] {
		return s[1 : len(s)-1]
	}
	return s
}

// operators are Coraza 3.8.1's, in its spelling, which it asks for.
var operators = func() map[string]bool {
	known := map[string]bool{}
	for name := range strings.FieldsSeq(`
		beginsWith contains detectSQLi detectXSS endsWith eq ge geoLookup gt inspectFile ipMatch
		ipMatchF ipMatchFromDataset ipMatchFromFile le lt noMatch pm pmFromDataset pmFromFile pmf
		rbl restpath rx streq strmatch unconditionalMatch validateByteRange validateNid
		validateSchema validateUrlEncoding validateUtf8Encoding within`) {
		known[name] = true
	}
	return known
}()

// setOperator reads an operator as Coraza's ParseOperator does: without @ it is a
// regular expression, with a ! in front of either a negation.
func (r *Rule) setOperator(text string, datasets map[string][]string) error {
	switch {
	case text == "" || text[0] != '@' && text[0] != '!':
		text = "@rx " + text
	case text == "!":
		text = "!@rx"
	case text[0] == '!' && text[1] != '@':
		text = "!@rx " + text[1:]
	}
	name, argument, _ := strings.Cut(text, " ")
	op := &Operator{Argument: strings.TrimSpace(argument)}
	op.Negated = name[0] == '!'
	name = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(name), "!"), "@")
	op.Name = strings.ToLower(name)
	r.Operator = op
	if !operators[name] {
		return fmt.Errorf("operator @%s is not one of Coraza's", name)
	}
	if strings.HasSuffix(name, "FromDataset") {
		op.Dataset = datasets[op.Argument]
	}
	return nil
}
