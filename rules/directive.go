package rules

import (
	"fmt"
	"strings"
)

// A Directive is one logical line of SecLang and where it begins.
type Directive struct {
	// File is the name as Coraza resolves it; "" for the text itself.
	File string
	// Line is 1-based.
	Line int
	// Text is the line with its continuations joined, as Coraza evaluates it.
	Text string
}

// name is the directive's first word as written: "SecRule".
func (d Directive) name() string {
	name, _, _ := strings.Cut(d.Text, " ")
	return name
}

// is compares the directive's name as Coraza does, without regard to case.
func (d Directive) is(name string) bool { return strings.EqualFold(d.name(), name) }

func (d Directive) place() string {
	if d.File == "" {
		return fmt.Sprintf("line %d", d.Line)
	}
	return fmt.Sprintf("%s:%d", d.File, d.Line)
}

// A DirectiveError says which directive is at fault. File is "" where it stands
// in the text that was given, so that a caller who knows where that text came
// from can name the place better.
type DirectiveError struct {
	File string
	Line int
	Text string // the logical line; "" where no line could be read
	Hint string // what would be right; may be ""
	Err  error
}

func (e *DirectiveError) Error() string {
	return Directive{File: e.File, Line: e.Line}.place() + ": " + e.Message()
}

// Message is the error without its place.
func (e *DirectiveError) Message() string {
	if e.Hint == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + " (" + e.Hint + ")"
}

func (e *DirectiveError) Unwrap() error { return e.Err }
