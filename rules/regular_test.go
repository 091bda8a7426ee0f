package rules

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// irregular makes one of each kind of file that is not to be read, by what is said of it.
func irregular(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir) // a socket's whole path may be too long
	require.NoError(t, syscall.Mkfifo("fifo", 0o600))
	listener, err := net.Listen("unix", "socket")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	require.NoError(t, os.Symlink(filepath.Join(dir, "fifo"), "link"))
	require.NoError(t, os.WriteFile("large", nil, 0o600))
	require.NoError(t, os.Truncate("large", maxFileBytes+1))
	return map[string]string{
		os.DevNull: "it is a device; give the name of a regular file",
		"fifo":     "it is a FIFO; give the name of a regular file",
		"link":     "it is a FIFO; give the name of a regular file",
		"socket":   "it is a socket; give the name of a regular file",
		".":        "it is a directory; give the name of a regular file",
		"large":    "it has more than the 16 MiB that are read",
	}
}

func TestOnlyRegularFilesOfABoundedSizeAreRead(t *testing.T) {
	for name, says := range irregular(t) {
		for _, text := range []string{
			"SecMarker a\nInclude " + name,
			"SecMarker a\nSecRule ARGS \"@pmFromFile " + name + "\" \"id:1,phase:1,pass\"",
			"SecMarker a\nSecRule REMOTE_ADDR \"@ipMatchFromFile " + name + "\" \"id:1,phase:1,pass\"",
		} {
			t.Run(text, func(t *testing.T) {
				_, err := Compile(FS(), text, coraza.NewWAFConfig())
				var at *DirectiveError
				require.ErrorAs(t, err, &at)
				assert.Equal(t, 2, at.Line)
				assert.ErrorContains(t, err, says)
			})
		}
		_, err := FS().Open(name)
		if name != "." && name != "large" {
			assert.ErrorContains(t, err, says)
		}
	}
}

// Kubernetes mounts a ConfigMap's files as links to links.
func TestALinkToARegularFileIsRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "..2026/a.conf", "SecMarker a")
	require.NoError(t, os.Symlink("..2026", filepath.Join(dir, "..data")))
	require.NoError(t, os.Symlink("..data/a.conf", filepath.Join(dir, "a.conf")))
	walked, err := Walk(FS(), "Include "+dir+"/*.conf")
	require.NoError(t, err)
	assert.Equal(t, []string{"Include " + dir + "/*.conf", "SecMarker a"}, texts(walked))
}

func TestAllThatIsIncludedIsBoundedTogether(t *testing.T) {
	dir := t.TempDir()
	one := write(t, dir, "one.conf", strings.Repeat("# a comment\n", 1<<19)) // 6 MiB
	_, err := Walk(FS(), strings.Repeat("Include "+one+"\n", 2))
	require.NoError(t, err)
	_, err = Walk(FS(), strings.Repeat("Include "+one+"\n", 3))
	var at *DirectiveError
	require.ErrorAs(t, err, &at)
	assert.Equal(t, 3, at.Line)
	assert.ErrorContains(t, err, "more than 16 MiB; leave some of it out")
}

func TestAllFilesOfARuleSetAreBoundedTogether(t *testing.T) {
	dir := t.TempDir()
	files := newSnapshot(FS())
	for i, name := range []string{"a", "b", "c", "d", "a", "e"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Truncate(path, maxFileBytes))
		_, err := files.ReadFile(path)
		if i < 5 {
			require.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, "more than 64 MiB together")
		}
	}
}
