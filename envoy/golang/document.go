package golang

import (
	"bytes"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// document returns the config document that an Any carries: the text of a
// StringValue or BytesValue, or a Struct or TypedStruct as JSON. An Any without
// a type (no plugin_config was written) is an empty document, which asks for the
// embedded rules.
func document(config *anypb.Any) ([]byte, error) {
	switch name := config.MessageName(); name {
	case "":
		return nil, nil
	case "google.protobuf.StringValue":
		var text wrapperspb.StringValue
		err := config.UnmarshalTo(&text)
		return []byte(text.GetValue()), err
	case "google.protobuf.BytesValue":
		var text wrapperspb.BytesValue
		err := config.UnmarshalTo(&text)
		return text.GetValue(), err
	case "google.protobuf.Struct":
		return structDocument(config.GetValue())
	case "xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct":
		value, err := typedStructValue(config.GetValue())
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		return structDocument(value)
	default:
		return nil, fmt.Errorf("plugin_config is a %s; write a xds.type.v3.TypedStruct, a google.protobuf.Struct or a google.protobuf.StringValue", name)
	}
}

// structDocument renders an encoded Struct as JSON, keys in order.
func structDocument(encoded []byte) ([]byte, error) {
	var s structpb.Struct
	if err := proto.Unmarshal(encoded, &s); err != nil {
		return nil, fmt.Errorf("reading google.protobuf.Struct: %w", err)
	}
	var doc bytes.Buffer
	enc := json.NewEncoder(&doc)
	enc.SetEscapeHTML(false) // SecLang is full of <, > and &
	if err := enc.Encode(s.AsMap()); err != nil {
		return nil, fmt.Errorf("rendering google.protobuf.Struct as JSON: %w", err)
	}
	return doc.Bytes(), nil
}

// typedStructValue returns the encoded value of a TypedStruct: {string type_url
// = 1; google.protobuf.Struct value = 2;}. It reads the wire format because the
// generated type would bring CEL, validation and API packages into the shared
// object for the sake of one field.
func typedStructValue(encoded []byte) ([]byte, error) {
	const valueField = 2
	var value []byte
	for len(encoded) > 0 {
		number, kind, n := protowire.ConsumeTag(encoded)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		encoded = encoded[n:]
		if number == valueField && kind == protowire.BytesType {
			part, n := protowire.ConsumeBytes(encoded)
			if n < 0 {
				return nil, protowire.ParseError(n)
			}
			value = append(value, part...) // parts of one message concatenate (protobuf encoding, "Last One Wins")
			encoded = encoded[n:]
			continue
		}
		n = protowire.ConsumeFieldValue(number, kind, encoded)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		encoded = encoded[n:]
	}
	return value, nil
}
