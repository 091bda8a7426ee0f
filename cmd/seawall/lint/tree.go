package lint

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

// A node is a value of an Envoy configuration with its place. Unlike a config
// document, it may use all of YAML: anchors, tags and several documents.
type node struct {
	kind         nodeKind
	line, column int
	text         string // of a scalar
	// textLine is where text begins; block: line n of text is line textLine+n-1.
	textLine int
	block    bool
	flow     bool // written with braces, or not as it stands (an alias)
	items    []*node
	entries  []entry
}

type entry struct {
	key   string
	line  int
	value *node
}

type nodeKind uint8

const (
	plain nodeKind = iota // null, a bool, a number
	text
	list
	mapping
)

// get follows keys through maps; nil where one is missing.
func (n *node) get(keys ...string) *node {
	for _, key := range keys {
		if n == nil {
			return nil
		}
		var next *node
		for _, e := range n.entries {
			if e.key == key {
				next = e.value
			}
		}
		n = next
	}
	return n
}

// string is a scalar's text, "" for anything else.
func (n *node) string() string {
	if n == nil {
		return ""
	}
	return n.text
}

// Bounds of what is read: the parser's time grows with the square of a map's width,
// to some 5 s at this many tokens, four to a line; and it recurses.
const (
	maxEnvoyTokens = 100_000
	maxEnvoyDepth  = 100
)

// readTree reads YAML or JSON, which is YAML but for tabs.
func readTree(file string) (roots []*node, err error) {
	defer func() {
		// The parser is not ours and the file may be anything.
		if p := recover(); p != nil {
			roots, err = nil, fmt.Errorf("cannot be read as YAML: %v", p)
		}
	}()
	if err := checkDepth(file); err != nil {
		return nil, err
	}
	if strings.HasPrefix(strings.TrimSpace(file), "{") {
		file = strings.ReplaceAll(file, "\t", " ") // JSON has no raw tab in a string
	}
	tokens := lexer.Tokenize(file)
	if len(tokens) > maxEnvoyTokens {
		return nil, fmt.Errorf("%d tokens, over the limit of %d; cut out the listeners and routes with Seawall in them", len(tokens), maxEnvoyTokens)
	}
	parsed, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, err
	}
	for _, doc := range parsed.Docs {
		if doc.Body == nil {
			continue
		}
		r := treeReader{anchors: map[string]*node{}}
		root, err := r.read(doc.Body, 0)
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
	}
	return roots, nil
}

// checkDepth bounds brackets and dashes before the parser, which recurses, sees them.
func checkDepth(file string) error {
	depth := 0
	for line := range strings.Lines(file) {
		dashes := 0
		for _, c := range line {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			case '-':
				dashes++
			case ' ':
			default:
				dashes = 0
			}
			if depth > 10*maxEnvoyDepth || dashes > 10*maxEnvoyDepth {
				return fmt.Errorf("nested too deep")
			}
		}
	}
	return nil
}

type treeReader struct{ anchors map[string]*node }

func (r *treeReader) read(v ast.Node, depth int) (*node, error) {
	if depth > maxEnvoyDepth {
		return nil, errors.New("nested too deep")
	}
	n := &node{}
	if t := v.GetToken(); t != nil && t.Position != nil {
		n.line, n.column = t.Position.Line, t.Position.Column
	}
	var err error
	switch v := v.(type) {
	case *ast.AnchorNode:
		if n, err = r.read(v.Value, depth+1); err == nil {
			r.anchors[v.Name.GetToken().Value] = n
		}
		return n, err
	case *ast.AliasNode:
		if known := r.anchors[v.Value.GetToken().Value]; known != nil {
			n = new(*known)
			n.flow = true
		}
		return n, nil
	case *ast.TagNode:
		return r.read(v.Value, depth+1)
	case *ast.MappingNode:
		n.flow = v.IsFlowStyle
		err = r.entries(n, v.Values, depth)
	case *ast.MappingValueNode:
		err = r.entries(n, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		n.kind, n.flow = list, v.IsFlowStyle
		for _, item := range v.Values {
			child, err := r.read(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, child)
			n.flow = n.flow || child.flow
		}
	case *ast.LiteralNode:
		n.kind, n.text, n.textLine = text, v.Value.Value, n.line+1
		n.block = strings.HasPrefix(v.GetToken().Value, "|")
	case *ast.StringNode:
		n.kind, n.text, n.textLine = text, v.Value, n.line
	case *ast.NullNode:
	default:
		n.text = v.GetToken().Value
	}
	return n, err
}

func (r *treeReader) entries(n *node, values []*ast.MappingValueNode, depth int) error {
	n.kind = mapping
	for i, v := range values {
		child, err := r.read(v.Value, depth+1)
		if err != nil {
			return err
		}
		at := v.Key.GetToken()
		if i == 0 && !n.flow {
			n.line, n.column = at.Position.Line, at.Position.Column // else that of its colon
		}
		n.entries = append(n.entries, entry{at.Value, at.Position.Line, child})
		n.flow = n.flow || child.flow
	}
	return nil
}
