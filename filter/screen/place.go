package screen

import (
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/corazawaf/coraza/v3/types/variables"
)

// walks are the collections to look at: those of the head, for phases 1 and 2, when
// the head is there; the others when their phase has come.
type walks struct {
	head         []*walked
	early, phase [6][]*walked // early: what gates look at
}

// walked is one collection of the exchange, with what looks at it.
type walked struct {
	variable variables.RuleVariable
	values   *shelf // nil: nothing looks at them
	names    *shelf
	counts   []*target
}

// shelf finds the place of a value by its name. Places differ by the selectors and
// exclusions that the name fulfils, so there are few of them, made when first met.
type shelf struct {
	targets []*target
	exact   map[string]int // names that selectors spell out, from 1
	regexes []nameRegex
	places  []atomic.Pointer[place] // by exact number and fulfilled expressions
}

// nameRegex selects or excludes by name. Coraza asks a selector about the name as it
// is kept, which is in lower case or not, and an exclusion in lower case.
type nameRegex struct {
	*regexp.Regexp
	excludes bool
}

// maxRegexes bounds the places of a shelf. Selectors by further expressions count as
// fulfilled, exclusions as not.
const maxRegexes = 5

func newShelf(targets []*target) *shelf {
	s := &shelf{targets: targets, exact: make(map[string]int)}
	add := func(key string, isRegex, excludes bool) {
		switch {
		case isRegex:
			re, err := regexp.Compile(key)
			if err == nil && len(s.regexes) < maxRegexes && s.regex(key, excludes) < 0 {
				s.regexes = append(s.regexes, nameRegex{re, excludes})
			}
		case key == "":
		case s.exact[strings.ToLower(key)] == 0:
			s.exact[strings.ToLower(key)] = len(s.exact) + 1
		}
	}
	for _, t := range targets {
		add(t.variable.Key, t.variable.Regex, false)
		for _, x := range t.variable.Exclusions {
			add(x.Key, x.Regex, true)
		}
	}
	s.places = make([]atomic.Pointer[place], (len(s.exact)+1)<<len(s.regexes))
	return s
}

func (s *shelf) regex(key string, excludes bool) int {
	return slices.IndexFunc(s.regexes, func(re nameRegex) bool { return re.String() == key && re.excludes == excludes })
}

// find returns the place of a value under a name.
func (s *shelf) find(name string) *place {
	exact, fulfilled := 0, 0
	if len(s.exact) > 0 || len(s.regexes) > 0 {
		lower := strings.ToLower(name)
		exact = s.exact[lower]
		for i, re := range s.regexes {
			if re.MatchString(lower) || !re.excludes && re.MatchString(name) {
				fulfilled |= 1 << i
			}
		}
	}
	at := exact<<len(s.regexes) | fulfilled
	if p := s.places[at].Load(); p != nil {
		return p
	}
	p := s.newPlace(exact, fulfilled)
	s.places[at].CompareAndSwap(nil, p)
	return s.places[at].Load()
}

// selected reports whether a target looks at the values of such a name.
func (s *shelf) selected(t *target, exact, fulfilled int) bool {
	matches := func(key string, isRegex, excludes bool) bool {
		if !isRegex {
			return s.exact[strings.ToLower(key)] == exact
		}
		i := s.regex(key, excludes)
		return i < 0 && !excludes || i >= 0 && fulfilled&(1<<i) != 0
	}
	if (t.variable.Key != "" || t.variable.Regex) && !matches(t.variable.Key, t.variable.Regex, false) {
		return false
	}
	for _, x := range t.variable.Exclusions {
		if (x.Key != "" || x.Regex) && matches(x.Key, x.Regex, true) {
			return false
		}
	}
	return true
}

func (s *shelf) newPlace(exact, fulfilled int) *place {
	var here []*target
	for _, t := range s.targets {
		if s.selected(t, exact, fulfilled) {
			here = append(here, t)
		}
	}
	return newPlace(here)
}
