package library

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// built compiles C into a file of the test's own folder.
func built(t *testing.T, name, source string, flags ...string) string {
	t.Helper()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("not checked: no C compiler to make a library with")
	}
	dir := t.TempDir()
	from, to := filepath.Join(dir, "source.c"), filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(from, []byte(source), 0o600))
	out, err := exec.CommandContext(t.Context(), compiler, append(flags, "-o", to, from)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return to
}

const (
	moduleSource = `extern void envoy_dynamic_module_callback_a(void), envoy_dynamic_module_callback_b(void);
void envoy_dynamic_module_on_program_init(void) { envoy_dynamic_module_callback_a(); envoy_dynamic_module_callback_b(); }`
	golangSource = `extern void envoyGoFilterHttpContinue(void);
void envoyGoFilterNewHttpPluginConfig(void) { envoyGoFilterHttpContinue(); }`
)

// anEnvoy answers --version, and exports what the source says.
func anEnvoy(t *testing.T, version, source string) string {
	return built(t, "envoy", `#include <stdio.h>
int main(void) { puts("envoy  version: 6eb0d2d9/`+version+`/Clean/RELEASE/BoringSSL"); return 0; }
`+source, "-rdynamic")
}

func TestALibraryIsComparedWithAnEnvoy(t *testing.T) {
	const a, b = "void envoy_dynamic_module_callback_a(void) {}\n", "void envoy_dynamic_module_callback_b(void) {}\n"
	module := built(t, "libseawall.so", moduleSource, "-shared", "-fPIC")
	golang := built(t, "seawall-golang.so", golangSource, "-shared", "-fPIC")
	for _, tc := range []struct {
		name, library, version, exports string
		door                            Door
		problem                         string // "": it fits
		fatal                           bool
	}{
		{"Fits", module, "1.39.3", a + b, DynamicModule, "", false},
		{"TheOldestFits", module, "1.37.0", a + b, DynamicModule, "", false},
		{"OneFunctionIsMissing", module, "1.39.3", a, DynamicModule, "it lacks 1 of the 2 functions that the library calls (envoy_dynamic_module_callback_b ...)", true},
		{"NoDynamicModules", module, "1.39.3", "", DynamicModule, "no envoy.filters.http.dynamic_modules", true},
		{"TooOld", module, "1.36.2", a + b, DynamicModule, "cannot load the library", true},
		{"NewerThanTheTests", module, "1.41.0", a + b, DynamicModule, "the tests run the library in 1.37.0 to 1.40.0", false},
		{"Contrib", golang, "1.39.1", "void envoyGoFilterHttpContinue(void) {}\n", Golang, "", false},
		{"StockForTheGolangFilter", golang, "1.39.1", a + b, Golang, "only contrib builds", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lib, err := Open(tc.library)
			require.NoError(t, err)
			assert.Equal(t, tc.door, lib.Door)
			version, misfits, err := lib.Binary(t.Context(), anEnvoy(t, tc.version, tc.exports))
			require.NoError(t, err)
			assert.Equal(t, tc.version, version)
			if tc.problem == "" {
				assert.Empty(t, misfits)
				return
			}
			require.Len(t, misfits, 1)
			assert.Contains(t, misfits[0].Problem, tc.problem)
			assert.NotEmpty(t, misfits[0].Fix)
			assert.Equal(t, tc.fatal, misfits[0].Fatal)
		})
	}
}

func TestTheGolangFilterWantsTheVeryMinorVersion(t *testing.T) {
	lib := &Library{Door: Golang, SDK: "v1.39.1"}
	assert.Empty(t, lib.Version("1.39.3"))
	for _, other := range []string{"1.38.1", "1.40.0", "2.39.1"} {
		misfits := lib.Version(other)
		require.Len(t, misfits, 1, other)
		assert.True(t, misfits[0].Fatal)
	}
}

func TestANewerGlibcIsAMisfit(t *testing.T) {
	lib, err := Open(built(t, "libseawall.so", moduleSource, "-shared", "-fPIC"))
	require.NoError(t, err)
	if systemGlibc("/", lib.machine) == "" {
		t.Skip("not checked: this system has no glibc")
	}
	lib.Glibc, lib.Wants = "2.999", nil
	_, misfits, err := lib.Binary(t.Context(), anEnvoy(t, "1.39.3", ""))
	require.NoError(t, err)
	require.Len(t, misfits, 1)
	assert.Contains(t, misfits[0].Problem, "wants glibc 2.999")
	assert.Empty(t, systemGlibc(t.TempDir(), lib.machine))
}

func TestVersionsAreComparedByNumber(t *testing.T) {
	assert.Equal(t, "2.34", newest("2.4", "GLIBC_2.34"))
	assert.Equal(t, "2.34", newest("2.34", "GLIBC_2.3.4"))
	assert.Equal(t, "2.34", newest("2.34", "GLIBC_PRIVATE"))
	assert.Equal(t, "2.34", newest("2.34", "GCC_3.0"))
	assert.Positive(t, compare("1.40.0", "1.9.9"))
	assert.Zero(t, compare("1.40", "1.40.0"))
}

func TestWhatIsNoLibraryIsRefused(t *testing.T) {
	for name, source := range map[string]string{"AnotherLibrary": "void f(void) {}"} {
		_, err := Open(built(t, "lib.so", source, "-shared", "-fPIC"))
		assert.ErrorContains(t, err, "is no library of Seawall's", name)
	}
	file := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(file, []byte("text"), 0o600))
	_, err := Open(file)
	assert.ErrorContains(t, err, "reading the library")
}

func TestTheAdminIsAskedForItsVersion(t *testing.T) {
	for name, tc := range map[string]struct {
		status       int
		body, answer string // "": unreachable
	}{
		"Answers":           {200, `{"version":"6eb0d2d9/1.39.3/Clean/RELEASE/BoringSSL"}`, "1.39.3"},
		"AnotherServer":     {404, "not found", ""},
		"NotJSON":           {200, "<html>", ""},
		"JSONWithoutOne":    {200, `{}`, ""},
		"AnotherKindOfText": {200, `{"version":"nginx"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "GET /server_info", r.Method+" "+r.URL.Path)
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body))
			}))
			defer server.Close()
			admin, err := url.Parse(server.URL + "/stats?x=y")
			require.NoError(t, err)
			version, err := RunningVersion(context.Background(), admin)
			assert.Equal(t, tc.answer, version)
			if tc.answer == "" {
				var unreachable *UnreachableError
				assert.ErrorAs(t, err, &unreachable)
			}
		})
	}
}
