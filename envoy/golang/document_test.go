package golang

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// typedStruct encodes a TypedStruct of the given type as Envoy sends it: the
// value's fields may come in parts.
func typedStruct(t testing.TB, messageType string, parts ...map[string]any) *anypb.Any {
	encoded := protowire.AppendTag(nil, 1, protowire.BytesType)
	encoded = protowire.AppendString(encoded, "type.googleapis.com/seawall")
	for _, fields := range parts {
		s, err := structpb.NewStruct(fields)
		require.NoError(t, err)
		value, err := proto.Marshal(s)
		require.NoError(t, err)
		encoded = protowire.AppendTag(encoded, 2, protowire.BytesType)
		encoded = protowire.AppendBytes(encoded, value)
	}
	return &anypb.Any{TypeUrl: "type.googleapis.com/" + messageType, Value: encoded}
}

func packed(t testing.TB, m proto.Message) *anypb.Any {
	a, err := anypb.New(m)
	require.NoError(t, err)
	return a
}

func TestDocumentIsReadFromEveryKindOfMessage(t *testing.T) {
	fields := map[string]any{"b": "<&>\u00e9", "a": []any{1048576.0, true}}
	const asJSON = `{"a":[1048576,true],"b":"<&>é"}` + "\n"
	asStruct, err := structpb.NewStruct(fields)
	require.NoError(t, err)

	for _, tc := range []struct {
		name string
		any  *anypb.Any
		want string
	}{
		{"xds TypedStruct", typedStruct(t, "xds.type.v3.TypedStruct", fields), asJSON},
		{"udpa TypedStruct", typedStruct(t, "udpa.type.v1.TypedStruct", fields), asJSON},
		{"TypedStruct in parts", typedStruct(t, "xds.type.v3.TypedStruct", map[string]any{"a": 1.0}, map[string]any{"b": 2.0}), `{"a":1,"b":2}` + "\n"},
		{"TypedStruct without a value", typedStruct(t, "xds.type.v3.TypedStruct"), "{}\n"},
		{"Struct", packed(t, asStruct), asJSON},
		{"StringValue keeps its lines", packed(t, wrapperspb.String("a:\n  b\n")), "a:\n  b\n"},
		{"BytesValue", packed(t, wrapperspb.Bytes([]byte("a: b"))), "a: b"},
		{"no plugin_config", &anypb.Any{}, ""},
		{"nil", nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := document(tc.any)
			require.NoError(t, err)
			assert.Equal(t, tc.want, string(got))
		})
	}
}

func TestDocumentErrorsSayWhatWouldBeRight(t *testing.T) {
	broken := typedStruct(t, "xds.type.v3.TypedStruct", map[string]any{"a": 1.0})
	broken.Value = broken.Value[:len(broken.Value)-3]
	for _, tc := range []struct {
		name string
		any  *anypb.Any
		want string
	}{
		{"another message", packed(t, durationpb.New(1)), "plugin_config is a google.protobuf.Duration; write a xds.type.v3.TypedStruct"},
		{"cut short", broken, "reading xds.type.v3.TypedStruct"},
		{"not a Struct", &anypb.Any{TypeUrl: "type.googleapis.com/google.protobuf.Struct", Value: []byte{0xff}}, "reading google.protobuf.Struct"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := document(tc.any)
			require.ErrorContains(t, err, tc.want)
		})
	}
}
