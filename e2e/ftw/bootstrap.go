package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/seawall-waf/seawall/e2e/golangdoor"
	"github.com/seawall-waf/seawall/envoy/launch"
)

// bootstrap is the door's shipped one with what CRS's tests need: HTTP/1.0, paths
// as they were sent, and log lines that name the client's port.
func bootstrap(doorName, module, upstream, dir string, extra []string) (*launch.Bootstrap, error) {
	var merged *launch.Bootstrap
	var listeners []any
	for _, name := range []string{"audited", "plain"} {
		b, err := shipped(doorName, module)
		if err != nil {
			return nil, err
		}
		rules := directives
		if name == "audited" {
			rules = append(slices.Clone(rules), "SecAuditEngine On", "SecAuditLogParts AHKZ", "SecAuditLogType Serial",
				"SecAuditLogFormat JSON", "SecAuditLog "+auditLog(dir))
		}
		config, err := document(rules, extra)
		if err != nil {
			return nil, err
		}
		manager, err := b.ConnectionManager()
		if err != nil {
			return nil, err
		}
		if err := errors.Join(b.SetSeawall(config), b.Listen("127.0.0.1:0"), b.Upstream(upstream)); err != nil {
			return nil, err
		}
		forTests(manager, accessLog(dir))
		listener := b.Tree["static_resources"].(map[string]any)["listeners"].([]any)[0].(map[string]any)
		listener["name"] = name
		// One more line when the connection has ended, after all of its streams.
		listener["access_log"] = []any{logTo(accessLog(dir), map[string]any{"ftw": "closed", "port": "%DOWNSTREAM_REMOTE_PORT%"})}
		listeners = append(listeners, listener)
		merged = b
	}
	merged.Tree["static_resources"].(map[string]any)["listeners"] = listeners
	var err error
	merged.Tree, err = golangdoor.Bridge(merged.Tree)
	return merged, err
}

func shipped(doorName, module string) (*launch.Bootstrap, error) {
	switch doorName {
	case doorDynamicModule:
		return launch.DynamicModule()
	case doorGolang:
		b, err := launch.Golang()
		if err != nil {
			return nil, err
		}
		return b, b.SetLibrary(golangdoor.Library(module))
	}
	return nil, fmt.Errorf("the door is %s or %s, not %q", doorDynamicModule, doorGolang, doorName)
}

// document is Seawall's own: the rules, and the lines of YAML that the caller
// adds, whose keys win.
func document(rules, extra []string) (string, error) {
	config, added := map[string]any{"directives": rules, "log_matched_data": false}, map[string]any{}
	if err := yaml.Unmarshal([]byte(strings.Join(extra, "\n")), &added); err != nil {
		return "", fmt.Errorf("reading -config-extra: %w", err)
	}
	maps.Copy(config, added)
	text, err := json.Marshal(config)
	return string(text), err
}

func forTests(manager map[string]any, access string) {
	manager["normalize_path"] = false
	http1 := manager["http_protocol_options"].(map[string]any)
	http1["accept_http_10"], http1["allow_custom_methods"] = true, true
	manager["access_log"] = []any{logTo(access, map[string]any{
		"ftw": "stream", "port": "%DOWNSTREAM_REMOTE_PORT%", "status": "%RESPONSE_CODE%",
		"details": "%RESPONSE_CODE_DETAILS%", "protocol": "%PROTOCOL%", "upstream": "%UPSTREAM_HOST%",
		"request_id": "%REQ(X-REQUEST-ID)%", "seawall": "%DYNAMIC_METADATA(seawall)%"})}
	// One CRS test expects that CONNECT is served.
	manager["upgrade_configs"] = append(manager["upgrade_configs"].([]any), map[string]any{"upgrade_type": "CONNECT"})
	all := manager["route_config"].(map[string]any)["virtual_hosts"].([]any)[0].(map[string]any)
	all["routes"] = append([]any{map[string]any{"match": map[string]any{"connect_matcher": map[string]any{}},
		"route": map[string]any{"cluster": "upstream", "upgrade_configs": []any{map[string]any{"upgrade_type": "CONNECT"}}}}},
		all["routes"].([]any)...)
	manager["route_config"].(map[string]any)["request_headers_to_add"] = []any{map[string]any{
		"header":        map[string]any{"key": connectionHeader, "value": "%DOWNSTREAM_REMOTE_PORT%"},
		"append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
}

func logTo(path string, format map[string]any) map[string]any {
	return map[string]any{"name": "envoy.access_loggers.file", "typed_config": map[string]any{
		"@type":      "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
		"path":       path,
		"log_format": map[string]any{"json_format": format}}}
}
