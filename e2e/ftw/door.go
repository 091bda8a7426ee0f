package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// endRule is logged by every transaction that reaches phase 5, so that each has
// exactly one event and the absence of another rule in it means something.
const endRule = 9990001

// directives are CRS's own test setup (tests/regression/README.md there): it
// detects, at paranoia level 4.
var directives = []string{
	"Include @coraza-ftw",
	"Include @crs-ftw",
	"Include @owasp_crs/*.conf",
	fmt.Sprintf("SecAction \"id:%d,phase:5,pass,log,msg:'The transaction has ended'\"", endRule),
}

// A door is a running Envoy with the filter, and the backend behind it. It has
// two listeners: plain, and audited, whose audit log has each rule's full text,
// which a few tests match with a regular expression.
type door struct {
	*launch.Envoy
	*journal
	backend *backend
	dir     string
	ports   map[string]int // by listener
}

func openDoor(ctx context.Context, envoyVersion, moduleDir string) (_ *door, err error) {
	path := os.Getenv("ENVOY")
	if path == "" {
		if path, err = launch.Fetch(ctx, launch.Source{Version: envoyVersion}); err != nil {
			return nil, err
		}
	}
	d := &door{journal: newJournal()}
	defer func() {
		if err != nil {
			_ = d.close()
		}
	}()
	if d.dir, err = os.MkdirTemp("", "seawall-ftw-"); err != nil {
		return nil, err
	}
	if d.backend, err = startBackend(); err != nil {
		return nil, err
	}
	boot, err := bootstrap(d.backend.address, d.auditLog())
	if err != nil {
		return nil, err
	}
	d.Envoy, err = launch.Start(ctx, launch.Options{Path: path, Bootstrap: boot, ModuleDir: moduleDir,
		Concurrency: 2, LogLevel: "warning", Log: d.line})
	if err != nil {
		return nil, err
	}
	d.ports, err = d.Ports(ctx)
	return d, err
}

func (d *door) auditLog() string { return filepath.Join(d.dir, "audit.json") }

// dial connects from a port that no other exchange in the journal has.
func (d *door) dial(audited bool) (conn net.Conn, port string, err error) {
	name := "plain"
	if audited {
		name = "audited"
	}
	for {
		conn, err = net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(d.ports[name])))
		if err != nil {
			return nil, "", err
		}
		if _, port, err = net.SplitHostPort(conn.LocalAddr().String()); err == nil && d.begin(port) {
			return conn, port, conn.SetDeadline(time.Now().Add(answerWithin))
		}
		conn.Close()
	}
}

func (d *door) close() error {
	var errs []error
	if d.Envoy != nil {
		errs = append(errs, d.Stop())
	}
	if d.backend != nil {
		d.backend.stop()
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}

// bootstrap is the shipped one with what CRS's tests need: HTTP/1.0, paths as
// they were sent, and log lines that name the client's port.
func bootstrap(upstream, auditLog string) (*launch.Bootstrap, error) {
	var merged *launch.Bootstrap
	var listeners []any
	for _, name := range []string{"audited", "plain"} {
		b, err := launch.DynamicModule()
		if err != nil {
			return nil, err
		}
		rules := directives
		if name == "audited" {
			rules = append([]string{}, rules...)
			rules = append(rules, "SecAuditEngine On", "SecAuditLogParts AHKZ", "SecAuditLogType Serial",
				"SecAuditLogFormat JSON", "SecAuditLog "+auditLog)
		}
		document, err := json.Marshal(map[string]any{"directives": rules, "log_matched_data": false})
		if err != nil {
			return nil, err
		}
		manager, err := b.ConnectionManager()
		if err != nil {
			return nil, err
		}
		if err := errors.Join(b.SetSeawall(string(document)), b.Listen("127.0.0.1:0"), b.Upstream(upstream)); err != nil {
			return nil, err
		}
		forTests(manager)
		listener := b.Tree["static_resources"].(map[string]any)["listeners"].([]any)[0].(map[string]any)
		listener["name"] = name
		// One more line when the connection has ended, after all of its streams.
		listener["access_log"] = []any{stdoutLog(map[string]any{"ftw": "closed", "port": "%DOWNSTREAM_REMOTE_PORT%"})}
		listeners = append(listeners, listener)
		merged = b
	}
	merged.Tree["static_resources"].(map[string]any)["listeners"] = listeners
	return merged, nil
}

func forTests(manager map[string]any) {
	manager["normalize_path"] = false
	http1 := manager["http_protocol_options"].(map[string]any)
	http1["accept_http_10"], http1["allow_custom_methods"] = true, true
	manager["access_log"] = []any{stdoutLog(map[string]any{
		"ftw": "stream", "port": "%DOWNSTREAM_REMOTE_PORT%", "status": "%RESPONSE_CODE%",
		"details": "%RESPONSE_CODE_DETAILS%", "protocol": "%PROTOCOL%", "seawall": "%DYNAMIC_METADATA(seawall)%"})}
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

func stdoutLog(format map[string]any) map[string]any {
	return map[string]any{"name": "envoy.access_loggers.stdout", "typed_config": map[string]any{
		"@type":      "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
		"log_format": map[string]any{"json_format": format}}}
}

// startWithin bounds fetching and starting an Envoy.
const startWithin = 5 * time.Minute
