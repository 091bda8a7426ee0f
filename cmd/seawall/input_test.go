package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A device without an end, or a core dump, must not take all memory.
func TestWhatConfigNamesIsReadToABound(t *testing.T) {
	dir := t.TempDir()
	module, log, large := filepath.Join(dir, moduleName), filepath.Join(dir, "log"), filepath.Join(dir, "large.yaml")
	require.NoError(t, os.WriteFile(module, nil, 0o600))
	require.NoError(t, os.WriteFile(log, nil, 0o600))
	require.NoError(t, os.WriteFile(large, nil, 0o600))
	require.NoError(t, os.Truncate(large, maxConfigBytes+1))
	for _, args := range [][]string{
		{"run", "--module", module, "--listen", "127.0.0.1:0"},
		{"run", "--module", module, "--listen", "127.0.0.1:0", "--watch"},
		{"bench"}, {"tune", log}, {"report", log}, {"explain", "http://h/"},
	} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, run(append(args, "--config", large), &stderr, &stderr, os.Getenv), "%v", args)
		assert.Contains(t, stderr.String(), "has more than", "%v", args)
		assert.Contains(t, stderr.String(), "8 MiB", "%v", args)
		assert.Contains(t, stderr.String(), "--config", "%v", args)
	}
}

func TestOnlyARegularFileCanBeWatched(t *testing.T) {
	module := filepath.Join(t.TempDir(), moduleName)
	require.NoError(t, os.WriteFile(module, nil, 0o600))
	var stderr bytes.Buffer
	code := run([]string{"run", "--module", module, "--listen", "127.0.0.1:0", "--watch", "--config", os.DevNull}, &stderr, &stderr, os.Getenv)
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, stderr.String(), "it is a device; give the name of a regular file")
}
