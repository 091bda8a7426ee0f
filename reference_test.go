package seawall_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

const (
	referenceBegin = "<!-- reference: written by `go test . -run TestReference -update` -->\n"
	referenceEnd   = "<!-- end of reference -->\n"
)

// TestReference keeps README.md's reference equal to the schema, which another
// test keeps equal to the decoder.
func TestReference(t *testing.T) {
	text := read(t, "README.md")
	before, rest, ok := strings.Cut(text, referenceBegin)
	require.True(t, ok)
	got, after, ok := strings.Cut(rest, referenceEnd)
	require.True(t, ok)
	want := reference(t)
	if *update {
		require.NoError(t, os.WriteFile("README.md", []byte(before+referenceBegin+want+referenceEnd+after), 0o644))
		return
	}
	assert.Equal(t, want, got, "go test . -run TestReference -update")
}

// schema is what the reference shows of a JSON Schema.
type schema struct {
	Ref         string `json:"$ref"`
	Description string
	Type        string
	Enum        []string
	Default     any
	Required    []string
	Properties  properties
	Defs        map[string]*schema `json:"$defs"`
	Additional  json.RawMessage    `json:"additionalProperties"`
}

// properties keeps the order in which the schema lists the keys.
type properties []property

type property struct {
	name string
	schema
}

func (p *properties) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	if _, err := decoder.Token(); err != nil { // the opening brace
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		one := property{name: fmt.Sprint(name)}
		if err := decoder.Decode(&one.schema); err != nil {
			return err
		}
		*p = append(*p, one)
	}
	return nil
}

func reference(t *testing.T) string {
	t.Helper()
	var root schema
	require.NoError(t, json.Unmarshal(filter.Schema, &root))
	var b strings.Builder
	table(&b, "The document", &root)
	for _, part := range []struct{ title, def string }{
		{"`policies.<name>`", "policy"},
		{"`request_body`, `response_body`", "body"},
		{"`block_response`", "block"},
	} {
		require.Contains(t, root.Defs, part.def)
		table(&b, part.title, root.Defs[part.def])
	}
	return b.String() + "\n"
}

func table(b *strings.Builder, title string, s *schema) {
	fmt.Fprintf(b, "\n#### %s\n\n| key | type | default | meaning |\n|---|---|---|---|\n", title)
	for _, p := range s.Properties {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", p.name, typeOf(&p.schema), defaultOf(&p, s), strings.ReplaceAll(p.Description, "|", `\|`))
	}
}

func typeOf(s *schema) string {
	switch s.Ref {
	case "#/$defs/directives":
		return "text, or a list of texts"
	case "#/$defs/body", "#/$defs/block":
		return "a map, below"
	case "#/$defs/bytes":
		return "bytes"
	}
	switch {
	case len(s.Enum) > 0:
		return "`" + strings.Join(s.Enum, "`, `") + "`"
	case s.Type == "object" && strings.Contains(string(s.Additional), "#/$defs/policy"):
		return "a map of name to policy, below"
	case s.Type == "object":
		return "a map of texts"
	case s.Type == "string":
		return "text"
	case s.Type == "boolean":
		return "`true`, `false`"
	}
	return s.Type
}

func defaultOf(p *property, in *schema) string {
	switch value := p.Default.(type) {
	case nil:
		if slices.Contains(in.Required, p.name) {
			return "required"
		}
		return ""
	case map[string]any:
		return "none"
	case float64:
		return fmt.Sprintf("`%d`", int(value))
	default:
		return fmt.Sprintf("`%v`", value)
	}
}
