package golang

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The adapter knows the core and contrib's interfaces, no more: no rule engine,
// and not the SDK that calls into Envoy.
func TestAdapterImportsOnlyTheCoreAndTheInterfaces(t *testing.T) {
	allowed := map[string]bool{
		"github.com/seawall-waf/seawall/filter":                    true,
		"github.com/envoyproxy/envoy/contrib/golang/common/go/api": true,
		"google.golang.org/protobuf/encoding/protowire":            true,
		"google.golang.org/protobuf/proto":                         true,
		"google.golang.org/protobuf/types/known/anypb":             true,
		"google.golang.org/protobuf/types/known/structpb":          true,
		"google.golang.org/protobuf/types/known/wrapperspb":        true,
	}
	for file, imports := range importsOf(t, "*.go") {
		for _, path := range imports {
			if strings.Contains(path, ".") { // not the standard library
				assert.True(t, allowed[path], "%s imports %s", file, path)
			}
			assert.NotContains(t, []string{"C", "net/http", "os"}, path, "in %s", file)
		}
	}
}

func TestPluginOnlyRegisters(t *testing.T) {
	assert.Equal(t, map[string][]string{
		"plugin/main.go": {
			"github.com/envoyproxy/envoy/contrib/golang/filters/http/source/go/pkg/http",
			"github.com/seawall-waf/seawall/envoy/golang",
		},
		"plugin/faults.go": {"github.com/seawall-waf/seawall/filter/filtertest/faults"}, // with a tag, for e2e
	}, importsOf(t, "plugin/*.go"), "no test: its test binary would crash at start")
}

// importsOf returns the imports of each file but tests.
func importsOf(t *testing.T, pattern string) map[string][]string {
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := make(map[string][]string)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") && pattern == "*.go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			all[file] = append(all[file], path)
		}
	}
	return all
}
