package terminal

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile has what steers a terminal (escape, its 8-bit form, delete), what turns the
// order of reading (U+202E, U+2066), what breaks lines, and a tag of plane 14.
const hostile = "a\x1b[31m\u009b31m\x7f\u202eb\u2066\u2028\u200b\U000e0041ü\t"

func TestPrintableKeepsNothingThatSteersATerminal(t *testing.T) {
	assert.Equal(t, "a?[31m?31m??b????ü?", Printable(hostile))
	assert.Equal(t, -1, strings.IndexFunc(Printable(hostile+"\n"), func(r rune) bool { return !unicode.IsPrint(r) }))
	assert.Equal(t, "a?b\nc\n", PrintableLines("a\x1bb\nc\n"))
}

func TestJSONIsExactAndSafeToLookAt(t *testing.T) {
	var out strings.Builder
	encoder := JSON(&out)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(map[string]string{"<k>" + hostile: hostile}))
	assert.Equal(t, -1, strings.IndexFunc(out.String(), func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }), out.String())
	assert.Contains(t, out.String(), `\u202eb\u2066`)
	assert.Contains(t, out.String(), `\udb40\udc41ü`)
	var back map[string]string
	require.NoError(t, json.Unmarshal([]byte(out.String()), &back))
	assert.Equal(t, map[string]string{"<k>" + hostile: hostile}, back)
}
