// Package golangdoor lets tests drive the golang door in a stock Envoy: it turns
// a bootstrap with the contrib golang filter, as users have it, into one that
// loads the same library through e2e/contribhost.
//
//	dir, err := golangdoor.Build("..")                 // both libraries, in build/e2e-golang
//	boot, err := launch.Golang()                       // envoy/golang.yaml
//	boot.SetLibrary(golangdoor.Library(dir))
//	boot.Tree, err = golangdoor.Bridge(boot.Tree)
//	launch.Start(ctx, launch.Options{Bootstrap: boot, ModuleDir: dir, ...}) // 1.39 or later
package golangdoor

import (
	"encoding/base64"
	"fmt"
)

const (
	typePrefix      = "type.googleapis.com/"
	golangFilter    = typePrefix + "envoy.extensions.filters.http.golang.v3alpha.Config"
	golangPerRoute  = typePrefix + "envoy.extensions.filters.http.golang.v3alpha.ConfigsPerRoute"
	moduleFilter    = typePrefix + "envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter"
	modulePerRoute  = typePrefix + "envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilterPerRoute"
	bytesValue      = typePrefix + "google.protobuf.BytesValue"
	stringValue     = typePrefix + "google.protobuf.StringValue"
	structValue     = typePrefix + "google.protobuf.Struct"
	typedStruct     = typePrefix + "xds.type.v3.TypedStruct"
	contribhostName = "contribhost" // libcontribhost.so
)

// Bridge returns a copy of a tree of Envoy's configuration (a bootstrap's, a
// listener's) in which each config of the golang filter, a route's included, has
// become that of contribhost. It carries the very bytes that contrib would get:
// the encoded message. A tree without such configs comes back equal.
func Bridge[Tree any](tree Tree) (Tree, error) {
	bridged, err := bridge(tree)
	if err != nil {
		var none Tree
		return none, fmt.Errorf("bridging the golang filter's config: %w", err)
	}
	return bridged.(Tree), nil //nolint:forcetypeassert // bridge keeps types
}

func bridge(node any) (any, error) {
	switch node := node.(type) {
	case map[string]any:
		switch node["@type"] {
		case golangFilter:
			return moduleConfig(node, moduleFilter, "filter_name", encodeConfig)
		case golangPerRoute:
			return moduleConfig(node, modulePerRoute, "per_route_config_name", encodePerRoute)
		}
		out := make(map[string]any, len(node))
		for key, value := range node {
			var err error
			if out[key], err = bridge(value); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(node))
		for i, value := range node {
			var err error
			if out[i], err = bridge(value); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return node, nil
}

func moduleConfig(golang map[string]any, kind, nameKey string, encode func(map[string]any) ([]byte, error)) (any, error) {
	message, err := encode(golang)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"@type":                 kind,
		"dynamic_module_config": map[string]any{"name": contribhostName, "do_not_close": true},
		nameKey:                 contribhostName,
		// Envoy hands a BytesValue's bytes to the module as they are.
		"filter_config": map[string]any{"@type": bytesValue, "value": base64.StdEncoding.EncodeToString(message)},
	}, nil
}
