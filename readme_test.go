package seawall_test

import (
	"encoding/json"
	"flag"
	"io/fs"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

var update = flag.Bool("update", false, "write README.md's reference anew")

// fenced is one code block of a Markdown file.
type fenced struct{ kind, text string }

func blocks(t testing.TB, file string) []fenced {
	t.Helper()
	var all []fenced
	for _, m := range regexp.MustCompile("(?ms)^```([a-z][a-z ]*)\n(.*?)^```$").FindAllStringSubmatch(read(t, file), -1) {
		all = append(all, fenced{m[1], m[2]})
	}
	require.NotEmpty(t, all)
	return all
}

func TestEveryBlockIsOfAKindThatIsChecked(t *testing.T) {
	known := []string{"sh", "console", "text", "yaml seawall", "json seawall", "yaml envoy", "json event"}
	for _, b := range blocks(t, "README.md") {
		assert.Contains(t, known, b.kind, "%s", b.text)
	}
	assert.Zero(t, strings.Count(read(t, "README.md"), "\n```")%2)
}

func TestEveryConfigInTheReadmeCompiles(t *testing.T) {
	for _, b := range blocks(t, "README.md") {
		if strings.HasSuffix(b.kind, " seawall") {
			compiles(t, b.text)
		}
	}
}

func compiles(t *testing.T, document string) {
	t.Helper()
	config, err := filter.ParseConfig([]byte(document))
	require.NoError(t, err, document)
	_, err = filter.NewEngine(config)
	require.NoError(t, err, document)
}

// A real Envoy validates the dynamic module's blocks (cmd/seawall); here each
// must be YAML that holds a document of ours.
func TestEveryEnvoyBlockCarriesAConfigThatCompiles(t *testing.T) {
	for _, b := range blocks(t, "README.md") {
		if b.kind != "yaml envoy" {
			continue
		}
		var tree any
		require.NoError(t, yaml.Unmarshal([]byte(b.text), &tree), b.text)
		documents := carried(t, tree)
		require.Len(t, documents, 1, b.text)
		compiles(t, documents[0])
	}
}

// carried finds the values of StringValues and TypedStructs.
func carried(t *testing.T, tree any) (found []string) {
	t.Helper()
	switch tree := tree.(type) {
	case []any:
		for _, item := range tree {
			found = append(found, carried(t, item)...)
		}
	case map[string]any:
		switch tree["@type"] {
		case "type.googleapis.com/google.protobuf.StringValue":
			return []string{tree["value"].(string)}
		case "type.googleapis.com/xds.type.v3.TypedStruct":
			text, err := json.Marshal(tree["value"])
			require.NoError(t, err)
			return []string{string(text)}
		}
		for _, value := range tree {
			found = append(found, carried(t, value)...)
		}
	}
	return found
}

// What a `sh` block shows is a target of the Makefile, a line that cmd/seawall's
// tests parse, or is named here with the reason why nothing runs it.
func TestEveryCommandOfThePapersExists(t *testing.T) {
	notRun := map[string]string{
		"docker compose up --build":      "no Docker engine; README says so, and compose_test.go checks what it can",
		"docker compose run --rm attack": "no Docker engine; README says so, and compose_test.go checks what it can",
		".ci/run":                        "it runs this test",
		`grep $ID envoy.log | grep '"event":"seawall"' | sed 's/^[^{]*//' | python3 -m json.tool`: "TestTheReadmesCommandFindsAnEventInEnvoysLog runs it",
		"ENVOY=/path/to/envoy make test":       "make test, with a variable that envoy/launch's tests cover",
		"go test . -run TestReference -update": "TestReference, which fails where this is due",
	}
	makefile := read(t, "Makefile")
	for _, file := range []string{"README.md", "CONTRIBUTING.md"} {
		for _, b := range blocks(t, file) {
			if b.kind != "sh" {
				continue
			}
			for line := range strings.Lines(b.text) {
				line, _, _ = strings.Cut(strings.TrimSpace(line), "  #")
				target, isMake := strings.CutPrefix(line, "make ")
				target, _, _ = strings.Cut(target, " ")
				switch {
				case isMake:
					assert.Contains(t, makefile, "\n"+target+": ", "%s: %s", file, line)
				case strings.HasPrefix(line, "build/seawall "):
				default:
					assert.NotEmpty(t, notRun[line], "%s: nothing runs %q", file, line)
				}
			}
		}
	}
}

func TestCIRunsMakeTestLast(t *testing.T) {
	assert.True(t, strings.HasSuffix(read(t, ".ci/run"), "\nmake test\n"))
	info, err := os.Stat(".ci/run")
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&0o111, ".ci/run can be executed")
}

// sink is a host that keeps what it is told.
type sink struct{ lines []string }

func (s *sink) Log(_ slog.Level, line string) { s.lines = append(s.lines, line) }
func (*sink) Count(filter.Counter, string)    {}
func (*sink) Observe(uint64, string)          {}

// exampleDenied replays the README's example through the default rules.
func exampleDenied(t *testing.T) (event map[string]any, metadata map[string]any) {
	t.Helper()
	config, err := filter.ParseConfig(nil)
	require.NoError(t, err)
	engine, err := filter.NewEngine(config)
	require.NoError(t, err)
	host := &sink{}
	tx := engine.NewTransaction(host)
	headers := func(yield func(string, string) bool) {
		_ = yield("user-agent", "curl/8") && yield("accept", "*/*")
	}
	v := tx.RequestHeaders(filter.Request{Method: "GET", Path: "/search?q=1%27+OR+%271%27%3D%271", Authority: "shop.example.com",
		Protocol: "HTTP/1.1", Headers: headers, RequestID: "a-request-id", Client: filter.Endpoint{Addr: netip.MustParseAddrPort("127.0.0.1:60602")}}, true)
	require.Equal(t, filter.Deny, v.Action)
	tx.Close()
	require.Len(t, host.lines, 1)
	require.NoError(t, json.Unmarshal([]byte(host.lines[0]), &event))
	return event, v.Metadata
}

func TestTheEventInTheReadmeIsReal(t *testing.T) {
	got, _ := exampleDenied(t)
	for _, b := range blocks(t, "README.md") {
		if b.kind != "json event" {
			continue
		}
		var want map[string]any
		require.NoError(t, json.Unmarshal([]byte(b.text), &want))
		for _, e := range []map[string]any{got, want} {
			for _, key := range []string{"tx_id", "request_id", "took_us", "time"} { // another each time
				require.Contains(t, e, key)
				delete(e, key)
			}
		}
		assert.Equal(t, want, got)
		return
	}
	assert.Fail(t, "README.md shows no event")
}

func TestTheReadmeNamesWhatHostsPublish(t *testing.T) {
	text := read(t, "README.md")
	_, metadata := exampleDenied(t)
	for key := range metadata {
		assert.Regexp(t, "(?m)^\\|[^|]*`"+key+"`[^|]*\\|", text, "metadata")
	}
	for _, c := range filter.Counters() {
		assert.Contains(t, text, "\n| `seawall."+c.String()+"` |")
	}
}

// Reasons are written `reason: "name"`, after `fault: true, ` where they are faults
// of ours, and details "seawall_error{name}", in the source.
func TestTheReadmeNamesEveryResponseCodeDetail(t *testing.T) {
	inCode := map[string]bool{}
	reason := regexp.MustCompile(`(fault: true, )?reason(?::|\s=)\s*"([a-z_]+)"`)
	literal := regexp.MustCompile(`"(seawall_(?:denied|error)\{[a-z_]+\})"`)
	for _, dir := range []string{"filter", "envoy/dynamicmodule", "envoy/golang"} {
		files, err := filepath.Glob(dir + "/*.go")
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text := read(t, file)
			for _, m := range reason.FindAllStringSubmatch(text, -1) {
				kind := "denied"
				if m[1] != "" {
					kind = "error"
				}
				inCode["seawall_"+kind+"{"+m[2]+"}"] = true
			}
			for _, m := range literal.FindAllStringSubmatch(text, -1) {
				inCode[m[1]] = true
			}
		}
	}
	inReadme := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(seawall_(?:denied|error)\\{[a-z_]+\\})` ").FindAllStringSubmatch(read(t, "README.md"), -1) {
		inReadme[m[1]] = true
	}
	assert.Equal(t, slices.Sorted(maps.Keys(inCode)), slices.Sorted(maps.Keys(inReadme)))
}

var papers = []string{"README.md", "CONTRIBUTING.md", "RATIONALE.md", "CHANGELOG.md", "SECURITY.md"}

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, file := range append(slices.Clone(papers), "rules/README.md") {
		for _, m := range link.FindAllStringSubmatch(read(t, file), -1) {
			path, anchor, hasAnchor := strings.Cut(m[1], "#")
			if strings.HasPrefix(m[1], "https://") {
				continue // the network is not ours to ask
			}
			target := file
			if path != "" {
				target = filepath.Join(filepath.Dir(file), path)
			}
			_, err := os.Stat(target)
			require.NoError(t, err, "%s links %s", file, m[1])
			if hasAnchor {
				assert.Contains(t, anchors(read(t, target)), anchor, "%s links %s", file, m[1])
			}
		}
	}
}

// anchors are a Markdown file's headings as GitHub links them.
func anchors(text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(name, " ", "-"))
	}
	return all
}

// A promise names the test that keeps it; the test must be there.
func TestTestsThatThePapersNameExist(t *testing.T) {
	var code strings.Builder
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == "build" || path == ".git"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go"):
			code.WriteString(read(t, path))
		}
		return nil
	}))
	for _, file := range papers {
		for _, m := range regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)`").FindAllStringSubmatch(read(t, file), -1) {
			assert.Contains(t, code.String(), "\nfunc "+m[1]+"(", file)
		}
		for _, m := range regexp.MustCompile("row `(\\w+)`").FindAllStringSubmatch(read(t, file), -1) {
			assert.Contains(t, code.String(), `Name: "`+m[1]+`"`, file)
		}
	}
}
