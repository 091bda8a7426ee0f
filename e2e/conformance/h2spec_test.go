package conformance

import (
	"bytes"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// needsMake skips what takes minutes or installs a tool, unless
// `make conformance` asks for it.
func needsMake(t *testing.T) {
	t.Helper()
	if os.Getenv("SEAWALL_CONFORMANCE") == "" {
		t.Skip("runs under `make conformance`: it installs a tool and takes minutes")
	}
}

// TestH2specIsEqualWithAndWithoutSeawall: h2spec judges Envoy's HTTP/2; what
// must not change is what it finds.
func TestH2specIsEqualWithAndWithoutSeawall(t *testing.T) {
	needsMake(t)
	tool := h2spec(t)
	upstream := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "hello")
	}))
	// Some cases race with Envoy's own timers: what differs is asked again, of both.
	const rounds = 3
	bare, guarded := startProxy(t, "", upstream), startProxy(t, seawall, upstream)
	agreed, differ := map[string]string{}, map[string][2]string{}
	for round := 1; round <= rounds; round++ {
		without, with := runH2spec(t, tool, bare), runH2spec(t, tool, guarded)
		require.Len(t, with, len(without), "the same cases ran")
		for name, result := range without {
			if with[name] == result {
				agreed[name] = result
				delete(differ, name)
			} else if _, before := agreed[name]; !before {
				differ[name] = [2]string{result, with[name]}
			}
		}
		t.Logf("round %d: %d cases, %d differ so far", round, len(without), len(differ))
		if len(differ) == 0 {
			break
		}
	}
	assert.Empty(t, differ, "results without and with Seawall")
	guarded.alive(t)
	passed := 0
	for name, result := range agreed {
		if result == "passed" {
			passed++
		} else {
			t.Logf("%s with and without Seawall: %s", result, name)
		}
	}
	if t.Failed() {
		return
	}
	t.Logf("h2spec: %d cases, %d passed, %d not, equal with and without Seawall", len(agreed), passed, len(agreed)-passed)
}

// h2spec builds the tool in a module of its own: it has no go.mod, and ours has
// no use for what it needs.
func h2spec(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(root, "build", "tools", "h2spec")
	tool := filepath.Join(dir, "h2spec")
	if _, err := os.Stat(tool); err == nil {
		return tool
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module h2spec.build\n\ngo 1.26\n"), 0o600))
	for _, args := range [][]string{
		{"get", "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible"},
		{"build", "-o", tool, "github.com/summerwind/h2spec/cmd/h2spec"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	return tool
}

// runH2spec returns what became of each case.
func runH2spec(t *testing.T, tool string, p *proxy) map[string]string {
	t.Helper()
	report := filepath.Join(t.TempDir(), "h2spec.xml")
	host, port, err := net.SplitHostPort(p.address)
	require.NoError(t, err)
	output, err := exec.Command(tool, "--host", host, "--port", port, "--junit-report", report).CombinedOutput()
	// A case that fails is exit status 1, a tool that does not run another error.
	if exit := (*exec.ExitError)(nil); err != nil {
		require.ErrorAs(t, err, &exit, "%s", output)
	}
	data, err := os.ReadFile(report)
	require.NoError(t, err, "%s", output)
	var suites struct {
		Suites []struct {
			Package string `xml:"package,attr"`
			Cases   []struct {
				Name    string    `xml:"classname,attr"`
				Package string    `xml:"package,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	// Failures quote bytes that no XML may hold.
	data = bytes.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return -1
		}
		return r
	}, data)
	require.NoError(t, xml.Unmarshal(data, &suites))
	results := map[string]string{}
	for _, suite := range suites.Suites {
		for _, c := range suite.Cases {
			result := "passed"
			switch {
			case c.Skipped != nil:
				result = "skipped"
			case c.Failure != nil || c.Error != nil:
				result = "failed"
			}
			name := suite.Package + ": " + c.Name
			for _, taken := results[name]; taken; _, taken = results[name] {
				name += " (again)"
			}
			results[name] = result
		}
	}
	require.NotEmpty(t, results, "%s", output)
	return results
}
