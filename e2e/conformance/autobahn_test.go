package conformance

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// autobahn is pinned: the cases are its content.
const autobahn = "autobahntestsuite==25.10.1"

// TestAutobahnIsEqualWithAndWithoutSeawall runs Autobahn's WebSocket cases
// against one echo server through both Envoys.
func TestAutobahnIsEqualWithAndWithoutSeawall(t *testing.T) {
	needsMake(t)
	python, packages := wstest(t)
	upstream := serve(t, http.HandlerFunc(echo))
	bare, guarded := startProxy(t, "", upstream), startProxy(t, seawall, upstream)

	dir := t.TempDir()
	spec, err := json.Marshal(map[string]any{
		"outdir": dir,
		"servers": []any{map[string]any{"agent": "without", "url": "ws://" + bare.address + "/"},
			map[string]any{"agent": "with", "url": "ws://" + guarded.address + "/"}},
		"cases": []string{"*"},
		// 12 and 13 (compression, 216 cases) and 9 (messages of megabytes, timed) test
		// the echo server, not what stands between.
		"exclude-cases": []string{"9.*", "12.*", "13.*"}, "exclude-agent-cases": map[string]any{},
	})
	require.NoError(t, err)
	file := filepath.Join(dir, "spec.json")
	require.NoError(t, os.WriteFile(file, spec, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-m", "autobahntestsuite.wstest", "--mode", "fuzzingclient", "--spec", file)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+packages)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)

	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	require.NoError(t, err, "%s", output)
	var results map[string]map[string]struct{ Behavior, BehaviorClose string }
	require.NoError(t, json.Unmarshal(data, &results))
	require.NotEmpty(t, results["without"])
	require.Len(t, results["with"], len(results["without"]))
	// Behavior is what a case tests. How cleanly the connection ends races, from
	// run to run, in Envoy alone as well: that is counted, not compared.
	behavior, closing := map[string]int{}, map[string]map[string]int{"with": {}, "without": {}}
	for name, without := range results["without"] {
		with := results["with"][name]
		assert.Equal(t, without.Behavior, with.Behavior, "case %s, without and with Seawall", name)
		behavior[with.Behavior]++
		closing["without"][without.BehaviorClose]++
		closing["with"][with.BehaviorClose]++
	}
	guarded.alive(t)
	if !t.Failed() {
		t.Logf("autobahn: %d cases, %v, equal with and without Seawall; closings %v", len(results["with"]), behavior, closing)
	}
}

// echo is a WebSocket server that sends back what it gets.
func echo(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow() //nolint:errcheck // the client has its answers by then
	c.SetReadLimit(-1)
	for {
		kind, message, err := c.Read(r.Context())
		if err != nil || c.Write(r.Context(), kind, message) != nil {
			return
		}
	}
}

// wstest installs the suite, which is written for Python 2.7, below build/.
func wstest(t *testing.T) (python, packages string) {
	t.Helper()
	python = python2()
	if python == "" {
		t.Skip("autobahn: no Python 2.7 here ($PYTHON2, python2.7 in PATH, pyenv), and the suite runs on no other")
	}
	packages = filepath.Join(root, "build", "tools", "autobahn")
	done := filepath.Join(packages, "installed")
	if _, err := os.Stat(done); err == nil {
		return python, packages
	}
	output, err := exec.Command(python, "-m", "pip", "install", "--disable-pip-version-check", "--target", packages, "--upgrade", autobahn).CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(output)), "\n")
		t.Skipf("autobahn: pip cannot install it: %s", lines[len(lines)-1])
	}
	// A folder that is no site-packages knows no namespace packages.
	require.NoError(t, os.WriteFile(filepath.Join(packages, "zope", "__init__.py"), nil, 0o600))
	require.NoError(t, os.WriteFile(done, []byte(autobahn+"\n"), 0o600))
	return python, packages
}

func python2() string {
	candidates := []string{os.Getenv("PYTHON2"), "python2.7"}
	if pyenv, err := exec.Command("pyenv", "root").Output(); err == nil {
		found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(pyenv)), "versions", "2.7*", "bin", "python2.7"))
		candidates = append(candidates, found...)
	}
	for _, c := range candidates {
		if c != "" && exec.Command(c, "-m", "pip", "--version").Run() == nil {
			return c
		}
	}
	return ""
}
