package transform

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/stretchr/testify/require"
)

var (
	crsRule = regexp.MustCompile(`(?m)^\s*Sec(?:Rule|Action)\s.*$`)
	crsStep = regexp.MustCompile(`\bt:(\w+)`)
)

// crsChains returns the distinct chains of transformations in the embedded CRS: what a
// rule or a link of one lists behind its t:none.
func crsChains(t testing.TB) []string {
	t.Helper()
	files, err := fs.Glob(coreruleset.FS, "@owasp_crs/*.conf")
	require.NoError(t, err)
	chains := map[string]bool{}
	for _, file := range files {
		b, err := fs.ReadFile(coreruleset.FS, file)
		require.NoError(t, err)
		for _, rule := range crsRule.FindAllString(strings.ReplaceAll(string(b), "\\\n", ""), -1) {
			var steps []string
			for _, m := range crsStep.FindAllStringSubmatch(rule, -1) {
				if m[1] != "none" {
					steps = append(steps, m[1])
				}
			}
			chains[strings.Join(steps, ",")] = true
		}
	}
	delete(chains, "")
	require.Greater(t, len(chains), 35, "CRS 4.25.0 has 40")
	return slices.Sorted(maps.Keys(chains))
}

// ordinary are values that most requests consist of.
var ordinary = []string{
	"on", "42", "-17.5", "true", "alice", "alice@example.com", "2026-11-23T08:46:02Z",
	"0b6f2a0c-4d5e-4a7b-9c1d-2e3f4a5b6c7d", "blue-shoes_size.42", "a1b2c3d4e5f60718293a4b5c6d7e8f90",
	"/shop/items/42/reviews", "/static/app.3f2a1c.js", "q=blue+shoes&page=2&sort=price_asc", "q=blue%20shoes&page=2&lang=en",
	"https://shop.example.com/items/42?ref=home&lang=en#top", "shop.example.com:8443",
	"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
	"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "gzip, deflate, br", "en-US,en;q=0.5", "*/*",
	"application/x-www-form-urlencoded", "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
	`W/"3f2a1c-18f"`, "session=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP; theme=dark",
	"The quick brown fox jumps over the lazy dog while 13 witty zebras vex it.",
	"I'd like to return my order, please; it arrived broken. Thanks & regards\r\n\r\nAlice",
	"Zürich, 12 Ångström, naïve café — 日本語のテキスト 🎉", `{"name":"Alice","tags":["a","b"],"n":1.5e3,"ok":null}`,
}

// hostile are pieces that the functions act on, alone and joined at random by the fuzz
// targets' seeds.
var hostile = []string{
	"", " ", "  ", "\x00", "\x80", "\xff", "\xa0", "\x85", "\u0085", "\u00a0", "\u2003", "\u3000", "\ufffd", "\xc2", "\xe2\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\U0010ffff", "\U00010348",
	"İ", "ß", "\u212a", "\u017f", "ſK", "Ǆ",
	"%", "%4", "%41", "%zz", "%u", "%u0041", "%uFF1c", "%u2019", "%uff00", "%uff5f", "%uFF5E", "%u004", "%u00zz", "%u%41", "%%41", "+", "a+b", "%2b", "%00", "%e2%80%99",
	"&", "&amp", "&amp;", "&lt;script&gt;", "&ltx", "&#", "&#;", "&#60", "&#60;", "&#x3c;", "&#X3C", "&#x", "&#xg", "&#0;", "&#128;", "&#x110000;", "&#xd800;", "&nLl;", "&nGt;", "&CounterClockwiseContourIntegral;", "&notit;", "&notin;", "&frac123", "&yacut", "&unknown;", "a&b=c", "&ampamp;", "&&amp;", "&amp;amp;", "&GT",
	`\`, `\\`, `\\\`, `\n`, `\a\b\f\n\r\t\v\?\'\"`, `\x41`, `\X41`, `\x4`, `\xzz`, `\0`, `\7`, `\08`, `\101`, `\377`, `\400`, `\777`, `\8`, `\u0041`, `\U0041`, `\uff1c`, `\uFF5E`, `\uff00`, `\uff5f`, `\u004`, `\u{41}`, `\u{0ff01}`, `\u{10ffff}`, `\u{1234567}`, `\u{}`, `\u{41`, `\u{`, `\41 \42`, `\000041x`, `\0000411`, `\ff1c`, `\d800`, `\110000`, "\\\n", "\\41\n", "\\41\v\v", `\zz`, `\-`, `\é`,
	"/", "//", ".", "..", "./", "../", "/.", "/..", "/../", "a/../b", "a/./b/", "../../x", "/a/b/../../../c", "a//b", "x/.hidden", "...", "a/...", "..a", "./..", "..//", `\`, `..\..\x`, `a\b`, `C:\dir\file.txt::$DATA`, "c:", "c:/", "c:/x:y", "c:x:y", "1:x", "a:b/c:d/", "a:b/c", "file.txt.", "file.txt ", "a. /b .", " /x", "x/ /y", "x/. ./y", ". .", "/ ", "c:/ ", " :", "a/ :x/", "a/:x", "..:x", ".:",
	"a /b", "a (b)", "a  b", "a,b;c", "a ,;\t\r\nb", ",/", `"/`, " \"/", "^ (", "A/B", "x\v\fy", " \"  (", ",", ";x",
	"/*", "*/", "/**/", "/*/", "/*x*/", "a/*b*/c", "a/*b*//*c*/d", "a/*b*/#c", "a/*b*/", "/*a", "<!--", "<!--a-->", "<!--a-->b", "<!--a*/b", "/*a-->b", "-->", "--", "-", "a--b", "a-b", "#", "a#b", "<!-", "<!--->", "/*/*", "*/*", "**//", "/*-->", "--><!--",
	"QQ", "QUI=", "QUJD", "QUJDRA", "QUJDRA==", "QU JD", "QU\nJD", "QU\rJD", "QU.JD", "QU-_", "QU+/", "Q", "=", "QUJD=QUJD", "QUJD\xff", "a_b-c", "QUJ\x85D",
	"41", "4142", "4", "4g", "AbCd", "414", " 41",
	"\t a\t ", "a\r\n", "\v", "\f\fa", "a \t b", "a\tb", " a", "a ", "a\u00a0 b", "a\u0085\u0085b", "a\xa0b", "a\xa0\xa0", "\xc2\xa0\xa0",
}

// values are the ordinary values, and the hostile pieces alone and in words.
func values() []string {
	all := slices.Clone(ordinary)
	for _, piece := range hostile {
		all = append(all, piece, "x"+piece, piece+"x", "A"+piece+" "+piece+"/9")
	}
	return all
}

// neighbours puts every byte behind and before each byte that begins or ends something.
func neighbours() []string {
	var all []string
	for b := range 256 {
		one := string([]byte{byte(b)})
		all = append(all, one, "ab"+one+"cd", one+one)
		for _, mark := range []string{" ", "/", ".", "-", "*", "&", "%", `\`, "\xc2", ":"} {
			all = append(all, mark+one, one+mark, "a"+mark+one+"/b")
		}
	}
	return all
}
