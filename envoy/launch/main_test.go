package launch

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(playsParent) != "" {
		startAndHang()
	}
	goleak.VerifyTestMain(m)
}

// realEnvoy returns the Envoy that `seawall run` would use, fetching it if need
// be.
func realEnvoy(t *testing.T) string {
	t.Helper()
	path, err := Find(context.Background(), Source{})
	require.NoError(t, err)
	return path
}

// plain is our bootstrap without Seawall in it, listening on a free port.
func plain(t *testing.T, upstream string) *Bootstrap {
	t.Helper()
	boot, err := DynamicModule()
	require.NoError(t, err)
	require.NoError(t, withoutSeawall(boot, upstream))
	return boot
}

func withoutSeawall(boot *Bootstrap, upstream string) error {
	manager, err := boot.ConnectionManager()
	if err != nil {
		return err
	}
	filters := manager["http_filters"].([]any)
	manager["http_filters"] = filters[len(filters)-1:]
	if err := boot.Listen("127.0.0.1:0"); err != nil {
		return err
	}
	return boot.Upstream(upstream)
}

// script writes an executable shell script called name and returns its path.
func script(t *testing.T, dir, name, body string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	return path
}

func envoyScript(t *testing.T, dir, version string) string {
	return script(t, dir, "envoy", "echo; echo 'envoy  version: 0a1b2c/"+version+"/Clean/RELEASE/BoringSSL'")
}
