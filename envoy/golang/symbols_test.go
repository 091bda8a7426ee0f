package golang

import (
	"debug/elf"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// contribLooksUp is what contrib's dso.cc (Envoy 1.39.1) finds by name when it
// loads an HTTP filter; one missing name and Envoy refuses the file.
var contribLooksUp = []string{
	"envoyGoFilterNewHttpPluginConfig",
	"envoyGoFilterMergeHttpPluginConfig",
	"envoyGoFilterDestroyHttpPluginConfig",
	"envoyGoFilterOnHttpHeader",
	"envoyGoFilterOnHttpData",
	"envoyGoFilterOnHttpLog",
	"envoyGoFilterOnHttpStreamComplete",
	"envoyGoFilterOnHttpDestroy",
	"envoyGoRequestSemaDec",
	"envoyGoFilterCleanUp",
}

func TestSharedObjectIsForContribAlone(t *testing.T) {
	const path = "../../build/seawall-golang.so"
	file, err := elf.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s has not been built", path)
	}
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	symbols, err := file.DynamicSymbols()
	require.NoError(t, err)

	var exported []string
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF {
			// Envoy defines these. Any other name of Envoy's would be of another ABI.
			if strings.HasPrefix(strings.ToLower(s.Name), "envoy") {
				assert.Regexp(t, `^envoyGo(FilterHttp|FilterLog|ConfigHttp)`, s.Name)
			}
			continue
		}
		if strings.HasPrefix(strings.ToLower(s.Name), "envoy") {
			exported = append(exported, s.Name)
		}
	}
	assert.ElementsMatch(t, contribLooksUp, exported)
}
