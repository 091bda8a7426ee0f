package rules

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	return file
}

func TestKnownNamesAreEmbeddedWhateverDirectoryStandsBefore(t *testing.T) {
	want, err := fs.ReadFile(FS(), "@owasp_crs/REQUEST-911-METHOD-ENFORCEMENT.conf")
	require.NoError(t, err)
	for _, name := range []string{
		"/etc/seawall/@owasp_crs/REQUEST-911-METHOD-ENFORCEMENT.conf",
		"sub/@owasp_crs/REQUEST-911-METHOD-ENFORCEMENT.conf",
		"@seawall/@owasp_crs/REQUEST-911-METHOD-ENFORCEMENT.conf",
		"@owasp_crs_lts/REQUEST-911-METHOD-ENFORCEMENT.conf",
	} {
		got, err := fs.ReadFile(FS(), name)
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
}

func TestNamesOnDiskWithAnAtSignStayOnDisk(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"team@home/x.conf", "@scope/x.conf", "a@seawall.conf"} {
		got, err := fs.ReadFile(FS(), write(t, dir, name, name))
		require.NoError(t, err)
		assert.Equal(t, name, string(got))
	}
	_, err := fs.ReadFile(FS(), filepath.Join(dir, "@scope/absent.conf"))
	assert.True(t, os.IsNotExist(err), "a data file that is absent here must be looked up in the next directory")
}

func TestUnknownNameListsTheKnownOnes(t *testing.T) {
	fsys := FS()
	_, openErr := fsys.Open("@owasp_crz/x.conf")
	_, readErr := fs.ReadFile(fsys, "@recomended.conf")
	_, dirErr := fs.ReadDir(fsys, "@nothing")
	_, globErr := fs.Glob(fsys, "@owasp_crz/*.conf")
	for _, err := range []error{openErr, readErr, dirErr, globErr} {
		assert.ErrorContains(t, err, "@owasp_crs/, ")
		assert.ErrorContains(t, err, "@seawall.conf")
	}
}

func TestNothingOutsideTheEmbeddedDirectoriesIsReached(t *testing.T) {
	for _, name := range []string{"@owasp_crs/../LICENSE", "@seawall/../../go.mod", "@seawall/../embedded"} {
		_, err := fs.ReadFile(FS(), name)
		assert.Error(t, err, name)
	}
}

func TestGlobAndReadDirSeeBothSides(t *testing.T) {
	fsys := FS()
	crs, err := fs.Glob(fsys, "@owasp_crs_lts/REQUEST-91*.conf")
	require.NoError(t, err)
	assert.Equal(t, []string{"@owasp_crs/REQUEST-911-METHOD-ENFORCEMENT.conf", "@owasp_crs/REQUEST-913-SCANNER-DETECTION.conf"}, crs)

	dir := t.TempDir()
	b, a := write(t, dir, "b.conf", ""), write(t, dir, "a.conf", "")
	disk, err := fs.Glob(fsys, filepath.Join(dir, "*.conf"))
	require.NoError(t, err)
	assert.Equal(t, []string{a, b}, disk)

	for name, count := range map[string]int{"@seawall": 5, dir: 2} {
		entries, err := fs.ReadDir(fsys, name)
		require.NoError(t, err)
		assert.Len(t, entries, count)
	}
}

func TestOpenServesBothSides(t *testing.T) {
	for name, want := range map[string]string{
		write(t, t.TempDir(), "x.conf", "on disk"): "on disk",
		"@seawall/ip-blocklist.data":               "TEST-NET-1",
	} {
		file, err := FS().Open(name)
		require.NoError(t, err)
		data, err := io.ReadAll(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		assert.Contains(t, string(data), want)
	}
}
