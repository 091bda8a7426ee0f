// Package seawall_test checks what holds for the repository as a whole: which
// part may know which, what the libraries are made of, and that what the papers
// say is so. The code is in filter, rules, envoy, cmd and e2e.
package seawall_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/seawall-waf/seawall"

// goPackage is what these tests read of `go list -json`.
type goPackage struct {
	ImportPath  string
	Dir         string
	Imports     []string // of the package, its tests left out
	Deps        []string
	GoFiles     []string
	CgoFiles    []string
	TestGoFiles []string
	XTestFiles  []string `json:"XTestGoFiles"`
	Module      *struct{ Path string }
}

func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json"}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // the plugins' mains need it; nothing is compiled
	out, err := cmd.Output()
	require.NoError(t, err, "%s", stderrOf(err))
	var all []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

func stderrOf(err error) []byte {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.Stderr
	}
	return nil
}

func thirdParty(imports []string) []string {
	var found []string
	for _, path := range imports {
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
			found = append(found, path)
		}
	}
	return found
}

func TestTheCoreKnowsNoProxy(t *testing.T) {
	for _, p := range goList(t, "-deps", "./filter/...", "./rules/...") {
		assert.NotContains(t, p.ImportPath, "envoyproxy/")
		assert.False(t, strings.HasPrefix(p.ImportPath, module+"/envoy"), "%s is below filter or rules", p.ImportPath)
	}
}

func TestTheDoorsKnowTheCoreAndTheirInterfacesAlone(t *testing.T) {
	for door, allowed := range map[string][]string{
		"./envoy/dynamicmodule": {
			module + "/filter",
			"github.com/envoyproxy/envoy/source/extensions/dynamic_modules/sdk/go/shared",
		},
		"./envoy/golang": {
			module + "/filter",
			"github.com/envoyproxy/envoy/contrib/golang/common/go/api",
			"google.golang.org/protobuf/encoding/protowire",
			"google.golang.org/protobuf/proto",
			"google.golang.org/protobuf/types/known/anypb",
			"google.golang.org/protobuf/types/known/structpb",
			"google.golang.org/protobuf/types/known/wrapperspb",
		},
	} {
		packages := goList(t, door)
		require.Len(t, packages, 1)
		assert.Subset(t, allowed, thirdParty(packages[0].Imports), door)
	}
}

// A dependency of a library runs inside other people's Envoys: adding one is a
// decision, written down in NOTICE.
func TestTheBinariesAreMadeOfWhatNoticeSays(t *testing.T) {
	listed := noticeSections(t)
	shared := listed["In both libraries and the command"]
	for target, want := range map[string][]string{
		"./envoy/dynamicmodule/plugin": append(slices.Clone(shared), listed["In build/libseawall.so alone"]...),
		"./envoy/golang/plugin":        append(slices.Clone(shared), listed["In build/seawall-golang.so alone"]...),
		"./cmd/seawall":                append(slices.Clone(shared), listed["In build/seawall, the command, alone"]...),
	} {
		linked := map[string]bool{}
		for _, p := range goList(t, "-deps", target) {
			if p.Module != nil && p.Module.Path != module {
				linked[p.Module.Path] = true
			}
		}
		assert.ElementsMatch(t, want, slices.Collect(maps.Keys(linked)), target)
	}
}

// noticeSections returns the modules of NOTICE by the line above them.
func noticeSections(t *testing.T) map[string][]string {
	t.Helper()
	sections, title := map[string][]string{}, ""
	for line := range strings.Lines(read(t, "NOTICE")) {
		line = strings.TrimRight(line, "\n")
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "In ") && strings.HasSuffix(line, ":"):
			title = strings.TrimSuffix(line, ":")
		case line != "" && !strings.HasPrefix(line, "  "):
			title = ""
		case title != "" && len(fields) == 2:
			sections[title] = append(sections[title], fields[0])
		}
	}
	return sections
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range goList(t, "-tags", "seawall_faults", "./...") {
		files := append(slices.Clone(p.GoFiles), p.CgoFiles...)
		if len(files) == 0 {
			files = append(slices.Clone(p.TestGoFiles), p.XTestFiles...)
		}
		said := slices.ContainsFunc(files, func(name string) bool {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			require.NoError(t, err)
			text := file.Doc.Text()
			return strings.HasPrefix(text, "Package ") || strings.HasPrefix(text, "Command ")
		})
		assert.True(t, said, "%s has no package comment", p.ImportPath)
	}
}

// Spelled in two halves, so that this file holds none of them.
var foreignPlaces = regexp.MustCompile(strings.Join([]string{
	`/roo` + `t/`, `/wor` + `k/`, `/hom` + `e/[a-z]`, `\.pye` + `nv\b`,
	`proxy\.gola` + `ng\.org`, `sum\.gola` + `ng\.org`, `py` + `pi\.org`, `pythonhos` + `ted\.org`, `npm` + `js\.(org|com)`,
	`doc` + `ker\.io`, `gh` + `cr\.io`, `qu` + `ay\.io`, `\bgc` + `r\.io`, `crat` + `es\.io`, `deb` + `ian\.org`, `artifac` + `tory`,
}, "|"))

func TestNoFileNamesAMachineOrARegistry(t *testing.T) {
	files := treeFiles(t)
	require.Contains(t, files, "go.mod")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and not yet committed
		}
		require.NoError(t, err)
		assert.Empty(t, foreignPlaces.FindAllString(string(text), -1), name)
	}
}

// treeFiles lists what git would commit; where there is no git (an unpacked
// archive), everything but build/.
func treeFiles(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err == nil {
		return slices.DeleteFunc(strings.Split(string(out), "\x00"), func(s string) bool { return s == "" })
	}
	var files []string
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == "build" || path == ".git":
			return fs.SkipDir
		case entry.Type().IsRegular():
			files = append(files, path)
		}
		return nil
	}))
	return files
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}
