package lint

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A pipeline that renders nothing must not be told that nothing is fine.
func TestAnEmptyFileIsAFinding(t *testing.T) {
	for name, text := range map[string]string{
		"empty.yaml": "", "blank.yaml": " \n\n", "comments.yaml": "# nothing\n  # at all\n---\n", "mark.yaml": "\xef\xbb\xbf", "crlf.yaml": "# a\r\n\r\n",
		"stdin": "", "empty.conf": "", "blank.conf": "\n \n",
	} {
		found := File(name, []byte(text))
		require.Len(t, found, 1, name)
		assert.Equal(t, []any{"empty", Warning, name, 1}, []any{found[0].Code, found[0].Level, found[0].File, found[0].Line}, name)
		assert.NotEmpty(t, found[0].Fix, name)
	}
	assert.Empty(t, File("exclusions.conf", []byte("# none yet\n")), "a file to be filled in")
	assert.Empty(t, File("x.yaml", []byte("disabled: true\n")))
}

func TestWhatIsNoConfigIsCalledWhatItIs(t *testing.T) {
	for name, c := range map[string]struct {
		text, says string
		line       int
	}{
		"Markdown":           {"# Title\n\nSome `code`: here\n\n```yaml\ndirectives: |\n  Include @seawall.conf\n```\n", "it is Markdown", 5},
		"Markdown, Envoy":    {"# Title\n```yaml\n\"@type\": x\n```\n", "it is Markdown", 2},
		"a letter":           {"Dear Sir,\n\nto whom: it may: concern\n", "neither a config document, nor", 1},
		"a word":             {"hello\n", "neither a config document, nor", 1},
		"Go":                 {"package main\n\nfunc main() {\n\treturn\n}\n", "neither a config document, nor", 1},
		"a program":          {"\x7fELF\x02\x01\x01\x00\x00\x03\x00>\x00\xff", "no text", 1},
		"a config, not YAML": {"directives: |\n  Include @seawall.conf\n bad\n", "not YAML", 3},
		"a peer's, not JSON": {`{"directives_map": {"x": ["a" "b"]}}`, "not JSON", 1},
		"an unknown key":     {"services: x\n", "unknown key", 1},
	} {
		found := File("x", []byte(c.text))
		require.Len(t, found, 1, name)
		assert.Contains(t, found[0].Message, c.says, name)
		assert.Equal(t, Error, found[0].Level, name)
		assert.NotEmpty(t, found[0].Fix, name)
		assert.Equal(t, c.line, found[0].Line, name)
	}
}
