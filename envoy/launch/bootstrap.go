package launch

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"

	"github.com/goccy/go-yaml"

	"github.com/seawall-waf/seawall/envoy"
)

// The type URLs of the filters that can carry Seawall's document.
const (
	typeDynamicModule = "type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter"
	typeGolang        = "type.googleapis.com/envoy.extensions.filters.http.golang.v3alpha.Config"
	typeStringValue   = "type.googleapis.com/google.protobuf.StringValue"
	typeTypedStruct   = "type.googleapis.com/xds.type.v3.TypedStruct"
)

// A Bootstrap is an Envoy bootstrap as a tree that can still be changed. It is
// not safe for concurrent use.
type Bootstrap struct {
	// Tree is the document: maps, slices and scalars as encoding/json has them,
	// except that numbers may be of any Go type. Callers may change it.
	Tree map[string]any
}

// DynamicModule returns a fresh copy of envoy/dynamicmodule.yaml.
func DynamicModule() (*Bootstrap, error) {
	return ParseBootstrap("envoy/dynamicmodule.yaml", envoy.DynamicModuleBootstrap)
}

// Golang returns a fresh copy of envoy/golang.yaml.
func Golang() (*Bootstrap, error) {
	return ParseBootstrap("envoy/golang.yaml", envoy.GolangBootstrap)
}

// ParseBootstrap reads YAML or JSON. name is for errors.
func ParseBootstrap(name string, document []byte) (*Bootstrap, error) {
	b := &Bootstrap{}
	if err := yaml.Unmarshal(document, &b.Tree); err != nil {
		return nil, fmt.Errorf("parsing the bootstrap %s: %w", name, err)
	}
	if b.Tree == nil {
		return nil, fmt.Errorf("parsing the bootstrap %s: it is empty", name)
	}
	return b, nil
}

// Listen sets the address of the first listener; port 0 lets Envoy choose, and
// Ports then tells.
func (b *Bootstrap) Listen(hostport string) error {
	return b.setAddress(hostport, "static_resources", "listeners", 0, "address")
}

// Upstream sets the address of the first cluster's first endpoint.
func (b *Bootstrap) Upstream(hostport string) error {
	return b.setAddress(hostport, "static_resources", "clusters", 0, "load_assignment",
		"endpoints", 0, "lb_endpoints", 0, "endpoint", "address")
}

// SetSeawall replaces Seawall's own document, which is YAML or JSON, in the
// first listener's filter.
func (b *Bootstrap) SetSeawall(document string) error {
	filter, err := b.SeawallFilter()
	if err != nil {
		return err
	}
	if filter["@type"] == typeDynamicModule {
		filter["filter_config"] = map[string]any{"@type": typeStringValue, "value": document}
		return nil
	}
	var value map[string]any
	if err := yaml.Unmarshal([]byte(document), &value); err != nil {
		return fmt.Errorf("parsing seawall's document: %w", err)
	}
	filter["plugin_config"] = map[string]any{"@type": typeTypedStruct, "value": value}
	return nil
}

// SetLibrary sets the path of seawall-golang.so. The dynamic module's is found
// by Options.ModuleDir.
func (b *Bootstrap) SetLibrary(path string) error {
	filter, err := b.SeawallFilter()
	if err != nil {
		return err
	}
	if filter["@type"] != typeGolang {
		return fmt.Errorf("setting library_path: the bootstrap has no golang filter but %v", filter["@type"])
	}
	filter["library_path"] = path
	return nil
}

// ConnectionManager returns the first listener's HTTP connection manager.
func (b *Bootstrap) ConnectionManager() (map[string]any, error) {
	return at[map[string]any](b.Tree, "static_resources", "listeners", 0,
		"filter_chains", 0, "filters", 0, "typed_config")
}

// SeawallFilter returns the typed_config of the HTTP filter that loads Seawall.
func (b *Bootstrap) SeawallFilter() (map[string]any, error) {
	manager, err := b.ConnectionManager()
	if err != nil {
		return nil, err
	}
	filters, err := at[[]any](manager, "http_filters")
	if err != nil {
		return nil, err
	}
	for i := range filters {
		filter, err := at[map[string]any](filters, i, "typed_config")
		if err == nil && (filter["@type"] == typeDynamicModule || filter["@type"] == typeGolang) {
			return filter, nil
		}
	}
	return nil, fmt.Errorf("none of the bootstrap's %d http_filters is a dynamic_modules or golang filter", len(filters))
}

// JSON returns the document in the form that Envoy is given.
func (b *Bootstrap) JSON() ([]byte, error) {
	out, err := json.MarshalIndent(b.Tree, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the bootstrap: %w", err)
	}
	return out, nil
}

func (b *Bootstrap) setAddress(hostport string, path ...any) error {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return fmt.Errorf("address %q is no host:port: %w", hostport, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fmt.Errorf("address %q: port %q is not within 0 to 65535", hostport, port)
	}
	parent, err := at[map[string]any](b.Tree, path...)
	if err != nil {
		return err
	}
	parent["socket_address"] = map[string]any{"address": host, "port_value": number}
	return nil
}

// at walks a tree by keys (string) and indices (int).
func at[T any](tree any, path ...any) (T, error) {
	var zero T
	for i, step := range path {
		var next any
		ok := false
		switch step := step.(type) {
		case string:
			var node map[string]any
			if node, ok = tree.(map[string]any); ok {
				next, ok = node[step]
			}
		case int:
			var node []any
			if node, ok = tree.([]any); ok && step < len(node) {
				next = node[step]
			} else {
				ok = false
			}
		}
		if !ok {
			return zero, fmt.Errorf("the bootstrap has no %v", path[:i+1])
		}
		tree = next
	}
	found, ok := tree.(T)
	if !ok {
		return zero, fmt.Errorf("the bootstrap's %v is a %T, not a %T", path, tree, zero)
	}
	return found, nil
}
