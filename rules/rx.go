package rules

import (
	"regexp"
	"sync/atomic"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"rsc.io/binaryregexp"

	"github.com/seawall-waf/seawall/filter/screen/dfa"
)

// maxGroups is how many groups of a match @rx captures, as in Coraza, the whole
// match among them: TX:9 is never set.
const maxGroups = 9

// expression is @rx: Coraza's, with an automaton before it that knows of most
// values that they do not match. What it answers is what Go's regexp answers.
//
// The automaton is built when the pattern has been asked about so many bytes that
// the regular expression has cost as much: most patterns of a rule set never are,
// as the screen spares them, and an engine is built no slower for it.
type expression struct {
	pattern   string
	re        stockExpression
	asked     atomic.Int64 // bytes, until worthAutomaton
	automaton atomic.Pointer[dfa.Single]
}

// stockExpression is what Coraza matches with: a regexp, or where the pattern spells
// bytes that are no UTF-8, a binaryregexp.
type stockExpression interface {
	MatchString(s string) bool
	FindStringSubmatchIndex(s string) []int
}

// worthAutomaton is in bytes. Building takes 0.1 to 1 ms for CRS's patterns, Go's
// regexp 20 to 100 ns a byte.
const worthAutomaton = 8 << 10

func newExpression(options plugintypes.OperatorOptions) (plugintypes.Operator, error) {
	build := func() (any, error) {
		re, err := compileStock(options.Arguments)
		if err != nil {
			return nil, err
		}
		return &expression{pattern: options.Arguments, re: re}, nil
	}
	var op any
	var err error
	if options.Memoizer == nil {
		op, err = build()
	} else {
		op, err = options.Memoizer.Do("seawall rx "+options.Arguments, build)
	}
	if err != nil {
		return nil, err
	}
	return op.(*expression), nil
}

func compileStock(pattern string) (stockExpression, error) {
	if dfa.OverBytes(pattern) {
		return binaryregexp.Compile(pattern)
	}
	return regexp.Compile("(?sm)" + pattern)
}

// Evaluate captures what Coraza's @rx does.
func (e *expression) Evaluate(tx plugintypes.TransactionState, value string) bool {
	matched, certain := e.ask(value)
	if certain && !matched {
		return false
	}
	if !tx.Capturing() {
		return certain || e.re.MatchString(value)
	}
	groups := e.re.FindStringSubmatchIndex(value)
	if groups == nil {
		return false
	}
	for i := 0; i < len(groups)/2 && i < maxGroups; i++ {
		text := ""
		if from := groups[2*i]; from >= 0 {
			text = value[from:groups[2*i+1]]
		}
		tx.CaptureField(i, text)
	}
	return true
}

// ask asks the automaton, which is not certain while there is none.
func (e *expression) ask(value string) (matched, certain bool) {
	if automaton := e.automaton.Load(); automaton != nil {
		return automaton.Match(value)
	}
	before := e.asked.Load()
	if before >= worthAutomaton {
		return false, false // another goroutine builds it, or it cannot be built
	}
	if n := e.asked.Add(int64(len(value))); n < worthAutomaton || n-int64(len(value)) >= worthAutomaton {
		return false, false
	}
	automaton, err := dfa.CompileSingle(e.pattern, dfa.Shared)
	if err != nil {
		return false, false // too large: the regular expression goes on alone
	}
	e.automaton.Store(automaton)
	return automaton.Match(value)
}
