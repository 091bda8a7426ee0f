package screen

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"github.com/corazawaf/coraza/v3/types/variables"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// A Screen is what is known of one rule set before any exchange. It is immutable
// and safe for concurrent use.
type Screen struct {
	// Front is the SecLang of the WAF that parses: settings, and the rules that
	// shape parsing.
	Front string
	// Off says why nothing can be screened; "" where something can. All that
	// follows is empty then.
	Off string
	// Unscreened are the rules that send every exchange through the engine.
	Unscreened []Unscreened

	phases     [6][]*candidate // by SecLang phase, 1 to 5
	conditions int
	candidates int
	groups     int
	walks      walks
	states     sync.Pool
	inert      map[int]bool // front rules whose match nobody sees
}

// Unscreened is a rule that could match any exchange, as far as the screen knows.
type Unscreened struct {
	ID   int
	File string // "" for the configuration's own directives
	Line int
	Why  string
}

// candidate is a rule that the screen decides for each exchange.
type candidate struct {
	rule  *seclang.Rule
	index int // of its bit in State.possible
	// conditions must all hold for a match; none: any exchange may match.
	conditions []int
	// quiet: a match alone is nothing that anybody sees or that another rule reads.
	quiet bool
	// gate: it denies by what parsing found, which is known before any value is
	// looked at.
	gate bool
	// unless, where it is not nil, keeps the rule in the engine when it is possible.
	unless *candidate
	// shapes: its match changes how the exchange is parsed, and the front does not
	// have it.
	shapes bool
	spare  bool // the engine may be asked to leave it out
	// head is the condition of a chain's head where its match alone does something: it
	// runs ctl actions, captures, becomes MATCHED_VAR. Else it is -1.
	head int
}

// A compiler turns a rule set into a Screen.
type compiler struct {
	set     *seclang.RuleSet
	fsys    fs.FS
	world   *world
	readers readers
	updated map[int]bool // rules that a SecRuleUpdate... directive has changed
	front   map[*seclang.Rule]bool
	needs   map[string]string // TX values that front rules read
	screen  *Screen
	scans   *patterns
	targets []target
	// pathArguments: some rule is a @restpath, which changes ARGS while rules run.
	pathArguments bool
	// assumed are the TX names whose values in the innocent world the rule at hand is
	// judged by.
	assumed []string
}

// Compile prepares the screen of a rule set. directives are what Coraza accepted,
// in its order; data files are read through fsys. It never fails: what cannot be
// screened is not, and the Screen says so.
func Compile(directives []rules.Directive, fsys fs.FS) (s *Screen) {
	defer func() {
		if r := recover(); r != nil {
			s = &Screen{Off: fmt.Sprintf("compiling the screen panicked: %v", r)}
		}
	}()
	c := &compiler{
		set: seclang.Parse(directives), fsys: fsys,
		front: make(map[*seclang.Rule]bool), needs: make(map[string]string),
		screen: &Screen{inert: make(map[int]bool)}, scans: newPatterns(),
	}
	if why := c.compile(directives); why != "" {
		return &Screen{Off: why}
	}
	return c.screen
}

func (c *compiler) compile(directives []rules.Directive) (off string) {
	if c.set.Unknown != "" {
		return c.set.Unknown
	}
	if off := unscreenableSetting(c.set.Settings); off != "" {
		return off
	}
	c.updated = changedRules(c.set, directives)
	c.readers = findReaders(c.set, c.scans)
	c.pathArguments = slices.ContainsFunc(c.set.Rules, parsesPath)
	var err error
	if c.world, err = c.newWorld(directives); err != nil {
		return err.Error()
	}
	for _, r := range c.set.Rules {
		if r.Marker == "" && !c.world.dead[r] {
			if off := c.rule(r); off != "" {
				return off
			}
		}
	}
	if c.screen.Front, err = c.frontText(directives); err != nil {
		return err.Error()
	}
	c.keepWithinSkips()
	return c.finish()
}

// rule decides what becomes of a live rule: it belongs to the world, to the front,
// or it becomes a candidate.
func (c *compiler) rule(r *seclang.Rule) (off string) {
	constant := c.world.constant[r]
	e := c.effect(r)
	e.shapes = e.shapes || constant && c.removesBasics(r)            // which the front may have
	headActs := len(r.Links) > 0 && (e.shapes || setsEnvironment(r)) // though the chain does not match
	if constant && !c.world.matches[r] && !headActs || c.impossible(r) {
		return ""
	}
	rare := !constant && len(r.Links) > 0 && r.Unknown == "" && c.foreseeable(r)
	switch {
	case e.shapes && r.Unknown != "":
		return fmt.Sprintf("rule %d shapes parsing and is not understood: %s", r.ID, r.Unknown)
	case e.shapes && !rare && (r.Phase < 5 || constant) || !constant && r.Phase < 5 && c.needsFront(r):
		if why := c.addToFront(r); why != "" {
			if e.shapes {
				return why
			}
			c.unscreened(r, e, why)
			return ""
		}
		c.screen.inert[r.ID] = e.quiet || e.unsettles && !e.shown
		switch {
		case constant && e.shown && r.Phase == 5: // nobody looks at the front any more
			c.unscreened(r, e, "it matches every exchange")
		case constant:
		case (e.unsettles || c.unseen(r, e)) && c.needsFront(r):
			e.quiet = false
			c.unscreened(r, e, "other rules hang on what it does, and only the front can ask it")
		case e.unsettles:
			c.addCandidate(r, e)
		case c.unseen(r, e):
			e.shapes = false // the front has done that
			c.addCandidate(r, e)
		}
		return ""
	case constant && !e.shown && !setsEnvironment(r):
		return "" // what it sets and where it jumps is the world
	case constant:
		c.unscreened(r, e, "it matches every exchange")
		return ""
	case r.Unknown != "":
		c.unscreened(r, e, r.Unknown)
		return ""
	}
	c.addCandidate(r, e)
	return ""
}

// unseen reports whether r may set what other rules read although the front has no
// match of it to tell of, or one that seems quiet.
func (c *compiler) unseen(r *seclang.Rule, e effect) bool {
	return e.partly < len(withLinks(r)) || c.setsOpenNames(r)
}

// unscreened makes r a candidate that any exchange may match.
func (c *compiler) unscreened(r *seclang.Rule, e effect, why string) {
	c.add(&candidate{rule: r, quiet: e.quiet})
	if !e.quiet {
		c.screen.Unscreened = append(c.screen.Unscreened, Unscreened{ID: r.ID, File: r.File, Line: r.Line, Why: why})
	}
}

func (c *compiler) add(k *candidate) {
	k.index = c.screen.candidates
	c.screen.candidates++
	c.screen.phases[k.rule.Phase] = append(c.screen.phases[k.rule.Phase], k)
}

// keepWithinSkips keeps in the engine what a skip:N counts: it counts only rules
// that were not left out, and would jump over others instead.
func (c *compiler) keepWithinSkips() {
	kept := make(map[*seclang.Rule]bool)
	for i, r := range c.set.Rules {
		left := r.Skip
		for _, next := range c.set.Rules[i+1:] {
			if left == 0 {
				break
			}
			if next.Phase == r.Phase && next.Marker == "" {
				kept[next] = true
				if !c.removedAlone(next, r) {
					left--
				}
			}
		}
	}
	for _, phase := range c.screen.phases {
		for _, k := range phase {
			k.spare = k.spare && !kept[k.rule] && !c.readers.messages
		}
	}
}

// finish compiles the automata and gives every target its place.
func (c *compiler) finish() (off string) {
	for _, g := range c.scans.groups {
		if err := c.scans.compile(g); err != nil {
			return "compiling what rules look for: " + err.Error()
		}
	}
	c.screen.groups = len(c.scans.groups)
	c.findGates()
	var atHead []*target
	var early, later [6][]*target
	for i := range c.targets {
		t := &c.targets[i]
		if t.early {
			early[t.phase] = append(early[t.phase], t)
		} else if t.phase <= 2 && head[t.collection] {
			atHead = append(atHead, t)
		} else {
			later[t.phase] = append(later[t.phase], t)
		}
	}
	c.screen.walks.head = newWalk(atHead)
	for phase, targets := range later {
		c.screen.walks.early[phase] = newWalk(early[phase])
		c.screen.walks.phase[phase] = newWalk(targets)
	}
	return ""
}

// findGates marks the rules that deny by what parsing found, and what they look at.
func (c *compiler) findGates() {
	open := make(map[int]bool) // conditions that look at more
	for _, t := range c.targets {
		if !parsing[t.collection] {
			open[t.condition] = true
		}
	}
	gated := make(map[int]bool)
	for _, phase := range c.screen.phases {
		for _, k := range phase {
			denies := k.rule.Disruptive == "deny" || k.rule.Disruptive == "drop" || k.rule.Disruptive == "redirect"
			k.gate = denies && len(k.conditions) > 0 && !slices.ContainsFunc(k.conditions, func(n int) bool { return open[n] })
			if k.gate {
				for _, n := range k.conditions {
					gated[n] = true
				}
			}
		}
	}
	for i := range c.targets {
		c.targets[i].early = gated[c.targets[i].condition]
	}
}

// newWalk sorts targets by the collection that they look at.
func newWalk(targets []*target) []*walked {
	byCollection := make(map[variables.RuleVariable][]*target)
	for _, t := range targets {
		byCollection[t.collection] = append(byCollection[t.collection], t)
	}
	var walk []*walked
	for _, v := range slices.Sorted(maps.Keys(byCollection)) {
		w := &walked{variable: v}
		var values, names []*target
		for _, t := range byCollection[v] {
			switch {
			case t.variable.Count:
				w.counts = append(w.counts, t)
			case t.names:
				names = append(names, t)
			default:
				values = append(values, t)
			}
		}
		if len(values) > 0 {
			w.values = newShelf(values)
		}
		if len(names) > 0 {
			w.names = newShelf(names)
		}
		walk = append(walk, w)
	}
	return walk
}
