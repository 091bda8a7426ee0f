package dfa

import "slices"

// A union of many patterns has few states as long as a state depends on the
// last few runes only. Patterns like select.*from spoil that: a thread that has
// seen its first word waits for the second for the rest of the text, and every
// combination of such threads is a state of its own, times the places that the
// other patterns can be at. So their programs are cut before the wait, and a
// hit of what is left, "select", is a suspicion that the pattern's own
// automaton then decides.

// waitLength is how many runes in a row have to pass through wide sets for a
// wait: .{1,4} is none.
const waitLength = 5

// wideSample are the runes that a wide set has to have, all but a few.
const wideSample = " aeiounrtslcdmhgpkz0123456789AEINRTS-./:,_"

// markCuts marks the instructions at which the patterns wait.
func (p *program) markCuts() {
	wide := make([]bool, len(p.sets))
	for i, set := range p.sets {
		missing := 0
		for _, r := range wideSample {
			if !set.has(p.alphabet.of(r)) {
				missing++
			}
		}
		wide[i] = missing <= 4 && set.has(p.alphabet.of(' '))
	}
	var waits []uint32
	for pc := range p.insts {
		if in := &p.insts[pc]; in.op == opRune && wide[in.arg] {
			waits = append(waits, uint32(pc))
		}
	}
	leads := map[uint32][]uint32{} // from a wide instruction to others
	for _, pc := range waits {
		p.work.reset()
		p.work.follow(p, p.insts[pc].out)
		for _, to := range p.work.next {
			if in := &p.insts[to]; in.op == opRune && wide[in.arg] {
				leads[pc] = append(leads[pc], to)
			}
		}
	}
	long := map[uint32]bool{}
	for _, pc := range waits {
		long[pc] = true
	}
	for range waitLength - 1 {
		longer := map[uint32]bool{}
		for pc := range long {
			longer[pc] = slices.ContainsFunc(leads[pc], func(to uint32) bool { return long[to] })
		}
		for pc, is := range longer {
			if !is {
				delete(longer, pc)
			}
		}
		long = longer
	}
	p.cut = make([]bool, len(p.starts))
	for pc := range long {
		in := &p.insts[pc]
		if in.implicit {
			continue
		}
		in.cut = true
		p.cut[in.pattern] = true
	}
}
