package main

import (
	"slices"
)

// A job is one exchange under one rule set.
type job struct {
	source string // the kind of input, for the report
	name   string
	rules  *ruleSet
	input  *exchange
}

// patience is how often stock is asked again before a difference from it counts:
// rule 942521, for one, fires in 6 of 40 identical runs.
const patience = 200

// A finding is what became of a job.
type finding struct {
	stock      outcome
	control    []string // aspects in which stock did not agree with itself
	difference *difference
}

// compare judges a job by both sides, and by stock a second time.
func compare(j job) finding {
	want := throughStock(j.rules, j.input)
	unsteady := want.differs(throughStock(j.rules, j.input))
	got := throughSeawall(j.rules, j.input)
	differing := want.differs(got)
	for try := 0; try < patience && len(differing) > 0; try++ {
		again := throughStock(j.rules, j.input)
		unsteady = append(unsteady, want.differs(again)...)
		if len(again.differs(got)) == 0 {
			return finding{stock: want, control: unsteady}
		}
		// Seawall may have come to one of stock's answers for one aspect and to
		// another for the next: only where stock is steady can it be wrong.
		differing = slices.DeleteFunc(differing, func(aspect string) bool { return slices.Contains(unsteady, aspect) })
	}
	f := finding{stock: want, control: unsteady}
	if len(differing) > 0 {
		f.difference = newDifference(j, differing, want, got)
	}
	return f
}
