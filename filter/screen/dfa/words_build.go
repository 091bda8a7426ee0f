package dfa

import (
	"encoding/binary"
	"iter"
	"strings"
)

// NewWords builds the automaton. Words are lowered as Coraza lowers them, the
// letters beyond ASCII once, here; in a text only ASCII letters are.
func NewWords(lists [][]string) *Words { return newWords(lists, false) }

// NewBlanklessWords is NewWords for texts whose ASCII blanks are to be ignored.
func NewBlanklessWords(lists [][]string) *Words { return newWords(lists, true) }

func newWords(lists [][]string, blankless bool) *Words {
	n := (len(lists) + 63) / 64
	w := &Words{lists: len(lists), always: make([]uint64, n), all: make([]uint64, n)}
	t := newTrie(n)
	for i, list := range lists {
		for _, word := range list {
			if w.all[i>>6] |= 1 << (i & 63); word == "" {
				w.always[i>>6] |= 1 << (i & 63)
			} else if !blankless || !strings.ContainsAny(word, blanks) {
				t.add(strings.ToLower(word), i)
			}
		}
	}
	w.required = requiredOfWords(lists)
	w.fold(t, blankless)
	w.lay(t, t.breadthFirst())
	return w
}

// fewBeginnings are so few bytes that most of a text begins no word: then scans skip it.
const fewBeginnings = 8

// blanks are what Coraza's removeWhitespace drops of ASCII.
const blanks = " \t\n\v\f\r"

// trie holds the words, and their hits at its nodes. Node 0 is the root.
type trie struct {
	nodes []trieNode
	edges []trieEdge
	hits  []uint64 // by node, words of them
	words int
	root  [256]int32 // the root's edges, which are asked most; 0 for none
}

type trieNode struct{ edge, fail int32 } // edge: the first one; 0 for none

// trieEdge is one of a list that is sorted by label. Edge 0 ends the lists.
type trieEdge struct {
	to, next int32
	label    byte
}

func newTrie(words int) *trie {
	return &trie{words: words, nodes: make([]trieNode, 1), edges: make([]trieEdge, 1), hits: make([]uint64, words)}
}

func (t *trie) add(word string, list int) {
	at := int32(0)
	for i := range len(word) {
		at = t.child(at, foldASCII(word[i]))
	}
	t.hitsOf(at)[list>>6] |= 1 << (list & 63)
}

// child is the node behind a label, which is made if need be.
func (t *trie) child(at int32, label byte) int32 {
	before, e := int32(0), t.nodes[at].edge
	for e != 0 && t.edges[e].label < label {
		before, e = e, t.edges[e].next
	}
	if e != 0 && t.edges[e].label == label {
		return t.edges[e].to
	}
	made, node := int32(len(t.edges)), int32(len(t.nodes))
	t.edges = append(t.edges, trieEdge{to: node, next: e, label: label})
	t.nodes = append(t.nodes, trieNode{})
	for range t.words {
		t.hits = append(t.hits, 0)
	}
	if before == 0 {
		t.nodes[at].edge = made
	} else {
		t.edges[before].next = made
	}
	if at == 0 {
		t.root[label] = node
	}
	return node
}

func (t *trie) hitsOf(node int32) []uint64 { return t.hits[int(node)*t.words:][:t.words] }

// edgesOf yields a node's edges by label.
func (t *trie) edgesOf(node int32) iter.Seq2[byte, int32] {
	return func(yield func(byte, int32) bool) {
		for e := t.nodes[node].edge; e != 0 && yield(t.edges[e].label, t.edges[e].to); e = t.edges[e].next {
		}
	}
}

func foldASCII(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b | 0x20
	}
	return b
}

// breadthFirst links each node to the one of its longest proper suffix, adds
// that one's hits, and returns the nodes in order.
func (t *trie) breadthFirst() []int32 {
	order := make([]int32, 1, len(t.nodes))
	for i := 0; i < len(order); i++ {
		for b, child := range t.edgesOf(order[i]) {
			order = append(order, child)
			if order[i] == 0 {
				continue // a child of the root falls back to the root
			}
			fail := t.step(t.nodes[order[i]].fail, b)
			t.nodes[child].fail = fail
			hits := t.hitsOf(child)
			for j, more := range t.hitsOf(fail) {
				hits[j] |= more
			}
		}
	}
	return order
}

func (t *trie) step(at int32, b byte) int32 {
	for at != 0 {
		for label, next := range t.edgesOf(at) {
			if label == b {
				return next
			}
		}
		at = t.nodes[at].fail
	}
	return t.root[b]
}

// fold numbers the bytes that words have.
func (w *Words) fold(t *trie, blankless bool) {
	var used [256]bool
	for _, e := range t.edges[1:] {
		used[e.label] = true
	}
	w.stride = 1
	for b, is := range used {
		// Every byte in use would take 231 classes, for A to Z have none.
		if is {
			w.class[b] = byte(w.stride)
			w.stride++
		}
	}
	for b := byte('A'); b <= 'Z'; b++ {
		w.class[b] = w.class[foldASCII(b)]
	}
	beginnings := 0
	for b := range w.begins {
		if w.begins[b] = t.root[foldASCII(byte(b))] != 0; w.begins[b] {
			beginnings++
		}
	}
	w.few = beginnings <= fewBeginnings
	if blankless {
		w.skipped = byte(w.stride)
		w.stride++
		for i := range len(blanks) {
			w.class[blanks[i]] = w.skipped
		}
	}
}

// lay writes the states down in order.
func (w *Words) lay(t *trie, order []int32) {
	rows := min(len(order), maxRowBytes/4/int(w.stride))
	w.dense = uint32(rows) * w.stride
	state := make([]uint32, len(t.nodes))
	marks := map[string]uint32{}
	var key []byte
	w.marks = make([]uint32, 0, len(order))
	for i, node := range order {
		state[node] = uint32(i) * w.stride
		if i >= rows {
			state[node] = w.dense + uint32(i-rows)
		}
		key = key[:0]
		for _, hits := range t.hitsOf(node) {
			key = binary.LittleEndian.AppendUint64(key, hits)
			if hits != 0 {
				state[node] |= accepts
			}
		}
		mark, known := marks[string(key)]
		if !known {
			mark = uint32(len(marks))
			marks[string(key)] = mark
			w.hits = append(w.hits, t.hitsOf(node)...)
		}
		w.marks = append(w.marks, mark)
	}
	w.rows = make([]uint32, w.dense)
	for i, node := range order {
		fail := state[t.nodes[node].fail] &^ accepts
		if i < rows {
			row := w.rows[i*int(w.stride):][:w.stride]
			if i > 0 { // the row of a shallower state, which is written already
				copy(row, w.rows[fail:])
			}
			for b, child := range t.edgesOf(node) {
				row[w.class[b]] = state[child]
			}
			if w.skipped != 0 {
				row[w.skipped] = state[node] &^ accepts
			}
			continue
		}
		w.fail = append(w.fail, fail)
		w.first = append(w.first, uint32(len(w.label)))
		for b, child := range t.edgesOf(node) {
			w.label = append(w.label, w.class[b])
			w.to = append(w.to, state[child])
		}
	}
	w.first = append(w.first, uint32(len(w.label)))
}
