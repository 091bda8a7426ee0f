package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// There is no contrib Envoy here: this one only answers as it would.
func answering(t *testing.T, version, validation string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "envoy")
	script := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'envoy  version: ab12/%s/Clean/RELEASE/BoringSSL'; else echo %q; fi\n", version, validation)
	require.NoError(t, os.WriteFile(path, []byte(script), 0o700))
	return path
}

func TestTheGolangDoorAsksForTheEnvoyThatItsLibraryIsBuiltFor(t *testing.T) {
	library := filepath.Join(root, "build", golangName)
	if _, err := os.Stat(library); err != nil {
		t.Skipf("there is no build/%s: make build", golangName)
	}
	api, err := apiVersion(library)
	require.NoError(t, err)
	boot, err := launch.Golang()
	require.NoError(t, err)
	const missing = "could not find @type 'type.googleapis.com/envoy.extensions.filters.http.golang.v3alpha.Config'"
	for name, tc := range map[string]struct{ version, validation, want string }{
		"contrib, the same minor version": {minor(api) + ".9", "configuration OK", ""},
		"another minor version":           {"1.20.1", "configuration OK", "is Envoy 1.20.1; --door golang needs Envoy's contrib build"},
		"stock":                           {api, missing, "has no golang filter; --door golang needs Envoy's contrib build"},
		// The start says what else is wrong.
		"another fault": {api, "cannot bind", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkContrib(t.Context(), answering(t, tc.version, tc.validation), boot, library)
			if tc.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tc.want)
			assert.ErrorContains(t, err, "envoyproxy/envoy:contrib-v"+api)
		})
	}
}
