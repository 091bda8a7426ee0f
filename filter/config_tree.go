package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// A node is one value of a config document, with its place there. JSON and YAML
// are both read into nodes, so that one strict decoder serves both and every
// error can say where.
type node struct {
	kind nodeKind
	place
	// text is a string's value; of a bool or a number, what was written.
	text string
	// textLine is the line of the document where a string's first character
	// stands (the line after the "|" of a YAML block).
	textLine int
	// folded: YAML made one line of several.
	folded  bool
	items   []*node // of a list
	entries []entry // of a map, in the order of the document, keys distinct
}

type entry struct {
	place // of the key
	key   string
	value *node
}

// place is 1-based; the column counts characters. The zero place is unknown.
type place struct{ line, column int }

type nodeKind uint8

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	stringNode
	listNode
	mapNode
)

func (n *node) String() string {
	switch n.kind {
	case boolNode, numberNode:
		return n.text
	case stringNode:
		return fmt.Sprintf("%q", shorten(n.text))
	case listNode:
		return "a list"
	case mapNode:
		return "a map"
	}
	return "null"
}

// get returns the entry of a map, or nil.
func (n *node) get(key string) *entry {
	for i := range n.entries {
		if n.entries[i].key == key {
			return &n.entries[i]
		}
	}
	return nil
}

// Bounds that keep the reading of any document short: the YAML parser's time
// grows with the square of what it is given.
const (
	maxDepth  = 32
	maxValues = 10_000 // maps, lists and scalars
)

// treeBuilder enforces what JSON and YAML documents have in common.
type treeBuilder struct{ values int }

func (b *treeBuilder) enter(at place, depth int) error {
	b.values++
	if b.values > maxValues {
		return tooManyValues(at)
	}
	if depth > maxDepth {
		return &ConfigError{Line: at.line, Column: at.column, Problem: fmt.Sprintf("nested more than %d deep", maxDepth)}
	}
	return nil
}

func tooManyValues(at place) error {
	return &ConfigError{Line: at.line, Column: at.column, Problem: fmt.Sprintf("the document holds more than %d values; put the rules into files and Include them", maxValues)}
}

// mapOf makes a map node; a key that is written twice is an error, for one of
// the two would be ignored.
func mapOf(at place, entries []entry) (*node, error) {
	first := make(map[string]place, len(entries))
	for _, e := range entries {
		if p, twice := first[e.key]; twice {
			return nil, &ConfigError{Line: e.line, Column: e.column, Problem: fmt.Sprintf("key %q is written twice, first on line %d", shorten(e.key), p.line)}
		}
		first[e.key] = e.place
	}
	return &node{kind: mapNode, place: at, entries: entries}, nil
}

// readDocument reads a whole config document. An empty one (no bytes, spaces,
// YAML comments) is an empty map.
func readDocument(doc []byte) (*node, error) {
	if len(doc) > MaxDocumentBytes {
		return nil, fmt.Errorf("the config document has %d bytes, over the limit of %d; put the rules into files and Include them", len(doc), MaxDocumentBytes)
	}
	if !utf8.Valid(doc) {
		return nil, errors.New("the config document is not valid UTF-8")
	}
	doc = bytes.TrimPrefix(doc, []byte("\ufeff"))
	// Envoy hands a StringValue over as it is or, from a Struct, as a JSON string.
	// YAML may begin with a quoted key, hence the test that all of it is a string.
	var inner string
	if trimmed := bytes.TrimSpace(doc); bytes.HasPrefix(trimmed, []byte(`"`)) && json.Unmarshal(trimmed, &inner) == nil {
		doc = []byte(inner)
	}
	trimmed := bytes.TrimSpace(doc)
	if len(trimmed) == 0 {
		return &node{kind: mapNode}, nil
	}
	if trimmed[0] == '{' {
		return readJSON(doc)
	}
	return readYAML(string(doc))
}
