package filter

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// readYAML reads the plain part of YAML: maps, lists and scalars in one
// document. Anchors, aliases, merge keys, tags and explicit keys are refused:
// what they hide (which value wins, what a text is) nobody should have to work
// out in a firewall's config.
func readYAML(doc string) (root *node, err error) {
	defer func() {
		// The parser is not ours and the document may be anything.
		if p := recover(); p != nil {
			root, err = nil, fmt.Errorf("the config document cannot be read as YAML: %v", p)
		}
	}()
	// YAML 1.2, 5.4: line breaks are read as "\n" whatever they are.
	doc = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(doc)
	tokens := lexer.Tokenize(doc)
	if err := refuseTokens(tokens); err != nil {
		return nil, err
	}
	// Duplicate keys are allowed here and refused by mapOf, as in JSON.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, yamlError(err)
	}
	if len(file.Docs) > 1 {
		return nil, &ConfigError{Line: placeOf(file.Docs[1].GetToken()).line, Problem: `a second document begins ("---"); the config is one document`}
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return &node{kind: mapNode}, nil
	}
	return new(yamlReader).value(file.Docs[0].Body, 0)
}

// maxTokens leaves room for maxValues: a map's entry has four tokens at most.
const maxTokens = 4*maxValues + 100

// refuseTokens bounds what the parser gets, whose time grows with the square of
// width and depth, and refuses what is not supported.
func refuseTokens(tokens token.Tokens) error {
	if len(tokens) > maxTokens {
		return tooManyValues(placeOf(tokens[maxTokens]))
	}
	depth, line, dashes := 0, 0, 0
	for _, t := range tokens {
		at := placeOf(t)
		if at.line != line {
			line, dashes = at.line, 0
		}
		problem := ""
		switch t.Type {
		case token.AliasType:
			problem = `"*" begins a YAML alias, which is not supported; put a text that begins with "*" in quotes`
		case token.AnchorType:
			problem = `"&" begins a YAML anchor, which is not supported; write the value out`
		case token.MergeKeyType:
			problem = `YAML merge keys ("<<") are not supported; write the keys out`
		case token.TagType:
			problem = "YAML tags are not supported; put a text that begins with \"!\" in quotes"
		case token.MappingKeyType:
			problem = `explicit YAML keys ("? key") are not supported; write "key: value"`
		case token.DirectiveType:
			problem = "YAML directives (%) are not supported"
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType:
			dashes++
		}
		if max(depth, dashes) > maxDepth {
			problem = fmt.Sprintf("nested more than %d deep", maxDepth)
		}
		if problem != "" {
			return &ConfigError{Line: at.line, Column: at.column, Problem: problem}
		}
	}
	return nil
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}

// yamlError takes place and message out of the parser's error, whose text is a
// picture of several lines.
func yamlError(err error) error {
	var syntax interface {
		error
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &syntax) {
		return fmt.Errorf("not YAML: %w", err)
	}
	at := placeOf(syntax.GetToken())
	return &ConfigError{Line: at.line, Column: at.column, Problem: "not YAML: " + syntax.GetMessage()}
}

type yamlReader struct{ treeBuilder }

func (r *yamlReader) value(v ast.Node, depth int) (*node, error) {
	t := v.GetToken()
	at := placeOf(t)
	if err := r.enter(at, depth); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *ast.MappingNode:
		return r.mapping(at, v.Values, depth)
	case *ast.MappingValueNode:
		return r.mapping(at, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		n := &node{kind: listNode, place: at}
		for _, item := range v.Values {
			child, err := r.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, child)
		}
		return n, nil
	case *ast.LiteralNode:
		return &node{kind: stringNode, place: at, text: v.Value.Value, textLine: at.line + 1, folded: strings.HasPrefix(t.Value, ">")}, nil
	case *ast.StringNode:
		if t.Type == token.StringType && strings.Contains(strings.TrimSpace(t.Origin), "\t") {
			return nil, &ConfigError{Line: at.line, Column: at.column, Problem: `a tab in a text without quotes: the YAML parser would drop it; put the text in quotes or begin it with "|"`}
		}
		return &node{kind: stringNode, place: at, text: v.Value, textLine: at.line, folded: strings.Contains(strings.TrimSpace(t.Origin), "\n")}, nil
	case *ast.BoolNode:
		return &node{kind: boolNode, place: at, text: fmt.Sprint(v.Value)}, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return &node{kind: numberNode, place: at, text: t.Value}, nil
	case *ast.NullNode:
		return &node{kind: nullNode, place: at}, nil
	}
	return nil, &ConfigError{Line: at.line, Column: at.column, Problem: fmt.Sprintf("a YAML %s is not supported here", strings.ToLower(v.Type().String()))}
}

func (r *yamlReader) mapping(at place, values []*ast.MappingValueNode, depth int) (*node, error) {
	var entries []entry
	for _, v := range values {
		t := v.Key.GetToken()
		keyAt := placeOf(t)
		switch v.Key.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		default:
			return nil, &ConfigError{Line: keyAt.line, Column: keyAt.column, Problem: "a key must be plain text"}
		}
		child, err := r.value(v.Value, depth+1)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{keyAt, t.Value, child})
	}
	// The parser places a block map at its first colon.
	if len(entries) > 0 {
		at = entries[0].place
	}
	return mapOf(at, entries)
}
