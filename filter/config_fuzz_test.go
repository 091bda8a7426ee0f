package filter

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzParseConfig(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "config", "*.*"))
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		doc, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(doc)
	}
	for _, doc := range []string{
		"", "{}", "disabled: true", `"directives: SecRuleEngine On"`, "directives: |\n  a\n   b\n\n\n", "directives: [\"a\\u0000\\t\\nb\", 'c', d]",
		"a: &x\n  - *x\n", "? a\n: b\n", "---\n...\n", "directives: |2-\n   a\n", "{\"hosts\":{\"[::1]:1\":\"default\"}}", "hosts: {10: default, true: default, 1.5: default}",
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := ParseConfig(doc)
		if err != nil {
			require.Nil(t, c)
			require.NotEmpty(t, err.Error())
			return
		}
		require.True(t, c.Disabled || len(c.Policies) > 0 && c.Policies[c.DefaultPolicy] != nil)
		require.False(t, c.RequestOnly && c.ResponseOnly)
		requireNativeRoundTrip(t, c)
	})
}

// Native must give back any text at all, for it is also how rules move from a
// peer's JSON into YAML.
func FuzzNativeKeepsText(f *testing.F) {
	for _, text := range []string{"SecRuleEngine On", " a\n\tb \n\n", "a\\\n\"b\"\n", "\x00\u0085\u2028\ufeff😀", "---\na", "# a\n  b\n c", "a: b", "\r\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // ParseConfig lets no such text in
		}
		text = "SecRuleEngine On\n" + text + "\nSecRequestBodyAccess On"
		if len(text) > 1<<15 {
			return
		}
		requireNativeRoundTrip(t, &Config{
			Policies:        map[string]*Policy{"a.b": {Name: "a.b", Snippets: []Snippet{{Text: text}, {Text: text + "\n"}}}},
			DefaultPolicy:   "a.b",
			RequestBody:     BodyOptions{MaxHeldBytes: MinHeldBytes},
			ResponseBody:    BodyOptions{MaxHeldBytes: MinHeldBytes},
			HeldBytesBudget: MinHeldBytes,
			Block:           DefaultBlockResponse,
		})
	})
}
