package dfa

import (
	"sync/atomic"
	"unicode/utf8"
)

// scan sets the bits of the patterns that match in v. It reports false if it
// gave up for want of credit: then bits may be missing, but none is wrong.
func (d *automaton) scan(v string, hits, suspects []uint64) bool {
	d.earn(len(v))
	c := d.cache.Load()
	row := uint32(d.stride) // the start state
	for i := 0; ; {
		var n int
		n, row = glide(c.table, &d.columnOf, v[i:], row)
		i += n
		column := d.classes.last
		if i < len(v) {
			column, n = d.column(v[i:])
			i += n
		} else {
			n = 0
		}
		to := c.table[row+uint32(column)].Load()
		if to == 0 {
			if c, to = d.build(c, row, column); to == 0 {
				return false
			}
		}
		if to&accepts != 0 && d.accept(c, to&rowOf, hits, suspects) || to&finished != 0 || n == 0 {
			return true
		}
		row = to & rowOf
	}
}

// glide is the loop in which the time goes: it follows transitions that are
// built, to states without flags, over bytes that are runes.
//
//go:noinline
func glide(table []atomic.Uint32, columnOf *[256]uint16, v string, row uint32) (n int, last uint32) {
	for n < len(v) {
		to := table[row+uint32(columnOf[v[n]])].Load()
		if to-1 >= flagged-1 { // 0, or a flag
			break
		}
		row = to
		n++
	}
	return n, row
}

// column is that of the first rune in v, and its length.
func (d *automaton) column(v string) (column uint16, length int) {
	if column = d.columnOf[v[0]]; column != d.classes.last+1 {
		return column, 1
	}
	r, n := utf8.DecodeRuneInString(v)
	if r == utf8.RuneError {
		return d.noRune, n
	}
	return d.classes.of[d.program.alphabet.of(r)], n
}

// accept adds the row's hits, and says whether all are found.
func (d *automaton) accept(c *cache, row uint32, hits, suspects []uint64) bool {
	at := int(row) + d.maskAt
	found := true
	for i, all := range d.all {
		found = d.note(i, c.word(at+2*i), hits, suspects)&all == all && found
	}
	return found
}

// note adds a word of the automaton's hits.
func (d *automaton) note(i int, word uint64, hits, suspects []uint64) uint64 {
	at := d.firstBit>>6 + i
	hits[at] |= word & d.sure[i]
	suspects[at] |= word &^ d.sure[i]
	return hits[at] | suspects[at]
}

// run is scan, and where that gives up, the same in smaller parts, down to
// single patterns. Those that give up too count as hits: it reports false.
func (d *automaton) run(v string, hits, suspects []uint64) (exact bool) {
	if d.scan(v, hits, suspects) {
		return true
	}
	d.counters.bails.Add(1)
	parts := d.parts()
	if parts == nil {
		for i, all := range d.all {
			d.note(i, all, hits, suspects)
		}
		return false
	}
	exact = true
	for _, part := range parts {
		if !part.found(hits, suspects) && !part.run(v, hits, suspects) {
			exact = false
		}
	}
	return exact
}

func (d *automaton) found(hits, suspects []uint64) bool {
	for i, all := range d.all {
		if d.note(i, 0, hits, suspects)&all != all {
			return false
		}
	}
	return true
}

func isASCII(v string) bool {
	for len(v) >= 8 {
		if (uint64(v[0])|uint64(v[1])<<8|uint64(v[2])<<16|uint64(v[3])<<24|
			uint64(v[4])<<32|uint64(v[5])<<40|uint64(v[6])<<48|uint64(v[7])<<56)&0x8080808080808080 != 0 {
			return false
		}
		v = v[8:]
	}
	for i := range len(v) {
		if v[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
