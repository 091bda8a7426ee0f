package golangdoor

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The messages are encoded by hand, by golang.proto of Envoy 1.39.1: their
// generated types would bring all of Envoy's API into go.mod. A key that is not
// known here is an error: contribhost would not see it.

// encodeConfig encodes a golang.v3alpha.Config.
func encodeConfig(config map[string]any) ([]byte, error) {
	numbers := map[string]protowire.Number{"library_id": 1, "library_path": 2, "plugin_name": 3, "plugin_config": 4}
	var out []byte
	for _, key := range slices.Sorted(maps.Keys(config)) {
		number, known := numbers[key]
		switch {
		case key == "@type":
		case !known:
			return nil, fmt.Errorf("contribhost does not read %s", key)
		case key == "plugin_config":
			config, err := encodeAny(config[key])
			if err != nil {
				return nil, err
			}
			out = field(out, number, config)
		default:
			out = field(out, number, []byte(fmt.Sprint(config[key])))
		}
	}
	return out, nil
}

// encodePerRoute encodes a golang.v3alpha.ConfigsPerRoute: a map of names to
// RouterPlugins with a config.
func encodePerRoute(config map[string]any) ([]byte, error) {
	const pluginsConfig, entryKey, entryValue, routerConfig = 1, 1, 2, 2
	plugins, _ := config["plugins_config"].(map[string]any)
	var out []byte
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		plugin, _ := plugins[name].(map[string]any)
		config, err := encodeAny(plugin["config"])
		if err != nil {
			return nil, fmt.Errorf("plugins_config %s: %w", name, err)
		}
		entry := field(nil, entryKey, []byte(name))
		out = field(out, pluginsConfig, field(entry, entryValue, field(nil, routerConfig, config)))
	}
	return out, nil
}

// encodeAny encodes a google.protobuf.Any that is written as JSON or YAML.
func encodeAny(written any) ([]byte, error) {
	node, _ := written.(map[string]any)
	kind, _ := node["@type"].(string)
	var value []byte
	var err error
	switch kind {
	case typedStruct:
		const typeURL, structField = 1, 2
		if url, ok := node["type_url"].(string); ok {
			value = field(value, typeURL, []byte(url))
		}
		var s []byte
		s, err = encodeStruct(node["value"])
		value = field(value, structField, s)
	case structValue:
		value, err = encodeStruct(node["value"])
	case stringValue:
		value, err = proto.Marshal(wrapperspb.String(fmt.Sprint(node["value"])))
	default:
		return nil, fmt.Errorf("a config of type %q", kind)
	}
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&anypb.Any{TypeUrl: kind, Value: value})
}

func encodeStruct(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	s := &structpb.Struct{}
	if string(text) != "null" {
		if err := protojson.Unmarshal(text, s); err != nil {
			return nil, err
		}
	}
	return proto.Marshal(s)
}

func field(to []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, number, protowire.BytesType), value)
}
