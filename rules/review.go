package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// review refuses what Coraza accepts and what then guards less than it says:
// rules that it drops or cannot name; and limits and logs whose error names no place,
// or never comes.
func review(directives []Directive) error {
	var chained *Directive // whose next rule is due
	var errs []error
	limits := map[string]Directive{}
	for i, d := range directives {
		refuse := func(problem, hint string) {
			errs = append(errs, &DirectiveError{File: d.File, Line: d.Line, Text: d.Text, Err: errors.New(problem), Hint: hint})
		}
		rule := d.is("SecRule") || d.is("SecAction")
		switch {
		case chained != nil && !rule:
			errs = append(errs, unlinked(*chained))
			chained = nil
		case rule:
			actions := d.actions()
			if chained == nil && !hasID.MatchString(actions) {
				refuse("a rule without an id", "give it one, such as id:100001: a block, an exclusion and a log name it by that")
			}
			if name := valueless(actions); name != "" {
				refuse("setvar:"+name+" has no value, and panics when the rule matches", "give it one, such as setvar:"+strings.TrimPrefix(name, "!")+"=1")
			}
			chained = nil
			if strings.Contains(strings.ToLower(actions), "chain") && hasChain.MatchString(actions) {
				chained = &directives[i]
			}
		}
		switch {
		case d.is("SecIgnoreRuleCompilationErrors") && strings.EqualFold(d.argument(), "on"):
			refuse("SecIgnoreRuleCompilationErrors On drops broken rules in silence", "remove it, and what it hides is named")
		case d.is("SecRequestBodyLimit"), d.is("SecRequestBodyInMemoryLimit"):
			limits[strings.ToLower(d.name())] = d
		case d.opensLog():
			if problem := d.unwritable(); problem != "" {
				refuse(problem, logFileHint)
			}
		}
	}
	if chained != nil {
		errs = append(errs, unlinked(*chained))
	}
	limit, memory := limits["secrequestbodylimit"], limits["secrequestbodyinmemorylimit"]
	if most, held := limit.number(), memory.number(); most > 0 && held > most {
		errs = append(errs, &DirectiveError{File: memory.File, Line: memory.Line, Text: memory.Text,
			Err:  fmt.Errorf("SecRequestBodyInMemoryLimit %d is above SecRequestBodyLimit %d", held, most),
			Hint: fmt.Sprintf("write SecRequestBodyInMemoryLimit %d beside SecRequestBodyLimit %d", most, most)})
	}
	return errors.Join(errs...)
}

func unlinked(d Directive) error {
	return &DirectiveError{File: d.File, Line: d.Line, Text: d.Text, Err: errors.New("a chain whose next rule does not follow"),
		Hint: "the next directive must be the SecRule that the chain continues with"}
}

var (
	hasID    = regexp.MustCompile(`(?i)(^|,)\s*id\s*:`)
	hasChain = regexp.MustCompile(`(?i)(^|,)\s*chain\s*(,|$)`)
)

// setvar matches a setvar action, quoted or not, and skips other quoted text.
var setvar = regexp.MustCompile(`(?i)setvar\s*:\s*'([^']*)'|(?:^|,)\s*setvar\s*:\s*([^,']+)|'[^']*'`)

// valueless returns the first setvar without "=", which Coraza 3.8.1 compiles
// and then panics on at each evaluation; "" where there is none.
func valueless(actions string) string {
	suspicious := false // cheaper than the expression, which then says what it is
	for _, rest, ok := strings.Cut(strings.ToLower(actions), "setvar"); ok; _, rest, ok = strings.Cut(rest, "setvar") {
		name := strings.TrimLeft(rest, " \t\r\n:'")
		if end := strings.IndexAny(name, ",'"); end >= 0 {
			name = name[:end]
		}
		suspicious = suspicious || !strings.Contains(name, "=")
	}
	if !suspicious {
		return ""
	}
	for _, m := range setvar.FindAllStringSubmatch(actions, -1) {
		if name := strings.TrimSpace(m[1] + m[2]); name != "" && !strings.Contains(name, "=") {
			return name
		}
	}
	return ""
}

// actions returns a rule's action list without its quotes: the last argument of
// three for a SecRule, the only one of a SecAction; "" where there is none.
func (d Directive) actions() string {
	arguments := split(d.Text)
	if d.is("SecAction") && len(arguments) == 2 || len(arguments) == 4 {
		return arguments[len(arguments)-1]
	}
	return ""
}

// argument returns the first argument without its quotes.
func (d Directive) argument() string {
	if arguments := split(d.Text); len(arguments) > 1 {
		return arguments[1]
	}
	return ""
}

// number returns the first argument as a number; 0 where it is none.
func (d Directive) number() int64 {
	n, _ := strconv.ParseInt(d.argument(), 10, 64)
	return n
}

// split cuts a directive into its name and arguments: words, or text in double
// quotes in which a backslash escapes the next byte.
func split(text string) []string {
	var parts []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if text[0] != '"' {
			word, rest, _ := strings.Cut(text, " ")
			parts, text = append(parts, word), rest
			continue
		}
		end := 1
		for end < len(text) && text[end] != '"' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(text) {
			return append(parts, text[1:]) // Coraza says what is wrong with it
		}
		parts, text = append(parts, text[1:end]), text[end+1:]
	}
	return parts
}
