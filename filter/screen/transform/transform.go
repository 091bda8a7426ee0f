package transform

import (
	"slices"
	"strings"
	"unsafe"
)

// A Transformation is one `t:` function. It is immutable, and its Apply may be
// called from any number of goroutines.
type Transformation struct {
	// Name is the SecLang name in lower case. Aliases (normalisePath) share one
	// Transformation, under the name that CRS uses.
	Name string

	// On holds the traits that the function acts on: a value whose traits have none
	// of them is left as it is. The converse does not hold.
	On Traits

	// Apply returns what a rule sees of v behind the function. Where Coraza's function
	// fails, that is v. It returns v itself where nothing changes.
	Apply func(v string) string

	// tidies: it leaves no ASCII byte that was not there before, but letters and blanks.
	tidies bool

	// overlooks: Coraza's function may change a value without saying so. A rule with
	// multiMatch then goes on with the value before.
	overlooks bool
}

// Lookup finds a Transformation by its SecLang name, in any case. It does not find
// "none", which takes the functions before it out of a rule: the caller starts a new
// chain. As in Coraza, only the lower case spelling does so; any other one
// ("None") is a function that changes nothing, and is found.
func Lookup(name string) (*Transformation, bool) {
	if name == "none" {
		return nil, false
	}
	t, ok := byName[strings.ToLower(name)]
	return t, ok
}

// Names returns every name that Lookup finds, aliases included, sorted.
func Names() []string {
	names := make([]string, 0, len(byName))
	for name := range byName {
		if name != "none" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// A Chain is what one rule applies to a value, in order.
type Chain []*Transformation

// On returns the traits that any step acts on: the chain leaves a value that has
// none of them as it is.
func (c Chain) On() Traits {
	var on Traits
	for _, step := range c {
		on |= step.On
	}
	return on
}

// Tidies reports whether the chain leaves a value of these traits no ASCII byte that it
// does not have, but letters and blanks.
func (c Chain) Tidies(t Traits) bool {
	acts := false
	for _, step := range c {
		acts = acts || t&step.On != 0
		if acts && !step.tidies {
			return false
		}
	}
	return true
}

// DropsBlanks reports whether the chain does no more to a value of these traits than
// drop ASCII blanks and lower ASCII letters.
func (c Chain) DropsBlanks(t Traits) bool {
	acts := false
	for _, step := range c {
		acts = acts || t&step.On != 0
		if acts && step.Name != "removewhitespace" && step.Name != "lowercase" {
			return false
		}
	}
	return t&High == 0
}

// Apply returns what the chain makes of v, whose traits are t, and v itself where
// no step changes it.
func (c Chain) Apply(v string, t Traits) string {
	for i, step := range c {
		if t&step.On == 0 {
			continue
		}
		w := step.Apply(v)
		if same(v, w) {
			continue
		}
		v = w
		if i+1 < len(c) {
			t = TraitsOf(v)
		}
	}
	return v
}

// MultiMatch returns the chains whose results include every value that a rule with the
// multiMatch action gives to its operator: the value itself, what the first step makes
// of it, and so on; and the same without each step whose change Coraza may overlook.
// It gives up on a chain with very many of the latter.
func (c Chain) MultiMatch() (chains []Chain, ok bool) {
	chains = []Chain{{}}
	heads := chains // whose results the next step may begin with
	for _, step := range c {
		var next []Chain
		for _, head := range heads {
			next = append(next, append(slices.Clip(head), step))
		}
		chains = append(chains, next...)
		if step.overlooks {
			next = append(next, heads...)
		}
		if len(next) > 16 {
			return nil, false
		}
		heads = next
	}
	return chains, true
}

// same reports, without looking at the bytes, that w is v and not a copy of it.
func same(v, w string) bool {
	return len(v) == len(w) && unsafe.StringData(v) == unsafe.StringData(w)
}

// text makes a string of b without copying it. The caller must not write to b again.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// changed is text for a function that may have found nothing to change: v itself
// where b equals it.
func changed(v string, b []byte) string {
	if string(b) == v {
		return v
	}
	return text(b)
}
