package filter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// jsonReader turns JSON tokens into nodes. encoding/json tells only where a
// token ends; the reader follows the text itself to know lines and columns.
type jsonReader struct {
	treeBuilder
	doc     []byte
	decoder *json.Decoder
	offset  int // of where
	where   place
}

func readJSON(doc []byte) (*node, error) {
	r := &jsonReader{doc: doc, decoder: json.NewDecoder(bytes.NewReader(doc)), where: place{1, 1}}
	r.decoder.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if at, _, err := r.token(); !errors.Is(err, io.EOF) {
		return nil, &ConfigError{Line: at.line, Column: at.column, Problem: "not JSON: the document goes on after its closing brace"}
	}
	return root, nil
}

// token returns the next token and where it begins.
func (r *jsonReader) token() (place, json.Token, error) {
	start := int(r.decoder.InputOffset())
	for start < len(r.doc) && strings.IndexByte(" \t\r\n,:", r.doc[start]) >= 0 {
		start++
	}
	at := r.advance(start)
	tok, err := r.decoder.Token()
	if err == nil || errors.Is(err, io.EOF) {
		return at, tok, err
	}
	problem := "not JSON: " + strings.TrimPrefix(err.Error(), "json: ")
	if errors.Is(err, io.ErrUnexpectedEOF) {
		problem, at = "not JSON: the document ends too early", r.advance(len(r.doc))
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && int(syntax.Offset) > r.offset {
		at = r.advance(min(int(syntax.Offset)-1, len(r.doc)))
	}
	return at, nil, &ConfigError{Line: at.line, Column: at.column, Problem: problem}
}

func (r *jsonReader) advance(to int) place {
	for ; r.offset < to; r.offset++ {
		switch c := r.doc[r.offset]; {
		case c == '\n':
			r.where = place{r.where.line + 1, 1}
		case utf8.RuneStart(c):
			r.where.column++
		}
	}
	return r.where
}

func (r *jsonReader) value(depth int) (*node, error) {
	at, tok, err := r.token()
	if errors.Is(err, io.EOF) {
		return nil, &ConfigError{Line: at.line, Column: at.column, Problem: "not JSON: the document ends too early"}
	}
	if err != nil {
		return nil, err
	}
	if err := r.enter(at, depth); err != nil {
		return nil, err
	}
	switch t := tok.(type) {
	case json.Delim:
		if t == '{' {
			return r.object(at, depth)
		}
		return r.array(at, depth)
	case string:
		return &node{kind: stringNode, place: at, text: t, textLine: at.line}, nil
	case json.Number:
		return &node{kind: numberNode, place: at, text: t.String()}, nil
	case bool:
		return &node{kind: boolNode, place: at, text: fmt.Sprint(t)}, nil
	}
	return &node{kind: nullNode, place: at}, nil
}

func (r *jsonReader) object(at place, depth int) (*node, error) {
	var entries []entry
	for r.decoder.More() {
		keyAt, tok, err := r.token()
		if err != nil {
			return nil, err
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		key, _ := tok.(string) // encoding/json has refused any other key
		entries = append(entries, entry{keyAt, key, v})
	}
	if err := r.closing(); err != nil {
		return nil, err
	}
	return mapOf(at, entries)
}

func (r *jsonReader) array(at place, depth int) (*node, error) {
	n := &node{kind: listNode, place: at}
	for r.decoder.More() {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, v)
	}
	return n, r.closing()
}

func (r *jsonReader) closing() error {
	at, _, err := r.token()
	if errors.Is(err, io.EOF) {
		return &ConfigError{Line: at.line, Column: at.column, Problem: "not JSON: the document ends too early"}
	}
	return err
}
