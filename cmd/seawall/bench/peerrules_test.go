package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestThePeersRulesAreAllOfCRSWithoutWhatCorazaAloneKnows(t *testing.T) {
	dir := t.TempDir()
	file, err := modSecurityRules(dir, 2)
	require.NoError(t, err)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	all := string(text)
	assert.Contains(t, all, "setvar:tx.blocking_paranoia_level=2")
	assert.Contains(t, all, "id:980170")
	assert.Greater(t, strings.Count(all, "\nSecRule "), 600)
	for _, foreign := range []string{"SecRxPreFilter", "JsonDepthLimit", "SecArgumentsLimit", "URI_PARSE_ERROR", "\nInclude "} {
		assert.NotContains(t, all, foreign)
	}
	assert.Contains(t, all, `SecRule TX:EARLY_BLOCKING "@eq 1" "t:none"`)
	data, err := filepath.Glob(filepath.Join(dir, "*.data"))
	require.NoError(t, err)
	assert.Contains(t, data, filepath.Join(dir, "unix-shell.data"))
}
