package dfa

import (
	"encoding/binary"
	"slices"
	"strings"
)

// NewWords builds the automaton. Words are lowered as Coraza lowers them, the
// letters beyond ASCII once, here; in a text only ASCII letters are.
func NewWords(lists [][]string) *Words {
	n := (len(lists) + 63) / 64
	w := &Words{lists: len(lists), always: make([]uint64, n), all: make([]uint64, n)}
	t := newTrie(n)
	for i, list := range lists {
		for _, word := range list {
			if w.all[i>>6] |= 1 << (i & 63); word == "" {
				w.always[i>>6] |= 1 << (i & 63)
			} else {
				t.add(strings.ToLower(word), i)
			}
		}
	}
	w.fold(t)
	w.lay(t, t.breadthFirst())
	return w
}

// trie holds the words, and their hits at its nodes. Node 0 is the root.
type trie struct {
	nodes []trieNode
	words int // of hits
}

type trieNode struct {
	edges map[byte]int
	hits  []uint64
	fail  int
}

func newTrie(words int) *trie {
	return &trie{words: words, nodes: []trieNode{{hits: make([]uint64, words)}}}
}

func (t *trie) add(word string, list int) {
	at := 0
	for i := range len(word) {
		next, known := t.nodes[at].edges[foldASCII(word[i])]
		if !known {
			next = len(t.nodes)
			t.nodes = append(t.nodes, trieNode{hits: make([]uint64, t.words)})
			if t.nodes[at].edges == nil {
				t.nodes[at].edges = map[byte]int{}
			}
			t.nodes[at].edges[foldASCII(word[i])] = next
		}
		at = next
	}
	t.nodes[at].hits[list>>6] |= 1 << (list & 63)
}

func foldASCII(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b | 0x20
	}
	return b
}

func (n *trieNode) labels() []byte {
	labels := make([]byte, 0, len(n.edges))
	for b := range n.edges {
		labels = append(labels, b)
	}
	slices.Sort(labels)
	return labels
}

// breadthFirst links each node to the one of its longest proper suffix, adds
// that one's hits, and returns the nodes in order.
func (t *trie) breadthFirst() []int {
	order := []int{0}
	for i := 0; i < len(order); i++ {
		node := &t.nodes[order[i]]
		for _, b := range node.labels() {
			child := node.edges[b]
			order = append(order, child)
			if order[i] == 0 {
				continue // a child of the root falls back to the root
			}
			fail := t.step(node.fail, b)
			t.nodes[child].fail = fail
			for j, hits := range t.nodes[fail].hits {
				t.nodes[child].hits[j] |= hits
			}
		}
	}
	return order
}

func (t *trie) step(at int, b byte) int {
	for {
		if next, ok := t.nodes[at].edges[b]; ok {
			return next
		}
		if at == 0 {
			return 0
		}
		at = t.nodes[at].fail
	}
}

// fold numbers the bytes that words have.
func (w *Words) fold(t *trie) {
	var used [256]bool
	for _, n := range t.nodes {
		for b := range n.edges {
			used[b] = true
		}
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
}

// lay writes the states down in order.
func (w *Words) lay(t *trie, order []int) {
	rows := min(len(order), maxRowBytes/4/int(w.stride))
	w.dense = uint32(rows) * w.stride
	state := make([]uint32, len(t.nodes))
	marks := map[string]uint32{}
	for i, node := range order {
		state[node] = uint32(i) * w.stride
		if i >= rows {
			state[node] = w.dense + uint32(i-rows)
		}
		var key []byte
		for _, hits := range t.nodes[node].hits {
			key = binary.LittleEndian.AppendUint64(key, hits)
			if hits != 0 {
				state[node] |= accepts
			}
		}
		mark, known := marks[string(key)]
		if !known {
			mark = uint32(len(marks))
			marks[string(key)] = mark
			w.hits = append(w.hits, t.nodes[node].hits...)
		}
		w.marks = append(w.marks, mark)
	}
	w.rows = make([]uint32, w.dense)
	for i, node := range order {
		n := &t.nodes[node]
		fail := state[n.fail] &^ accepts
		if i < rows {
			row := w.rows[i*int(w.stride):][:w.stride]
			if i > 0 { // the row of a shallower state, which is written already
				copy(row, w.rows[fail:])
			}
			for b, child := range n.edges {
				row[w.class[b]] = state[child]
			}
			continue
		}
		w.fail = append(w.fail, fail)
		w.first = append(w.first, uint32(len(w.label)))
		for _, b := range n.labels() {
			w.label = append(w.label, w.class[b])
			w.to = append(w.to, state[n.edges[b]])
		}
	}
	w.first = append(w.first, uint32(len(w.label)))
}
