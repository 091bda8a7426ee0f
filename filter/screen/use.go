package screen

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/seawall-waf/seawall/filter/screen/transform"
)

// place is where values of one kind go: every use that some target makes of them.
type place struct {
	uses []*use // of transformed values, by chain
	// scrambled are the uses behind transformations that scramble every value.
	scrambled []scrambled
	on        transform.Traits // of any chain in uses
	known     known
	// plain are all uses, one for each group, for values that no chain changes. plans
	// are the same for values that some chains change, by the traits that matter.
	plain []*use
	plans atomic.Pointer[map[transform.Traits]*plan]
}

// plan is which uses see a value as it is, in one, and which see it changed. Of these,
// some see it tidied up, without any byte that is remarkable and was not there before.
type plan struct {
	unchanged, changed []*use
	tidied             []tidied
}

type tidied struct {
	*use
	words bool // what words are found does not change by it
}

// maxPlans bounds the plans of a place; a client chooses the traits of its values.
const maxPlans = 128

// scrambled is the place of what a chain's last scrambling transformation leaves.
type scrambled struct {
	chain transform.Chain // up to that transformation
	place *place
}

func newPlace(targets []*target) *place {
	p := &place{}
	byChain := make(map[string][]*target)
	behind := make(map[string][]*target)
	chains := make(map[string]transform.Chain)
	for _, t := range targets {
		if n := throughScrambling(t.chain); n > 0 {
			name := chainName(t.chain[:n])
			rest := *t
			chains[name], rest.chain = t.chain[:n], t.chain[n:]
			behind[name] = append(behind[name], &rest)
			continue
		}
		name := t.group + "|" + chainName(t.chain)
		byChain[name] = append(byChain[name], t)
	}
	var all []*target
	for _, name := range slices.Sorted(maps.Keys(byChain)) {
		same := byChain[name]
		u := newUse(same, func(t *target) bulk { return t.changed })
		p.uses = append(p.uses, u)
		p.on |= u.on
		all = append(all, same...)
	}
	for _, name := range slices.Sorted(maps.Keys(behind)) {
		p.scrambled = append(p.scrambled, scrambled{chains[name], newPlace(behind[name])})
	}
	p.plain = newUses(all)
	p.plans.Store(&map[transform.Traits]*plan{})
	return p
}

// plan returns what to do with a value of these traits.
func (p *place) plan(traits transform.Traits) *plan {
	traits &= p.on
	known := p.plans.Load()
	if found := (*known)[traits]; found != nil {
		return found
	}
	made := &plan{}
	var same []*target
	for _, u := range p.uses {
		switch {
		case u.on&traits == 0:
			same = append(same, u.targets...)
		case len(u.asked) == 0 && len(u.refused) == 0 && u.chain.Tidies(traits):
			made.tidied = append(made.tidied, tidied{u, u.chain.DropsBlanks(traits) && (u.group.blankless || !removesBlanks(u.chain))})
		default:
			made.changed = append(made.changed, u)
		}
	}
	made.unchanged = newUses(same)
	grown := map[transform.Traits]*plan{traits: made}
	if len(*known) < maxPlans { // else it starts again
		maps.Copy(grown, *known)
	}
	p.plans.CompareAndSwap(known, &grown)
	return made
}

// use is what targets that see the same transformed value make of it.
type use struct {
	targets  []*target
	chain    transform.Chain
	on       transform.Traits
	group    *group   // nil: nothing is looked for in bulk
	relevant []uint64 // bits of a scan that fulfil one of sought
	sought   []wanted // by bit
	refused  []wanted // negated: fulfilled where the bit is not set
	asked    []*target
}

type wanted struct{ bit, condition int }

// newUses makes one use for each group among targets that see the same value.
func newUses(targets []*target) []*use {
	byGroup := make(map[string][]*target)
	for _, t := range targets {
		byGroup[t.group] = append(byGroup[t.group], t)
	}
	var uses []*use
	for _, name := range slices.Sorted(maps.Keys(byGroup)) {
		uses = append(uses, newUse(byGroup[name], func(t *target) bulk { return t.bulk }))
	}
	return uses
}

// newUse makes one use of targets of the same group. look is where each finds what it
// looks for.
func newUse(targets []*target, look func(*target) bulk) *use {
	u := &use{targets: targets}
	for _, t := range targets {
		u.chain, u.on = t.chain, t.chain.On()
		if t.match != nil {
			if !slices.ContainsFunc(u.asked, t.asksLike) {
				u.asked = append(u.asked, t)
			}
			continue
		}
		bulk := look(t)
		u.group = bulk.group
		w := wanted{bulk.bit(), t.condition}
		if t.negated {
			u.refused = append(u.refused, w)
		} else {
			u.sought = append(u.sought, w)
		}
	}
	u.refused = unique(u.refused)
	u.sought = unique(u.sought)
	if u.group != nil {
		u.relevant = make([]uint64, u.group.bits())
		for _, w := range u.sought {
			u.relevant[w.bit>>6] |= 1 << (w.bit & 63)
		}
	}
	return u
}

// unique sorts by bit, and leaves out what links with several steps want twice.
func unique(all []wanted) []wanted {
	slices.SortFunc(all, func(a, b wanted) int {
		return cmp.Or(cmp.Compare(a.bit, b.bit), cmp.Compare(a.condition, b.condition))
	})
	return slices.Compact(all)
}

// asksLike reports whether another target's answer is t's: steps of one link, which
// come to the same value.
func (t *target) asksLike(other *target) bool {
	return t.condition == other.condition
}

func removesBlanks(chain transform.Chain) bool {
	return slices.ContainsFunc(chain, func(t *transform.Transformation) bool { return t.Name == "removewhitespace" })
}
