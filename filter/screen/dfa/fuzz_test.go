package dfa

import (
	"slices"
	"strings"
	"testing"
)

// FuzzSetAgainstRegexp takes patterns, one to a line, and a text. It scans the
// text with little credit and memory too: what a Set then says must be right,
// or more than is true, never less.
func FuzzSetAgainstRegexp(f *testing.F) {
	for i, p := range trickyPatterns {
		f.Add(p+"\n"+trickyPatterns[(i*7+3)%len(trickyPatterns)], trickyTexts[i%len(trickyTexts)], uint16(i*37))
	}
	f.Fuzz(func(t *testing.T, patterns, text string, credit uint16) {
		if len(patterns) > 200 || len(text) > 2000 {
			return
		}
		var taken []string
		for p := range strings.SplitSeq(patterns, "\n") {
			_, err := compileStock(p)
			_, supported := Parse(p)
			if supported != nil && OverBytes(p) && strings.Contains(p, `\C`) {
				continue // any byte, which only patterns over bytes know: not screened
			}
			if (err == nil) != (supported == nil) {
				t.Fatalf("%q: regexp %v, set %v", p, err, supported)
			}
			if err == nil {
				taken = append(taken, p)
			}
		}
		o := newOracle(t, taken, NewBudget(1<<20))
		defer o.set.Close()
		if !o.agrees(t, text) && len(text) < 200 {
			t.Errorf("a fresh set has credit for %q in %q", patterns, text)
		}
		half := len(text) / 2
		o.agrees(t, text[half:]+text[:half])

		poor := newOracle(t, taken, NewBudget(int64(credit)))
		defer poor.set.Close()
		for _, root := range append(poor.set.runes, poor.set.bytes...) {
			root.credit.Store(int64(credit%64) * bytesPerTransition)
		}
		poor.agrees(t, text)
		poor.agrees(t, text[half:])
	})
}

// FuzzWords takes lists, one to a line, of words with spaces between, and a
// text.
func FuzzWords(f *testing.F) {
	for i, list := range trickyLists {
		f.Add(strings.Join(list, " ")+"\n"+strings.Join(trickyLists[(i*5+2)%len(trickyLists)], " "), trickyWordTexts[i])
	}
	f.Fuzz(func(t *testing.T, lists, text string) {
		if len(lists) > 500 || len(text) > 1000 {
			return
		}
		var split [][]string
		for line := range strings.SplitSeq(lists, "\n") {
			split = append(split, strings.Split(line, " "))
		}
		wordsAgree(t, split, []string{text, text + lists})

		w := NewWords(split[:1])
		hits := make([]uint64, w.Words())
		w.Scan(text, hits)
		for _, dfa := range []bool{true, false} {
			stock := stockWords(split[0], dfa)(text)
			if !stock && slices.Contains(split[0], "") {
				continue // its matcher may overlook the empty word
			}
			if stock != (hits[0] != 0) {
				t.Errorf("%q in %q: coraza's matcher %v (dfa %v)", split[0], text, stock, dfa)
			}
		}
	})
}
