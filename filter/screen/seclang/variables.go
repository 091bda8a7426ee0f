package seclang

import (
	"fmt"
	"strings"

	"github.com/corazawaf/coraza/v3/types/variables"
)

// The parts of a variable as its reader goes through them.
const (
	inName = iota
	inKey
	inRegex
	inPath // of XML or JSON, where / is a byte like any other
)

// addVariables adds what text selects and excludes, byte by byte as Coraza's
// ParseVariables does, so that its oddities are ours: a key of several parts in
// slashes is the last one, an unclosed /regex at the end loses its last byte, text
// between a closing quote and the next | is skipped by count, not by sight.
func (r *Rule) addVariables(text string) error {
	var name, key []byte
	part := inName
	var exclude, count, escaped, quoted bool
	for i := 0; i < len(text); i++ {
		c := text[i]
		last := i+1 >= len(text)
		if c == '|' && part != inRegex || last || part == inRegex && c == '/' && !escaped {
			switch {
			case c == '|':
			case part == inName:
				name = append(name, c)
			case part != inRegex && c != '/':
				key = append(key, c)
			}
			if quoted {
				if (last || text[i+1] != '\'') && c != '\'' {
					return fmt.Errorf("a quote that does not close in %q", text)
				}
				i += 2
				quoted = false
			} else if part == inRegex {
				i++
			}
			selected := string(key)
			if part == inRegex {
				selected = "/" + selected + "/"
			}
			if err := r.addVariable(string(name), selected, exclude, count); err != nil {
				return err
			}
			name, key, part = nil, nil, inName
			exclude, count = false, false
			continue
		}
		switch {
		case part == inName && c == '!':
			exclude = true
		case part == inName && c == '&':
			count = true
		case part == inName && c == ':':
			part = inKey
		case part == inName:
			name = append(name, c)
		case part == inKey && len(key) == 0 && (string(name) == "XML" || string(name) == "JSON"):
			part = inPath
			key = append(key, c)
		case part == inKey && c == '/':
			part = inRegex
		case part == inKey && c == '\'':
			quoted = true
		default:
			key = append(key, c)
			if part == inRegex {
				escaped = c == '\\' && !escaped
			}
		}
	}
	return nil
}

// addVariable adds one variable, or excludes a key from every one of its name
// that the rule has already.
func (r *Rule) addVariable(name, key string, exclude, count bool) error {
	known, err := variables.Parse(name)
	if err != nil {
		return fmt.Errorf("variable %s is not one of Coraza's", name)
	}
	v := Variable{Name: known.Name(), Key: key, Count: count}
	v.Key, v.Regex = regex(key)
	if key != "" && !known.CanBeSelected() {
		r.doubt("it selects in " + v.Name + ", which has no names")
	}
	if !keepsCase[known] {
		v.Key = strings.ToLower(v.Key)
	}
	if !exclude {
		r.Variables = append(r.Variables, v)
		return nil
	}
	out := Selector{Key: v.Key, Regex: v.Regex}
	if !out.Regex {
		out.Key = strings.ToLower(out.Key)
	}
	for i := range r.Variables {
		if r.Variables[i].Name == v.Name {
			r.Variables[i].Exclusions = append(r.Variables[i].Exclusions, out)
		}
	}
	return nil
}

// keepsCase are the variables whose selectors Coraza leaves as written
// (caseSensitiveVariable, internal/corazawaf/rule.go).
var keepsCase = map[variables.RuleVariable]bool{
	variables.Args: true, variables.ArgsGet: true, variables.ArgsPost: true,
	variables.ArgsNames: true, variables.ArgsGetNames: true, variables.ArgsPostNames: true,
}

// regex is what stands between two slashes, unless the second is escaped.
func regex(key string) (string, bool) {
	if len(key) < 2 || key[0] != '/' || key[len(key)-1] != '/' {
		return key, false
	}
	inner := key[1 : len(key)-1]
	backslashes := len(inner) - len(strings.TrimRight(inner, `\`))
	if backslashes%2 != 0 {
		return key, false
	}
	return inner, true
}
