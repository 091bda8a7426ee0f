package seawall_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// section returns the rows of the table below a heading of SECURITY.md, its
// head left out, cut into cells.
func section(t *testing.T, heading string) [][]string {
	t.Helper()
	_, rest, ok := strings.Cut(read(t, "SECURITY.md"), "\n## "+heading+"\n")
	require.True(t, ok, "SECURITY.md has a section %q", heading)
	rest, _, _ = strings.Cut(rest, "\n## ")
	var rows [][]string
	for line := range strings.Lines(rest) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "|") {
			rows = append(rows, strings.Split(strings.Trim(line, "|"), "|"))
		}
	}
	require.Greater(t, len(rows), 2)
	return rows[2:]
}

var quoted = regexp.MustCompile("`([^`]+)`")

func TestEveryPromiseOfSecurityNamesATestThatExists(t *testing.T) {
	functions := testFunctions(t)
	rows := map[string]bool{}
	for _, c := range filtertest.Cases() {
		rows[c.Name] = true
	}
	for _, promise := range section(t, "What is promised, and what keeps it") {
		require.Len(t, promise, 2, "%v", promise)
		named := quoted.FindAllStringSubmatch(promise[1], -1)
		kept := 0
		for _, m := range named {
			switch name := m[1]; {
			case strings.HasPrefix(name, "make "):
				assert.Contains(t, read(t, "Makefile"), "\n"+strings.TrimPrefix(name, "make ")+":")
			case strings.HasPrefix(name, "Test"), strings.HasPrefix(name, "Fuzz"):
				assert.True(t, functions[name], "%s does not exist: %s", name, promise[0])
				kept++
			default:
				assert.True(t, rows[name], "the behaviour table has no row %s: %s", name, promise[0])
				kept++
			}
		}
		assert.Positive(t, kept, "nothing keeps the promise: %s", promise[0])
	}
}

// testFunctions are the tests and fuzz targets of the whole tree.
func testFunctions(t *testing.T) map[string]bool {
	t.Helper()
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\([a-z]+ \*testing\.[TF]\)`)
	found := map[string]bool{}
	for _, p := range goList(t, "./...") {
		for _, file := range append(p.TestGoFiles, p.XTestFiles...) {
			for _, m := range function.FindAllStringSubmatch(read(t, filepath.Join(p.Dir, file)), -1) {
				found[m[1]] = true
			}
		}
	}
	require.NotEmpty(t, found)
	return found
}

// What the page says the shipped bootstraps do stands in them.
func TestTheShippedBootstrapsAreHardenedAsSecuritySays(t *testing.T) {
	for _, row := range section(t, "Envoy around the filter") {
		require.Len(t, row, 3, "%v", row)
		for _, m := range quoted.FindAllStringSubmatch(row[1], -1) {
			if strings.HasPrefix(m[1], "--") {
				continue // a flag of Envoy's, not the bootstrap's
			}
			for _, file := range []string{"envoy/dynamicmodule.yaml", "envoy/golang.yaml"} {
				assert.Contains(t, read(t, file), m[1], file)
			}
		}
	}
}
