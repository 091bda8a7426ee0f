package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// evaluated is what Coraza's parser says it evaluates for text.
func evaluated(fsys fs.FS, text string) ([]string, error) {
	var seen trace
	_, err := compile(coraza.NewWAFConfig().WithRootFS(fsys).WithDirectives(text).WithDebugLogger(&seen))
	return seen.lines, err
}

func texts(directives []Directive) []string {
	var lines []string
	for _, d := range directives {
		lines = append(lines, d.Text)
	}
	return lines
}

func TestWalkAgreesWithCoraza(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "main.conf", "Include sub/one.conf\nInclude @seawall/admin-paths.conf\nSecMarker main\n")
	write(t, dir, "sub/one.conf", "SecMarker one\nInclude two.conf\nInclude ../three.conf")
	write(t, dir, "sub/two.conf", "SecMarker two")
	write(t, dir, "three.conf", "SecMarker three")
	write(t, dir, "globbed/b.conf", "SecMarker b\nInclude nested/c.conf")
	write(t, dir, "globbed/a.conf", "SecMarker a")
	write(t, dir, "globbed/nested/c.conf", "SecMarker c")

	for name, text := range map[string]string{
		"Default":               "Include @seawall.conf",
		"Examples":              "Include @seawall/*.conf",
		"RelativeIncludes":      "Include " + dir + "/main.conf",
		"GlobInOrder":           "Include " + dir + "/globbed/*.conf\nSecMarker end",
		"QuotedInclude":         `Include "` + dir + `/three.conf"`,
		"IncludeInAnyCase":      "iNCLUDE " + dir + "/three.conf",
		"TwoSpaces":             "Include  " + dir + "/three.conf",
		"CRLF":                  "SecMarker a\r\nSecAction \\\r\n \"id:1,phase:1,pass\"\r\n",
		"Continuation":          "SecAction \\\n  \"id:1,\\\n  phase:1,\\\n  pass\"",
		"CommentInContinuation": "SecAction \\\n# not a part\n\n \"id:1,phase:1,pass\"",
		"Backticks":             "SecDataset words `\none\n# not a part\n  two \\\n`\nSecMarker end",
		"BacktickAtLineEnd":     "SecMarker `\n`\nSecMarker end",
		"NoNewlineAtTheEnd":     "SecMarker a",
		"IndentedDirectives":    "\t SecMarker a\u00a0\n\v SecMarker b",
		"Empty":                 "\n# only comments\n",
		"ContinuedInclude":      "Include \\\n" + dir + "/three.conf",
		"LongestLine":           "SecMarker " + strings.Repeat("x", 65525) + "\nSecMarker end",
	} {
		t.Run(name, func(t *testing.T) {
			walked, err := Walk(FS(), text)
			require.NoError(t, err)
			want, err := evaluated(FS(), text)
			require.NoError(t, err)
			assert.Equal(t, want, texts(walked))
		})
	}
}

func TestWalkNamesFileAndLine(t *testing.T) {
	dir := t.TempDir()
	inner := write(t, dir, "inner.conf", "# a comment\n\nSecAction \\\n  \"id:1\"\nSecMarker b")
	got, err := Walk(FS(), "SecMarker a\n\nInclude "+inner+"\nSecMarker c")
	require.NoError(t, err)
	assert.Equal(t, []Directive{
		{"", 1, "SecMarker a"},
		{"", 3, "Include " + inner},
		{inner, 3, `SecAction "id:1"`},
		{inner, 5, "SecMarker b"},
		{"", 4, "SecMarker c"},
	}, got)
}

func TestWalkRefusesWhatCorazaWouldSilentlyDrop(t *testing.T) {
	dir := t.TempDir()
	loop := write(t, dir, "loop.conf", "SecMarker a\nInclude other.conf")
	write(t, dir, "other.conf", "\nInclude loop.conf")
	long := write(t, dir, "long.conf", "SecMarker a\nSecMarker "+strings.Repeat("x", 65526)+"\nSecMarker lost")
	missing := write(t, dir, "sub/missing.conf", "\n\nInclude absent.conf")
	glob := write(t, dir, "sub/glob.conf", "Include absent/*.conf")
	open := write(t, dir, "open.conf", "SecMarker a\nSecAction \\\n \"id:1,\\\n")
	cwd, err := os.Getwd()
	require.NoError(t, err)

	for _, tc := range []struct {
		name, text string
		file       string
		line       int
		says       string
	}{
		{"LineOf64KiB", "Include " + long, long, 2, "65536 bytes or more"},
		{"LineOf64KiBInTheText", "SecMarker " + strings.Repeat("x", 65526), "", 1, "65536 bytes or more"},
		{"DanglingContinuation", "Include " + open, open, 2, "the file ends"},
		{"LoneBackslash", "SecMarker a\n\\", "", 2, "the file ends"},
		{"OpenBacktick", "\nSecDataset a `\nx", "", 2, "backtick"},
		{"EmptyGlob", "Include " + glob, glob, 1, "working directory (" + cwd + "), not from the including file's"},
		{"MissingFile", "Include " + missing, missing, 3, "searched the including file's directory (" + filepath.Join(dir, "sub") + ")"},
		{"MissingFileFromTheText", "\nInclude absent.conf", "", 2, "searched the working directory (" + cwd + ")"},
		{"MissingAbsoluteFile", "Include /absent/x.conf", "", 1, "no such file"},
		{"UnknownEmbeddedName", "Include @owasp_crz/*.conf", "", 1, "known are @coraza-ftw"},
		{"UnknownEmbeddedNameFromAFile", "Include " + write(t, dir, "unknown.conf", "Include @crs"), filepath.Join(dir, "unknown.conf"), 1, "known are @coraza-ftw"},
		{"MissingInAnEmbeddedDirectory", "Include @owasp_crs/REQUEST-999.conf", "", 1, "file does not exist"},
		{"IncludeLoop", "Include " + loop, filepath.Join(dir, "other.conf"), 2, "include loop: " + loop + " includes "},
		{"TooManyIncludes", strings.Repeat("Include @ftw-marker.conf\n", 101), "", 101, "more than 100"},
		{"IncludeOfNothing", "Include", "", 1, "names no file"},
		{"NUL", "SecMarker a\nSecMarker\x00b", "", 2, "NUL"},
		{"ByteOrderMark", "\ufeffSecMarker a", "", 1, "byte order mark"},
		{"UTF16", "\xff\xfeS\x00", "", 1, "UTF-16"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Walk(FS(), tc.text)
			var at *DirectiveError
			require.ErrorAs(t, err, &at)
			assert.Equal(t, tc.file, at.File)
			assert.Equal(t, tc.line, at.Line)
			assert.ErrorContains(t, err, tc.says)
		})
	}
}

func TestMissingFileCanBeToldFromOtherErrors(t *testing.T) {
	_, err := Walk(FS(), "Include /absent/x.conf")
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// touchesTheWorld keeps the fuzzer from opening files, sockets and pages.
var touchesTheWorld = regexp.MustCompile(`(?i)sec(audit|debug|remote|upload|data|httpbl|gsb)|exec|inspectfile|rbl|validateschema`)

// Walk never panics, and what Coraza evaluates of a text that Walk accepts is
// what Walk lists, as far as Coraza gets.
func FuzzWalk(f *testing.F) {
	for _, text := range []string{
		"Include a.conf\nSecMarker x", "Include *.conf", "SecAction \\\n\"id:1,phase:1,pass\"", "SecDataset a `\nb\n`",
		"Include \"a.conf\"", "\\\n\\\nSecMarker a", "`\n`", "Include sub/b.conf", " #\n\\\n#\nx", "Include  a.conf ",
		"\r\nSecMarker\ta\r", "Include a.conf\\\n", "Include ./@seawall/admin-paths.conf", "Include /a.conf",
	} {
		f.Add(text, "SecMarker included")
		f.Add("Include a.conf", text)
		f.Add("SecMarker a\nInclude sub/b.conf\nInclude *.conf", text)
	}
	f.Fuzz(func(t *testing.T, text, included string) {
		if touchesTheWorld.MatchString(text + "\n" + included) {
			t.Skip("would touch files or sockets")
		}
		fsys := fstest.MapFS{
			"a.conf":       {Data: []byte(included)},
			"b.conf":       {Data: []byte("SecMarker b")},
			"sub/b.conf":   {Data: []byte("Include c.conf\n" + included)},
			"sub/c.conf":   {Data: []byte("SecMarker c")},
			"sub/d/e.conf": {Data: []byte("Include ../c.conf")},
		}
		walked, err := Walk(fsys, text)
		if err != nil {
			return
		}
		seen, err := evaluated(fsys, text)
		if err == nil {
			assert.Equal(t, texts(walked), seen)
			return
		}
		require.LessOrEqual(t, len(seen), len(walked))
		assert.Equal(t, texts(walked[:len(seen)]), seen)
	})
}
