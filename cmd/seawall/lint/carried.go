package lint

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// carried is the document that a door's config holds, as Envoy hands it to the
// filter, with its lines where they stand in the file.
func (e *envoyFile) carried(config *node, d *document) (problem string) {
	if config == nil {
		return "" // an empty document, which asks for the default rules
	}
	kind := config.get("@type").string()
	value := config.get("value")
	switch kind[strings.LastIndexByte(kind, '/')+1:] {
	case "google.protobuf.StringValue":
		if value != nil {
			d.text, d.line = value.text, value.textLine
			d.oneLine = !value.block
		}
	case "google.protobuf.BytesValue":
		decoded, err := base64.StdEncoding.DecodeString(value.string())
		if err != nil {
			return "the value of a BytesValue is not base64; write a google.protobuf.StringValue, whose value is the text"
		}
		d.text, d.line, d.oneLine = string(decoded), config.line, true
	case "google.protobuf.Struct", "xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct":
		if value == nil {
			return ""
		}
		if value.kind != mapping {
			return fmt.Sprintf("the value of a %s is no map; write the config's keys under value", kind[strings.LastIndexByte(kind, '/')+1:])
		}
		if value.flow || e.json {
			d.text, d.noColumns = asJSON(value), true
		} else {
			d.text = e.alone(value)
		}
		d.line = 1
	default:
		return fmt.Sprintf("the config is a %q; write a google.protobuf.StringValue, or a google.protobuf.Struct", kind)
	}
	return ""
}

// alone is the file with everything but a block map blanked, so that each line
// stays where it is. The map ends before the first line that is indented less.
func (e *envoyFile) alone(value *node) string {
	lines := strings.SplitAfter(e.text, "\n")
	var b strings.Builder
	ended := false
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		indent := len(line) - len(strings.TrimLeft(line, " "))
		inside := i+1 >= value.line && !ended
		switch {
		case i+1 == value.line:
			column := min(value.column-1, len(line)) // "- " or "value:" may stand before it
			b.WriteString(strings.Repeat(" ", column) + line[column:])
			continue
		case inside && trimmed != "" && indent < value.column-1 && trimmed[0] != '#':
			ended = true
		case inside && (trimmed == "" || indent >= value.column-1):
			b.WriteString(line)
			continue
		}
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// asJSON writes a value as Envoy hands a Struct on, each key on the line where it
// stands in the file.
func asJSON(value *node) string {
	w := &jsonWriter{line: 1}
	w.value(value)
	return w.String()
}

type jsonWriter struct {
	strings.Builder
	line int
}

func (w *jsonWriter) value(n *node) {
	for ; w.line < n.line; w.line++ {
		w.WriteByte('\n')
	}
	switch n.kind {
	case mapping:
		w.WriteByte('{')
		for i, e := range n.entries {
			if i > 0 {
				w.WriteByte(',')
			}
			for ; w.line < e.line; w.line++ {
				w.WriteByte('\n')
			}
			w.quoted(e.key)
			w.WriteByte(':')
			w.value(e.value)
		}
		w.WriteByte('}')
	case list:
		w.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				w.WriteByte(',')
			}
			w.value(item)
		}
		w.WriteByte(']')
	case text:
		w.quoted(n.text)
	default:
		if json.Valid([]byte(n.text)) {
			w.WriteString(n.text)
		} else if n.text == "" {
			w.WriteString("null")
		} else {
			w.quoted(n.text)
		}
	}
}

func (w *jsonWriter) quoted(s string) {
	encoded, _ := json.Marshal(s) // a string always encodes
	w.Write(encoded)
}
