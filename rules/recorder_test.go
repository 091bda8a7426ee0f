package rules

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUnchangedNoticesWhatARecompileWouldSee(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, dir string){
		"RuleFileChanged": func(t *testing.T, dir string) { write(t, dir, "conf.d/a.conf", "SecMarker other") },
		"DataFileChanged": func(t *testing.T, dir string) { write(t, dir, "list.data", "192.0.2.2") },
		"RuleFileAdded":   func(t *testing.T, dir string) { write(t, dir, "conf.d/b.conf", "") },
		"RuleFileRemoved": func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "conf.d/a.conf"))) },
		"DataFileRemoved": func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "list.data"))) },
		// The rule looked beside its own file first and found the list elsewhere.
		"FileAppearsWhereOneWasMissed": func(t *testing.T, dir string) { write(t, dir, "sub/words.data", "other") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			write(t, dir, "list.data", "192.0.2.1")
			write(t, dir, "words.data", "word")
			write(t, dir, "conf.d/a.conf", "SecMarker a")
			write(t, dir, "sub/words.conf", `SecRule ARGS "@pmFromFile words.data" "id:2"`)
			write(t, dir, "unrelated.conf", "")
			rec := Recording(FS())
			waf, err := Compile(rec, `SecRule REMOTE_ADDR "@ipMatchFromFile `+dir+`/list.data" "id:1"
Include conf.d/*.conf
Include sub/words.conf
Include @recommended.conf`, coraza.NewWAFConfig())
			require.NoError(t, err)
			defer closeWAF(t, waf)

			write(t, dir, "unrelated.conf", "changed")
			require.True(t, Unchanged(FS(), rec))
			change(t, dir)
			assert.False(t, Unchanged(FS(), rec))
		})
	}
}

func TestRecorderListsFilesOnDiskOnly(t *testing.T) {
	dir := t.TempDir()
	conf := write(t, dir, "a.conf", "Include @seawall/admin-paths.conf\n")
	rec := Recording(FS())
	waf, err := Compile(rec, "Include "+conf+"\nInclude @recommended.conf", coraza.NewWAFConfig())
	require.NoError(t, err)
	defer closeWAF(t, waf)
	assert.Equal(t, map[string][32]byte{conf: sha256.Sum256([]byte("Include @seawall/admin-paths.conf\n"))}, rec.Files())
}

func TestFailedCompilationIsRetriedOnceTheMissingFileIsThere(t *testing.T) {
	dir := t.TempDir()
	rec := Recording(FS())
	_, err := Compile(rec, "Include "+dir+"/a.conf", coraza.NewWAFConfig())
	require.Error(t, err)
	require.True(t, Unchanged(FS(), rec))
	write(t, dir, "a.conf", "")
	assert.False(t, Unchanged(FS(), rec))
}

func TestTwoAnswersForOneNameCountAsChanged(t *testing.T) {
	dir := t.TempDir()
	rec := Recording(FS())
	name := write(t, dir, "a.conf", "one")
	_, err := rec.ReadFile(name)
	require.NoError(t, err)
	write(t, dir, "a.conf", "two")
	_, err = rec.ReadFile(name)
	require.NoError(t, err)
	assert.False(t, Unchanged(FS(), rec))
}

// What Walk checked is what Coraza compiles, whoever writes in between.
func TestCompileReadsEachFileOnce(t *testing.T) {
	name := write(t, t.TempDir(), "a.conf", "SecMarker a")
	s := newSnapshot(FS())
	_, err := s.ReadFile(name)
	require.NoError(t, err)
	write(t, filepath.Dir(name), "a.conf", "SecRul")
	data, err := s.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "SecMarker a", string(data))
}
