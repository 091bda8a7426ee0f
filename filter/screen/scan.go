package screen

import (
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/corazawaf/coraza/v3/collection"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/corazawaf/coraza/v3/types/variables"

	"github.com/seawall-waf/seawall/filter/screen/transform"
)

// State is what the screen knows of one exchange so far. It belongs to one
// transaction and is not safe for concurrent use.
type State struct {
	screen     *Screen
	conditions []uint64
	spare      []uint64 // all clear, as long as conditions
	possible   []uint64 // candidates that could match
	headSeen   bool
	shaped     bool
	inexact    bool    // a scan gave up; see alone
	gaveUp     int     // scans that gave up so far
	scans      []scans // by group
	memo       transform.Memo
}

// NewState begins an exchange. It ends with Release.
func (s *Screen) NewState() *State {
	if old, ok := s.states.Get().(*State); ok {
		return old
	}
	return &State{screen: s, conditions: make([]uint64, (s.conditions+63)/64), spare: make([]uint64, (s.conditions+63)/64),
		possible: make([]uint64, (s.candidates+63)/64), scans: make([]scans, s.groups)}
}

// Release gives the State's memory to another exchange.
func (s *State) Release() {
	clear(s.conditions)
	clear(s.spare) // a panic may have left them exchanged
	clear(s.possible)
	s.headSeen, s.shaped, s.gaveUp = false, false, 0
	for i := range s.scans {
		clear(s.scans[i].texts) // a body must not live on
		s.scans[i].n = 0
	}
	s.memo.Reset()
	s.screen.states.Put(s)
}

// Shaped reports whether a rule that could match would have changed how the exchange
// is parsed: the front has not parsed it as the engine will.
func (s *State) Shaped() bool { return s.shaped }

// HeadChanged says that trailers came: the head's collections are looked at again.
func (s *State) HeadChanged() { s.headSeen = false }

// Phase looks at what the front has parsed by the end of a SecLang phase, 1 to 5,
// and reports whether the exchange is suspicious: some rule of the phase could match
// that is not quiet.
func (s *State) Phase(phase int, tx plugintypes.TransactionState) (suspicious bool) {
	s.walk(s.screen.walks.early[phase], tx)
	if s.gated(phase) {
		return true
	}
	if phase <= 2 && !s.headSeen {
		s.headSeen = true
		s.walk(s.screen.walks.head, tx)
	}
	s.walk(s.screen.walks.phase[phase], tx)
	if s.gaveUp >= patience {
		s.allPossible(phase)
		return true
	}
	for _, k := range s.screen.phases[phase] {
		if !s.fulfilled(k) {
			continue
		}
		s.possible[k.index>>6] |= 1 << (k.index & 63)
		suspicious = suspicious || !k.quiet
		s.shaped = s.shaped || k.shapes
	}
	return suspicious
}

// gated reports whether a rule of the phase denies by what parsing found. Then
// looking at values would be in vain: every rule of the phase counts as possible.
func (s *State) gated(phase int) bool {
	for _, k := range s.screen.phases[phase] {
		if k.gate && s.fulfilled(k) {
			s.allPossible(phase)
			return true
		}
	}
	return false
}

// patience is how many scans of an exchange may give up. Innocent text, also at
// paranoia level 2, has none; text made to defeat the automata has dozens, and costs
// less where every rule is asked at once.
const patience = 8

func (s *State) allPossible(phase int) {
	for _, k := range s.screen.phases[phase] {
		s.possible[k.index>>6] |= 1 << (k.index & 63)
		s.shaped = s.shaped || k.shapes
	}
}

// Visible reports whether the match of a rule of the front is more than parsing.
func (s *Screen) Visible(m types.MatchedRule) bool { return !s.inert[m.Rule().ID()] }

// Spare calls remove with the ID of every rule of a phase that cannot match the
// exchange. Phase must have been called for it.
func (s *State) Spare(phase int, remove func(id int)) {
	for _, k := range s.screen.phases[phase] {
		if k.spare && !s.could(k) && (k.head < 0 || !s.has(k.head)) && (k.unless == nil || !s.could(k.unless)) {
			remove(k.rule.ID)
		}
	}
}

// Missed returns the ID of a rule that matched although the screen had proved that
// it cannot; 0 where there is none.
func (s *State) Missed(matched []types.MatchedRule) int {
	for _, m := range matched {
		for _, k := range s.screen.phases[m.Rule().Phase()] {
			if k.rule.ID == m.Rule().ID() && !s.could(k) && !isUnless(s.screen.phases[m.Rule().Phase()], k) {
				return k.rule.ID
			}
		}
	}
	return 0
}

// isUnless: such a candidate says nothing about whether its rule matches.
func isUnless(phase []*candidate, k *candidate) bool {
	return slices.ContainsFunc(phase, func(o *candidate) bool { return o.unless == k })
}

func (s *State) could(k *candidate) bool { return s.possible[k.index>>6]&(1<<(k.index&63)) != 0 }

func (s *State) fulfilled(k *candidate) bool {
	for _, c := range k.conditions {
		if !s.has(c) {
			return false
		}
	}
	return true
}

func (s *State) has(c int) bool { return s.conditions[c>>6]&(1<<(c&63)) != 0 }
func (s *State) fulfil(c int)   { s.conditions[c>>6] |= 1 << (c & 63) }

func (s *State) walk(collections []*walked, tx plugintypes.TransactionState) {
	for _, c := range collections {
		col := tx.Collection(c.variable)
		if col == nil {
			continue
		}
		if c.values != nil || c.names != nil {
			s.members(c, col)
		}
		for _, t := range c.counts {
			s.count(t, col)
		}
	}
}

func (s *State) members(c *walked, col collection.Collection) {
	if single, ok := col.(collection.Single); ok {
		if c.values != nil {
			s.value(c.values.find(""), single.Get())
		}
		return
	}
	previous := ""
	for i, m := range col.FindAll() {
		if s.gaveUp >= patience {
			return
		}
		key := m.Key()
		switch {
		case c.values == nil:
		case c.variable == variables.RequestHeaders && public[key]:
			s.repeated(c.values.find(key), m.Value())
		default:
			s.value(c.values.find(key), m.Value())
		}
		if c.names != nil && (i == 0 || key != previous) {
			s.repeated(c.names.find(key), key)
		}
		previous = key
	}
}

// count asks a target about the number of members that its variable selects.
func (s *State) count(t *target, col collection.Collection) {
	n := 0
	for _, m := range selectMembers(col, t) {
		if !excluded(t, m.Key()) {
			n++
		}
	}
	value := strconv.Itoa(n)
	if t.match(t.chain.Apply(value, transform.TraitsOf(value))) != t.negated {
		s.fulfil(t.condition)
	}
}

// value gives one value to every use that its place makes of it.
func (s *State) value(p *place, v string) {
	if len(p.uses) == 0 && len(p.scrambled) == 0 {
		return
	}
	s.memo.Reset()
	for i := range s.scans {
		s.scans[i].n = 0
	}
	s.forms(p, v, transform.TraitsOf(v))
}

// forms gives a value, or what is left of one, to its place's uses in the forms that
// they ask for.
func (s *State) forms(p *place, v string, traits transform.Traits) {
	if traits&p.on == 0 {
		for _, u := range p.plain {
			s.use(u, v)
		}
	} else {
		plan := p.plan(traits)
		for _, u := range plan.unchanged {
			s.use(u, v)
		}
		for _, u := range plan.changed {
			form, _ := s.memo.Apply(u.chain, v, traits)
			s.use(u, form)
		}
		for _, u := range plan.tidied {
			form := v
			if !u.group.set.RulesOut(v) || !u.words && !u.group.words.RulesOut(v) {
				form, _ = s.memo.Apply(u.chain, v, traits)
			}
			s.use(u.use, form)
		}
	}
	for i := range p.scrambled {
		left, of := s.memo.Apply(p.scrambled[i].chain, v, traits)
		s.forms(p.scrambled[i].place, left, of)
	}
}

func (s *State) use(u *use, v string) {
	if u.group != nil {
		bits, exact := s.scan(u.group, v)
		if !exact {
			s.inexact = true
			s.gaveUp++
		}
		for i, relevant := range u.relevant {
			if bits[i]&relevant != 0 {
				s.sought(u, bits)
				break
			}
		}
		for _, w := range u.refused {
			if !exact || bits[w.bit>>6]&(1<<(w.bit&63)) == 0 {
				s.fulfil(w.condition)
			}
		}
	}
	for _, t := range u.asked {
		if !s.has(t.condition) && t.match(v) != t.negated {
			s.fulfil(t.condition)
		}
	}
}

func (s *State) sought(u *use, bits []uint64) {
	for _, w := range u.sought {
		if bits[w.bit>>6]&(1<<(w.bit&63)) != 0 {
			s.fulfil(w.condition)
		}
	}
}

// scans remembers what a group found in the forms of one value, so that chains that
// come to the same text share a scan.
type scans struct {
	texts []string
	exact []bool
	bits  [][]uint64
	n     int
}

// scan returns the bits of what could match v, in a group's order.
func (s *State) scan(g *group, v string) (bits []uint64, exact bool) {
	f := &s.scans[g.index]
	for i := range f.n {
		if t := f.texts[i]; len(t) == len(v) && (unsafe.StringData(t) == unsafe.StringData(v) || t == v) {
			return f.bits[i], f.exact[i]
		}
	}
	if f.n == len(f.texts) {
		f.texts, f.exact, f.bits = append(f.texts, ""), append(f.exact, false), append(f.bits, make([]uint64, g.bits()))
	}
	i := f.n
	f.n++
	clear(f.bits[i])
	f.texts[i] = v
	f.exact[i] = g.scan(v, f.bits[i])
	return f.bits[i], f.exact[i]
}

// selectMembers are the members of a collection that a target's selector finds.
func selectMembers(col collection.Collection, t *target) []types.MatchData {
	keyed, ok := col.(collection.Keyed)
	if !ok || t.variable.Key == "" {
		return col.FindAll()
	}
	if t.variable.Regex {
		return keyed.FindRegex(t.selector)
	}
	return keyed.FindString(t.variable.Key)
}

// excluded reports whether a target's exclusions name a member.
func excluded(t *target, key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc(t.exclusions, func(x exclusion) bool {
		return x.re != nil && x.re.MatchString(key) || x.re == nil && (x.key == "" || x.key == key)
	})
}
