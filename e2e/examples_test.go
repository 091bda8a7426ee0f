package e2e

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreruleset/go-ftw/v2/config"
	"github.com/coreruleset/go-ftw/v2/output"
	"github.com/coreruleset/go-ftw/v2/runner"
	ftw "github.com/coreruleset/go-ftw/v2/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/rules"
)

// exampleRules is what rules/tests is written for; the marker lets go-ftw find
// a test's events in the log.
const exampleRules = "directives: |\n  Include @ftw-marker.conf\n  Include @seawall/*.conf\n  Include @seawall.conf\n"

// TestExampleRulesThroughGoFTW runs rules/tests with go-ftw itself, which reads
// our events for the rule IDs that a test expects.
func TestExampleRulesThroughGoFTW(t *testing.T) {
	p := startProxy(t, map[string]string{"examples": exampleRules}, options{
		workers: 1, // events come in the order of the requests: go-ftw looks between two markers
		edit: func(t *testing.T, b *launch.Bootstrap) {
			for _, manager := range managers(t, b) {
				manager["xff_num_trusted_hops"] = 1 // tests set their client's address
			}
		}})
	tests, wanted := exampleTests(t)
	cfg := &config.RunnerConfig{
		RunMode: config.DefaultRunMode, Output: output.Plain, ShowOnlyFailed: true,
		LogFilePath: p.eventFile(t), LogMarkerHeaderName: config.DefaultLogMarkerHeaderName,
		MaxMarkerRetries: config.DefaultMaxMarkerRetries * 10, MaxMarkerLogLines: config.DefaultMaxMarkerLogLines,
		ConnectTimeout: 5 * time.Second, ReadTimeout: exchangeTimeout,
	}
	host, port := "127.0.0.1", p.ports["examples"]
	cfg.TestOverride.Overrides = config.Overrides{DestAddr: &host, Port: &port}
	var report bytes.Buffer
	result, err := runner.Run(cfg, tests, output.NewOutput(string(output.Plain), &report))
	require.NoError(t, err, report.String())
	assert.Empty(t, result.Stats.Failed, "failed tests:\n%s", report.String())
	assert.Len(t, result.Stats.Success, wanted, "every test ran:\n%s", report.String())
}

func exampleTests(t *testing.T) (suites []*ftw.FTWTest, count int) {
	files, err := filepath.Glob("../rules/tests/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		suite, err := ftw.GetTestFromYaml(text, file)
		require.NoError(t, err, file)
		suites = append(suites, suite)
		count += len(suite.Tests)
	}
	return suites, count
}

// eventFile copies our events to a file as they come.
func (p *proxy) eventFile(t *testing.T) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "events"))
	require.NoError(t, err)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for next := 0; ; {
			p.mu.Lock()
			lines, more := p.lines, p.more
			p.mu.Unlock()
			for ; next < len(lines); next++ {
				if strings.Contains(lines[next], `"event":"seawall"`) {
					_, _ = io.WriteString(file, jsonOf(lines[next])+"\n")
				}
			}
			select {
			case <-more:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-done; file.Close() })
	return file.Name()
}

// A CRS that is newer than the embedded one is a folder on disk: here the
// embedded one with a message changed, to tell them apart.
func TestCRSFromDisk(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "rules"), 0o700))
	files, err := fs.Glob(rules.FS(), "@owasp_crs/*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		text, err := fs.ReadFile(rules.FS(), name)
		require.NoError(t, err)
		text = bytes.ReplaceAll(text, []byte("SQL Injection Attack Detected via libinjection"), []byte("changed on disk"))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "rules", filepath.Base(name)), text, 0o600))
	}
	setup, err := fs.ReadFile(rules.FS(), "@crs-setup.conf")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "crs-setup.conf"), setup, 0o600))

	p := startProxy(t, map[string]string{"disk": "directives: |\n  Include @recommended.conf\n  SecRuleEngine On\n" +
		"  Include " + dir + "/crs-setup.conf\n  Include " + dir + "/rules/*.conf\n"}, options{})
	from := p.logged()
	assert.Equal(t, 200, sendH1(t, p.address("disk"), benignGet).Status)
	assert.Equal(t, 403, sendH1(t, p.address("disk"), attackGet).Status)
	line := p.awaitAfter(t, from, `"id":942100`)
	assert.Contains(t, line, "changed on disk")
	assert.Contains(t, line, filepath.Join(dir, "rules", "REQUEST-942-APPLICATION-ATTACK-SQLI.conf"))
}
