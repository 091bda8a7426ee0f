package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewerCRSFromDisk(t *testing.T) {
	dir := t.TempDir()
	entries, err := fs.ReadDir(FS(), "@owasp_crs")
	require.NoError(t, err)
	for _, entry := range entries {
		data, err := fs.ReadFile(FS(), "@owasp_crs/"+entry.Name())
		require.NoError(t, err)
		text := string(data)
		if strings.HasPrefix(entry.Name(), "REQUEST-913") {
			changed := strings.Replace(text, "id:913100,", "id:913199,", 1)
			require.NotEqual(t, text, changed)
			text = changed
		}
		write(t, dir, "rules/"+entry.Name(), text)
	}
	write(t, dir, "rules/scanners-user-agents.data", "seawall-test-scanner\n")

	rec := Recording(FS())
	waf, err := Compile(rec, `Include @recommended.conf
SecRuleEngine On
Include @crs-setup.conf
Include `+dir+`/rules/*.conf`, coraza.NewWAFConfig())
	require.NoError(t, err)
	defer closeWAF(t, waf)

	scanner := browserLike("/")
	scanner.headers[1][1] = "seawall-test-scanner"
	assert.Contains(t, send(t, waf, scanner).logged, 913199, "the rule and its data file are those on disk")
	assert.Equal(t, 403, send(t, waf, browserLike("/?id=1'%20or%201=1--%20")).status)

	assert.Contains(t, rec.Files(), filepath.Join(dir, "rules/scanners-user-agents.data"))
	require.NoError(t, os.Remove(filepath.Join(dir, "rules/REQUEST-913-SCANNER-DETECTION.conf")))
	assert.False(t, Unchanged(FS(), rec))
}
