package filter

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mustParse(t *testing.T, doc string) *Config {
	t.Helper()
	c, err := ParseConfig([]byte(doc))
	require.NoError(t, err)
	return c
}

// texts are the snippets of a policy without their places.
func texts(p *Policy) []string {
	var all []string
	for _, s := range p.Snippets {
		all = append(all, s.Text)
	}
	return all
}

func TestEmptyDocumentAsksForTheEmbeddedRules(t *testing.T) {
	for name, doc := range map[string]string{
		"NoBytes":          "",
		"Spaces":           " \n\t ",
		"EmptyObject":      "{}",
		"YAMLComments":     "# nothing\n",
		"DocumentMarker":   "---\n",
		"EmptyStringValue": `""`,
		"StringOfObject":   `"{}"`,
		"OnlyOtherKeys":    "log_matched_data: true",
		"NotDisabled":      "disabled: false",
		"ByteOrderMark":    "\ufeff{}",
	} {
		t.Run(name, func(t *testing.T) {
			c := mustParse(t, doc)
			assert.Equal(t, &Config{
				Policies:      map[string]*Policy{"default": {Name: "default", Snippets: []Snippet{{Text: "Include @seawall.conf"}}}},
				DefaultPolicy: "default",
				RequestBody:   BodyOptions{MaxHeldBytes: 16 << 20, OffloadBytes: 1 << 10},
				ResponseBody:  BodyOptions{MaxHeldBytes: 16 << 20, OffloadBytes: 1 << 10},

				HeldBytesBudget: 1 << 30,
				Block:           DefaultBlockResponse,
				LogMatchedData:  true,
			}, c)
		})
	}
}

func TestEveryNativeKeyIsDecoded(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("testdata", "config", "native.yaml"))
	require.NoError(t, err)
	c := mustParse(t, string(doc))
	assert.Equal(t, &Config{
		Policies: map[string]*Policy{
			"strict": {Name: "strict", Snippets: []Snippet{{
				Text: "# seawall's own set, stricter\nInclude @seawall.conf\nSecAction \"id:900000,phase:1,pass,nolog,\\\n  setvar:tx.blocking_paranoia_level=2\"\n",
				Key:  "policies.strict.directives", Line: 5,
			}}},
			"static": {Name: "static", Snippets: []Snippet{
				{Text: "SecRuleEngine DetectionOnly", Key: "policies.static.directives[0]", Line: 11},
				{Text: "Include @seawall.conf", Key: "policies.static.directives[1]", Line: 12},
			}},
		},
		DefaultPolicy:   "strict",
		Hosts:           map[string]string{"static.example.com": "static", "*.cdn.example.com": "static", "2001:db8::1": "strict"},
		RequestBody:     BodyOptions{MaxHeldBytes: 1 << 20, OffloadBytes: 4096},
		ResponseBody:    BodyOptions{MaxHeldBytes: 512 << 10, OffloadBytes: 0},
		HeldBytesBudget: 2 << 30,
		ScreenOff:       true,
		VerifySample:    0.01,
		Block: BlockResponse{
			Text: "blocked {{id}}\n",
			HTML: "<p>Blocked, {{id}}</p>",
			JSON: `{"code": {{status}}, "rule": {{rule_id}}, "id": "{{id}}"}`,
		},
		Labels: map[string]string{"team": "edge"},
	}, c)
}

func TestSpellingsThatMeanTheSame(t *testing.T) {
	read := func(c *Config) any { return c }
	for name, tc := range map[string]struct {
		doc  string
		read func(*Config) any
		want any
	}{
		"StructFloatIsAnInteger":     {`{"request_body":{"max_held_bytes":1.6777216e+07}}`, func(c *Config) any { return c.RequestBody.MaxHeldBytes }, 16 << 20},
		"KiB":                        {`{"request_body":{"max_held_bytes":"64KiB"}}`, func(c *Config) any { return c.RequestBody.MaxHeldBytes }, 64 << 10},
		"GiB":                        {`{"response_body":{"max_held_bytes":"1GiB"}}`, func(c *Config) any { return c.ResponseBody.MaxHeldBytes }, 1 << 30},
		"OneBodyKeyKeepsTheOther":    {`{"request_body":{"offload_bytes":0}}`, func(c *Config) any { return c.RequestBody }, BodyOptions{16 << 20, 0}},
		"TabsInJSON":                 {"{\n\t\"on_error\":\t\"open\"\n}", func(c *Config) any { return c.OnError }, FailOpen},
		"InspectRequest":             {"inspect: request", func(c *Config) any { return []bool{c.RequestOnly, c.ResponseOnly} }, []bool{true, false}},
		"InspectResponse":            {"inspect: response", func(c *Config) any { return []bool{c.RequestOnly, c.ResponseOnly} }, []bool{false, true}},
		"Disabled":                   {"disabled: true", read, &Config{Disabled: true}},
		"BlockOfDirectives":          {"directives: |\n  SecRuleEngine On\n", func(c *Config) any { return c.Policies["default"].Snippets }, []Snippet{{Text: "SecRuleEngine On\n", Key: "directives", Line: 2}}},
		"QuotedDirectives":           {`directives: "SecRuleEngine On"`, func(c *Config) any { return c.Policies["default"].Snippets }, []Snippet{{Text: "SecRuleEngine On", Key: "directives", Line: 1}}},
		"EscapedLinesStandOnOneLine": {"\n{\"directives\":\n[\"SecRuleEngine On\\nSecRequestBodyAccess On\"]}", func(c *Config) any { return c.Policies["default"].Snippets }, []Snippet{{Text: "SecRuleEngine On\nSecRequestBodyAccess On", Key: "directives[0]", Line: 3, OneLine: true}}},
		"WindowsLineBreaks":          {"directives: |\r\n  SecRuleEngine On\r\n  SecRequestBodyAccess On\r\n", func(c *Config) any { return texts(c.Policies["default"]) }, []string{"SecRuleEngine On\nSecRequestBodyAccess On\n"}},
		"TabsInYAMLBlock":            {"directives: |\n  SecRuleEngine\tOn\n  \tSecRequestBodyAccess On\n", func(c *Config) any { return texts(c.Policies["default"]) }, []string{"SecRuleEngine\tOn\n\tSecRequestBodyAccess On\n"}},
		"TabsInYAMLQuotes":           {"directives: 'SecRuleEngine\tOn' \t# why\n", func(c *Config) any { return texts(c.Policies["default"]) }, []string{"SecRuleEngine\tOn"}},
		"TabBeforeComment":           {"directives: SecRuleEngine On\t# why\n", func(c *Config) any { return texts(c.Policies["default"]) }, []string{"SecRuleEngine On"}},
		"DirectiveOverTwoListItems":  {`{"directives":["SecAction \"id:1,\\", "phase:1,pass\""]}`, func(c *Config) any { return texts(c.Policies["default"]) }, []string{`SecAction "id:1,\`, `phase:1,pass"`}},
		"OnePolicyIsTheDefault":      {"policies: {only: {directives: SecRuleEngine On}}", func(c *Config) any { return c.DefaultPolicy }, "only"},
		"SameHostSamePolicyTwice":    {"hosts: {a.com: default, 'A.com:8443': default}", func(c *Config) any { return c.Hosts }, map[string]string{"a.com": "default"}},
		"StringValueWithYAML":        {`"directives: SecRuleEngine On"`, func(c *Config) any { return texts(c.Policies["default"]) }, []string{"SecRuleEngine On"}},
		"YAMLWithQuotedFirstKey":     {`"on_error": open`, func(c *Config) any { return c.OnError }, FailOpen},
		"PolicyNameThatLooksANumber": {"policies: {10: {directives: SecRuleEngine On}}", func(c *Config) any { return c.DefaultPolicy }, "10"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, tc.read(mustParse(t, tc.doc)))
		})
	}
}

// A Struct reaches us as JSON whatever the user wrote in Envoy's YAML: the same
// document must mean the same either way.
func TestJSONAndYAMLAgree(t *testing.T) {
	const yamlDoc = "policies:\n  a: {directives: [SecRuleEngine On]}\n  b:\n    directives: |\n      SecRuleEngine Off\ndefault_policy: a\nhosts: {b.com: b}\n"
	jsonDoc, err := json.Marshal(map[string]any{
		"policies":       map[string]any{"a": map[string]any{"directives": []string{"SecRuleEngine On"}}, "b": map[string]any{"directives": "SecRuleEngine Off\n"}},
		"default_policy": "a",
		"hosts":          map[string]string{"b.com": "b"},
	})
	require.NoError(t, err)
	assert.Equal(t, withoutPlaces(mustParse(t, yamlDoc)), withoutPlaces(mustParse(t, string(jsonDoc))))
}

func TestDefaultBlockResponseNamesNoRule(t *testing.T) {
	for _, text := range []string{DefaultBlockResponse.Text, DefaultBlockResponse.HTML, DefaultBlockResponse.JSON} {
		assert.NotContains(t, text, "{{rule_id}}")
		assert.Contains(t, text, "{{id}}")
	}
	doc, err := json.Marshal(map[string]any{"block_response": map[string]string{
		"text": DefaultBlockResponse.Text, "html": DefaultBlockResponse.HTML, "json": DefaultBlockResponse.JSON,
	}})
	require.NoError(t, err)
	assert.Equal(t, DefaultBlockResponse, mustParse(t, string(doc)).Block, "the defaults pass their own checks")
}

func TestSeveralFaultsAreReportedInTheOrderOfTheDocument(t *testing.T) {
	_, err := ParseConfig([]byte("hostss: {}\non_error: maybe\nlog_matched_data: 1\n"))
	assert.EqualError(t, err, strings.Join([]string{
		`hostss (line 1, column 1): unknown key; did you mean "hosts"?`,
		`on_error (line 2, column 11): want closed or open, got "maybe"`,
		`log_matched_data (line 3, column 19): want true or false, got 1`,
	}, "\n"))
	var first *ConfigError
	require.ErrorAs(t, err, &first)
	assert.Equal(t, &ConfigError{Key: "hostss", Line: 1, Column: 1, Problem: `unknown key; did you mean "hosts"?`}, first)

	_, err = ParseConfig([]byte(strings.Repeat("x", 1) + "0: 1\n" + manyUnknown(14)))
	assert.ErrorContains(t, err, "and 5 more")
}

func manyUnknown(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("unknown" + strings.Repeat("x", i) + ": 1\n")
	}
	return b.String()
}
