// Package conformance runs suites that others wrote against a real Envoy with
// Seawall in it, and, where a suite judges more than Seawall, against the same
// Envoy without.
package conformance

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// version of the Envoy under test; $ENVOY goes before it.
const version = "1.40.0"

var root, moduleDir string

func TestMain(m *testing.M) {
	var err error
	if root, err = filepath.Abs("../.."); err != nil {
		panic(err)
	}
	moduleDir = filepath.Join(root, "build", "conformance")
	// Built here, not found: a test of yesterday's module proves nothing.
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags", "-X runtime.godebugDefault=cgocheck=0",
		"-o", filepath.Join(moduleDir, "libseawall.so"), "./envoy/dynamicmodule/plugin")
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the module: %v\n%s", err, output)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// proxy is a running Envoy with one listener.
type proxy struct {
	*launch.Envoy
	address string
}

// startProxy starts the shipped bootstrap before an upstream. An empty document
// takes Seawall's filter out and leaves everything else.
func startProxy(t *testing.T, document, upstream string) *proxy {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	boot, err := launch.DynamicModule()
	require.NoError(t, err)
	require.NoError(t, boot.Listen("127.0.0.1:0"))
	require.NoError(t, boot.Upstream(upstream))
	modules := moduleDir
	if document == "" {
		manager, err := boot.ConnectionManager()
		require.NoError(t, err)
		filters := manager["http_filters"].([]any)
		manager["http_filters"] = filters[len(filters)-1:] // the router
		modules = ""
	} else {
		require.NoError(t, boot.SetSeawall(document))
	}
	envoy, err := launch.Start(ctx, launch.Options{Path: binary(ctx, t), Bootstrap: boot, ModuleDir: modules, Concurrency: 2, LogLevel: "error"})
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := envoy.Stop(); err != nil {
			t.Errorf("Envoy did not live to the end of the test: %v\n%s", err, envoy.LogTail())
		}
	})
	ports, err := envoy.Ports(ctx)
	require.NoError(t, err)
	return &proxy{Envoy: envoy, address: net.JoinHostPort("127.0.0.1", strconv.Itoa(ports["ingress"]))}
}

func binary(ctx context.Context, t *testing.T) string {
	t.Helper()
	if path := os.Getenv("ENVOY"); path != "" {
		return path
	}
	path, err := launch.Fetch(ctx, launch.Source{Version: version})
	require.NoError(t, err)
	return path
}

// alive fails if the process that was started is not the one that runs.
func (p *proxy) alive(t *testing.T) {
	t.Helper()
	select {
	case <-p.Exited():
		require.FailNow(t, "Envoy has ended", p.LogTail())
	default:
	}
}

// serve starts an HTTP/1.1 and h2c server on a free port.
func serve(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: handler, Protocols: &http.Protocols{}}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return listener.Addr().String()
}

// seawall is the config whose presence is compared with its absence: the
// default, which is CRS.
const seawall = "directives: Include @seawall.conf\n"
