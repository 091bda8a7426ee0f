package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// contribSources are the C++ that contribhost follows, in go.mod's version of
// Envoy: contrib's host, and what of Envoy makes local replies.
func contribSources(t *testing.T) (text, abi string) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/envoyproxy/envoy").Output()
	require.NoError(t, err)
	root := strings.TrimSpace(string(dir))
	var all strings.Builder
	for _, pattern := range []string{"contrib/golang/filters/http/source/*.cc", "contrib/golang/filters/http/source/*.h", "contrib/golang/common/dso/*",
		"contrib/golang/common/log/*", "source/common/http/utility.cc", "source/common/http/filter_manager.cc", "source/common/grpc/common.cc"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil { // a folder is among them
				all.Write(text)
			}
		}
	}
	header, err := os.ReadFile(filepath.Join(root, "contrib/golang/common/go/api/api.h"))
	require.NoError(t, err)
	return all.String(), string(header)
}

// TestContribhostNamesWhatItFollows: every function that Go may call is there, once,
// in a file that names the functions of contrib's which it follows; those exist.
func TestContribhostNamesWhatItFollows(t *testing.T) {
	sources, abi := contribSources(t)
	files, err := filepath.Glob("contribhost/*.c")
	require.NoError(t, err)
	reference := regexp.MustCompile(`\b([A-Z]\w+)(?:::\w+)*::~?(\w+)`)
	offered := regexp.MustCompile(`(?m)^(?:CAPIStatus|void|uint32_t|UNSUPPORTED\()\s*(envoyGo\w+)`)
	where := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		found := reference.FindAllStringSubmatch(string(text), -1)
		switch filepath.Base(file) {
		case "bytes.c", "protobuf.c", "module.c": // memory, a format, and Envoy's hooks: none of contrib's
		default:
			assert.NotEmpty(t, found, "%s names no function of contrib's", file)
		}
		for _, f := range found {
			for _, pattern := range []string{`\b` + f[1] + `\b`, `\b` + f[2] + `\(`} {
				assert.True(t, regexp.MustCompile(pattern).MatchString(sources), "%s: contrib has no %s", file, f[0])
			}
		}
		for _, at := range offered.FindAllStringSubmatchIndex(string(text), -1) {
			name := string(text[at[2]:at[3]])
			assert.Empty(t, where[name], "%s is in %s twice", name, file)
			where[name] = file
		}
	}
	// The header declares what other filters of Go's call, too.
	for _, f := range regexp.MustCompile(`\b(envoyGo(?:FilterHttp|FilterLog|ConfigHttp)\w*)\(`).FindAllStringSubmatch(abi, -1) {
		assert.NotEmpty(t, where[f[1]], "%s, which Go may call, is not offered", f[1])
	}
}
