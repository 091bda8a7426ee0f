package dfa

import "slices"

// group is the patterns of one automaton.
type group struct {
	patterns []uint16
	cut      bool
}

const (
	// A pattern stays cut if at most one in suspectRatio innocent values makes it
	// a suspect. To decide a suspect costs a scan of its own, and to be whole an
	// eighth of one.
	suspectRatio = 8
	// A pattern that matches more than one in commonRatio innocent values, and
	// runes, would stop the scan at every other byte; alone, it ends its own scan
	// at once. CRS: "." and "^[^;\s]+".
	commonRatio = 2
	// wholeTogether patterns at most that are not cut make one automaton: twice as
	// many have up to ten times the states.
	wholeTogether = 9
)

// divide decides which patterns are scanned for together, by what the cut
// programs find in a sample of innocent text.
func (s *Set) divide(p *program, patterns []uint16) []group {
	waits := slices.ContainsFunc(patterns, func(pattern uint16) bool { return p.cut[pattern] })
	if len(patterns) <= 1 || len(patterns) <= wholeTogether && !waits {
		return chunks(patterns)
	}
	trial := newAutomaton(p, patterns, true, s.account, s.counters)
	values, hits, suspects := s.try(trial, sampleValues)
	runes, runeHits, _ := s.try(trial, sampleRunes)
	trial.discard()
	var cut, common, whole []uint16
	for _, pattern := range patterns {
		switch bit := p.bits[pattern]; {
		case runeHits[bit]*commonRatio > runes && hits[bit]*commonRatio > values:
			common = append(common, pattern)
		case suspects[bit]*suspectRatio > values:
			whole = append(whole, pattern)
		default:
			cut = append(cut, pattern)
		}
	}
	var groups []group
	for _, pattern := range common {
		groups = append(groups, group{[]uint16{pattern}, false})
	}
	groups = append(groups, chunks(whole)...)
	if len(cut) > 0 {
		groups = append(groups, group{cut, true})
	}
	return groups
}

// chunks makes as few groups as may be, of the same size.
func chunks(patterns []uint16) (groups []group) {
	n := (len(patterns) + wholeTogether - 1) / wholeTogether
	if n == 0 {
		return nil
	}
	for part := range slices.Chunk(patterns, (len(patterns)+n-1)/n) {
		groups = append(groups, group{part, false})
	}
	return groups
}

// try counts by bit the texts that the trial's patterns hit or are suspects in.
func (s *Set) try(trial *automaton, texts func(func(string) bool)) (n int, hits, suspects []int) {
	hits, suspects = make([]int, len(s.places)), make([]int, len(s.places))
	for v := range texts {
		n++
		var hit, suspect [maxWords]uint64
		trial.scan(v, hit[:], suspect[:])
		for bit := range hits {
			hits[bit] += int(hit[bit>>6] >> (bit & 63) & 1)
			suspects[bit] += int(suspect[bit>>6] >> (bit & 63) & 1)
		}
	}
	return n, hits, suspects
}
