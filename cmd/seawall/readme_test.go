package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// readmeBlocks returns README.md's fenced blocks of one kind.
func readmeBlocks(t *testing.T, kind string) []string {
	t.Helper()
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+kind+"\n(.*?)^```$").FindAllStringSubmatch(read(t, "README.md"), -1) {
		found = append(found, m[1])
	}
	require.NotEmpty(t, found, kind)
	return found
}

// builtModule skips the test where `make build` has not been run.
func builtModule(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "build", moduleName))
	require.NoError(t, err)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("there is no build/%s: make build", moduleName)
	}
	return path
}

func TestTheGreetingInTheReadmeIsWhatRunPrints(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, greeting{base: "http://localhost:8080", admin: "127.0.0.1:33081", demo: true}.write(&out))
	assert.Contains(t, readmeBlocks(t, "text"), out.String())
}

func TestCommandLinesInTheReadmeParse(t *testing.T) {
	for _, block := range readmeBlocks(t, "sh") {
		for line := range strings.Lines(block) {
			if flags, ok := strings.CutPrefix(line, "make run RUN_FLAGS='"); ok {
				line = "build/seawall run " + strings.TrimSuffix(strings.TrimSpace(flags), "'")
			}
			words := strings.Fields(line)
			if len(words) == 0 || words[0] != "build/seawall" {
				continue
			}
			parser, err := newParser(&commandLine{}, nil, nil, nil)
			require.NoError(t, err)
			_, err = parser.Parse(words[1:])
			assert.NoError(t, err, line)
		}
	}
}

// TestTheReadmesSessions runs every line behind a $ against a real `seawall run`
// and compares what it prints. IDs, dates and times are another each time; "..."
// stands for any number of lines.
func TestTheReadmesSessions(t *testing.T) {
	module := builtModule(t)
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	envoy, err := launch.Find(t.Context(), launch.Source{})
	require.NoError(t, err)
	seawall, err := exec.LookPath("seawall") // this test binary, by testscript.Main
	require.NoError(t, err)
	port, err := freePort()
	require.NoError(t, err)
	address := "127.0.0.1:" + strconv.Itoa(port)

	var out bytes.Buffer
	// Not t.Context(): that ends before the clean-up, which interrupts it once.
	run := exec.CommandContext(context.WithoutCancel(t.Context()), seawall, "run", "--listen", address, "--module", module, "--envoy", envoy)
	run.Stdout, run.Stderr = &out, &out
	require.NoError(t, run.Start())
	t.Cleanup(func() {
		_ = run.Process.Signal(os.Interrupt)
		assert.NoError(t, run.Wait(), "%s", &out)
	})
	wait := exec.CommandContext(t.Context(), "curl", "-s", "-o", os.DevNull, "--retry", "60", "--retry-delay", "1", "--retry-connrefused", "http://"+address+"/")
	require.NoError(t, wait.Run(), "seawall run does not answer")

	// The session's envoy is a PATH of its own: the binary's name is "envoy".
	path := filepath.Dir(envoy) + string(os.PathListSeparator) + os.Getenv("PATH")
	for _, session := range readmeBlocks(t, "console") {
		for _, step := range strings.Split("\n"+session, "\n$ ")[1:] {
			command, want, _ := strings.Cut(step, "\n")
			line := strings.NewReplacer("127.0.0.1:8080", address, "localhost:8080", "localhost:"+strconv.Itoa(port), "build/seawall", seawall).Replace(command)
			sh := exec.CommandContext(t.Context(), "sh", "-c", line)
			sh.Dir = root
			sh.Env = append(os.Environ(), "PATH="+path, "NO_COLOR=1")
			got, err := sh.Output()
			require.NoError(t, err, command)
			text := strings.ReplaceAll(string(got), address, "127.0.0.1:8080")
			assert.Regexp(t, pattern(want), steady(text), command)
		}
	}
}

var (
	blockID  = regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{24}\b`)
	httpDate = regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`)
	duration = regexp.MustCompile(`\b\d+\.\d\b`)
	spaces   = regexp.MustCompile(` +`)
)

// steady takes out of an output what is another each time.
func steady(text string) string {
	text = blockID.ReplaceAllString(strings.ReplaceAll(text, "\r", ""), "ID")
	text = duration.ReplaceAllString(httpDate.ReplaceAllString(text, "DATE"), "N")
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSpace(spaces.ReplaceAllString(line, " ")))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func pattern(want string) string {
	quoted := regexp.QuoteMeta(steady(want))
	return `\A` + strings.ReplaceAll(quoted, "\n"+regexp.QuoteMeta("...")+"\n", `\n(?:.*\n)*`) + `\z`
}

func TestSessionsAreComparedLineByLine(t *testing.T) {
	assert.Regexp(t, pattern("a 1.5\n...\nz DKP5YTGN1QHZA9DAXD9MMS2C"), steady("a  22.0\nb\nc\nz Q7Q5DEGBAHD9SH2EGK740KWG\r\n"))
	assert.NotRegexp(t, pattern("403"), steady("200"))
	assert.NotRegexp(t, pattern("a\n...\nz"), steady("a\nb\n"))
}

// The blocks for the dynamic module are validated by Envoy, inside the shipped
// bootstrap. Those of the golang filter need a contrib Envoy.
func TestEnvoyAcceptsTheReadmesDynamicModuleBlocks(t *testing.T) {
	module := builtModule(t)
	envoy, err := launch.Find(t.Context(), launch.Source{})
	require.NoError(t, err)
	boot, err := launch.DynamicModule()
	require.NoError(t, err)
	manager, err := boot.ConnectionManager()
	require.NoError(t, err)
	replaced := 0
	for _, block := range readmeBlocks(t, "yaml envoy") {
		if strings.Contains(block, "http.golang") {
			continue
		}
		var filters []any
		if yaml.Unmarshal([]byte(block), &filters) == nil {
			chain := manager["http_filters"].([]any)
			chain[0] = filters[0]
			replaced++
			continue
		}
		var perRoute map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(block), &perRoute))
		hosts := manager["route_config"].(map[string]any)["virtual_hosts"].([]any)
		route := hosts[0].(map[string]any)["routes"].([]any)[0].(map[string]any)
		route["typed_per_filter_config"] = perRoute["typed_per_filter_config"]
		replaced++
	}
	require.Equal(t, 2, replaced, "a filter's block and a route's")
	document, err := boot.JSON()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "bootstrap.json")
	require.NoError(t, os.WriteFile(file, document, 0o600))
	validate := exec.CommandContext(context.WithoutCancel(t.Context()), envoy, "--mode", "validate", "-c", file)
	validate.Env = append(os.Environ(), "ENVOY_DYNAMIC_MODULES_SEARCH_PATH="+filepath.Dir(module))
	out, err := validate.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
