package dfa

import "unsafe"

// Words finds which of several lists have a word in a text, as Coraza's @pm
// and @pmFromFile do: anywhere in it, and ASCII letters in either case. It
// does not change once built, and is safe for concurrent use.
//
// A list with an empty word, as "@pm a  b" has, hits in every text; Coraza's
// matcher has such a list hit in some only.
//
// It is an Aho-Corasick automaton. Its states stand in breadth-first order:
// the first, which texts are in nearly always, have a row of transitions; the
// deeper ones, most of them, only their edges and a link to a shallower state.
type Words struct {
	lists  int
	always []uint64  // hits of lists with an empty word
	all    []uint64  // hits of all lists that can have any
	class  [256]byte // of a byte, with ASCII letters folded; 0: in no word
	// skipped is the class of the bytes that a scan skips: those of texts whose blanks
	// are to be ignored. 0: none.
	skipped byte
	stride  uint32 // classes

	// A state is its row's index in rows, or beyond them dense plus a number.
	// As a transition it carries the flag accepts.
	rows  []uint32
	dense uint32
	first []uint32 // where a sparse state's edges begin, one more at the end
	label []byte
	to    []uint32
	fail  []uint32

	required *[256]bool // as in a Set
	begins   [256]bool  // bytes that begin a word
	few      bool       // of them

	marks []uint32 // by state in breadth-first order, the index of its hits
	hits  []uint64 // in pieces of (lists+63)/64
}

// maxRowBytes bounds the rows. CRS's lists have some 60,000 states, and all
// their rows would take 15 MB.
const maxRowBytes = 2 << 20

// Words is the length that Scan needs hits to have.
func (w *Words) Words() int { return len(w.all) }

// Bytes is the memory that it holds.
func (w *Words) Bytes() int {
	return int(unsafe.Sizeof(*w)) + 4*(len(w.rows)+len(w.first)+len(w.to)+len(w.fail)+len(w.marks)) + len(w.label) + 8*len(w.hits)
}

// Scan sets bit i if v has any word of the list i. Bits that are set already
// stay so.
func (w *Words) Scan(v string, hits []uint64) {
	for i, always := range w.always {
		hits[i] |= always
	}
	if w.have(hits) || w.RulesOut(v) {
		return
	}
	if w.few {
		w.scanFew(v, hits)
		return
	}
	state := uint32(0)
	for i := 0; i < len(v); i++ {
		if state < w.dense {
			n := 0
			n, state = glideRows(w.rows, &w.class, v[i:], state, w.dense)
			if i += n; i == len(v) {
				return
			}
			state = w.rows[state+uint32(w.class[v[i]])]
		} else {
			state = w.deep(state, w.class[v[i]])
		}
		if state&accepts != 0 {
			state &^= accepts
			if w.mark(state, hits) {
				return
			}
		}
	}
}

// RulesOut reports whether v has none of the bytes without which no word is found. They
// are neither letters, digits nor blanks.
func (w *Words) RulesOut(v string) bool {
	return w.lists == 0 || w.required != nil && !hasAny(w.required, v)
}

// scanFew is Scan where most bytes begin no word: it skips them.
func (w *Words) scanFew(v string, hits []uint64) {
	state := uint32(0)
	for i := 0; i < len(v); i++ {
		if state == 0 && !w.begins[v[i]] {
			continue
		}
		if class := w.class[v[i]]; state < w.dense {
			state = w.rows[state+uint32(class)]
		} else {
			state = w.deep(state, class)
		}
		if state&accepts != 0 {
			state &^= accepts
			if w.mark(state, hits) {
				return
			}
		}
	}
}

// glideRows follows transitions between states that have rows and no hits.
//
//go:noinline
func glideRows(rows []uint32, class *[256]byte, v string, state, dense uint32) (n int, last uint32) {
	for n < len(v) {
		to := rows[state+uint32(class[v[n]])]
		if to >= dense { // a deep state, or accepts
			break
		}
		state = to
		n++
	}
	return n, state
}

// deep is the transition of a state without a row.
func (w *Words) deep(state uint32, class byte) uint32 {
	if class == w.skipped && class != 0 {
		return state
	}
	for state >= w.dense {
		n := state - w.dense
		for e := w.first[n]; e < w.first[n+1]; e++ {
			if w.label[e] == class {
				return w.to[e]
			}
		}
		state = w.fail[n]
	}
	return w.rows[state+uint32(class)]
}

// mark adds the state's hits, and says whether none is left to find.
func (w *Words) mark(state uint32, hits []uint64) bool {
	number := state / w.stride
	if state >= w.dense {
		number = w.dense/w.stride + state - w.dense
	}
	at := int(w.marks[number]) * len(w.all)
	changed := false
	for i, found := range w.hits[at : at+len(w.all)] {
		changed = changed || found&^hits[i] != 0
		hits[i] |= found
	}
	return changed && w.have(hits)
}

func (w *Words) have(hits []uint64) bool {
	for i, all := range w.all {
		if hits[i]&all != all {
			return false
		}
	}
	return true
}
