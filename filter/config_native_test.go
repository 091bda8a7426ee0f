package filter

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withoutPlaces drops what differs between two documents that mean the same.
func withoutPlaces(c *Config) *Config {
	bare := *c
	bare.Policies = nil
	for name, p := range c.Policies {
		if bare.Policies == nil {
			bare.Policies = map[string]*Policy{}
		}
		q := &Policy{Name: p.Name}
		for _, s := range p.Snippets {
			q.Snippets = append(q.Snippets, Snippet{Text: s.Text})
		}
		bare.Policies[name] = q
	}
	if len(c.Hosts) == 0 {
		bare.Hosts = nil
	}
	if len(c.Labels) == 0 {
		bare.Labels = nil
	}
	return &bare
}

func requireNativeRoundTrip(t *testing.T, c *Config) {
	t.Helper()
	doc, err := c.Native()
	require.NoError(t, err)
	again, err := ParseConfig(doc)
	require.NoError(t, err, "%s", doc)
	require.Equal(t, withoutPlaces(c), withoutPlaces(again), "%s", doc)
}

func TestNativeOfEveryExampleReadsBackAsTheSame(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "config", "*.*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			doc, err := os.ReadFile(file)
			require.NoError(t, err)
			requireNativeRoundTrip(t, mustParse(t, string(doc)))
		})
	}
}

func TestNativeKeepsAwkwardTexts(t *testing.T) {
	for name, text := range map[string]string{
		"Quotes":               `SecRule ARGS "@rx \"'#:" "id:1"`,
		"LeadingSpace":         "  SecRuleEngine On\n",
		"TrailingSpace":        "SecRuleEngine On \nSecRequestBodyAccess On\t\n",
		"BlankLines":           "\n\nSecRuleEngine On\n\n\nSecRequestBodyAccess On\n\n\n",
		"NoFinalBreak":         "SecRuleEngine On\nSecRequestBodyAccess On",
		"Tabs":                 "\tSecRuleEngine On\n\tSecRequestBodyAccess\tOn\n",
		"Control":              "SecRule ARGS \"@contains \x00\x01\x7f\" \"id:1\"",
		"UnicodeLineBreaks":    "SecRuleEngine On #\u2028\u2029\u0085\ufeff\n# x\n",
		"Astral":               "# 😀\nSecRuleEngine On\n",
		"CarriageReturn":       "SecRuleEngine On\r\nSecRequestBodyAccess On\r\n",
		"CommentFirst":         "# \"a\": |\nSecRuleEngine On\n",
		"LooksLikeYAMLNumber":  "12",
		"LooksLikeYAMLAlias":   "*x",
		"DocumentMarkerInside": "SecRuleEngine On\n---\n...\n",
		"ContinuationLines":    "SecAction \"id:1,\\\n    phase:1,\\\n  pass\"\n",
		"Backslash":            `SecRule ARGS "@rx \\\\x5c" "id:1"`,
		"SpacesOnlyLine":       "SecRuleEngine On\n   \nSecRequestBodyAccess On\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := mustParse(t, "")
			c.Policies["default"].Snippets = []Snippet{{Text: text}}
			requireNativeRoundTrip(t, c)
			c.Policies["default"].Snippets = []Snippet{{Text: text}, {Text: "SecRuleEngine On"}, {Text: text}}
			requireNativeRoundTrip(t, c)
			c.Block.Text = text
			requireNativeRoundTrip(t, c)
		})
	}
}

func TestNativeReadsLikeWrittenByHand(t *testing.T) {
	doc, err := mustParse(t, `{"mode":"REQUEST_ONLY","directives":["Include @crs-setup.conf","SecRule ARGS \"@rx a\\\\b\" \"id:1,deny\"\n"]}`).Native()
	require.NoError(t, err)
	assert.Equal(t, `policies:
  default:
    directives:
      - "Include @crs-setup.conf"
      - |
        SecRule ARGS "@rx a\\b" "id:1,deny"
default_policy: "default"
inspect: request
on_error: closed
request_body:
  max_held_bytes: 16777216
  offload_bytes: 1024
response_body:
  max_held_bytes: 16777216
  offload_bytes: 1024
held_bytes_budget: 1073741824
screen: "on"
verify_sample: 0
log_matched_data: true
`, string(doc))

	doc, err = (&Config{Disabled: true}).Native()
	require.NoError(t, err)
	assert.Equal(t, "disabled: true\n", string(doc))

	_, err = (&Config{}).Native()
	assert.EqualError(t, err, "printing a config: it has no policy")
}
