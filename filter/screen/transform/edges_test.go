package transform

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// edgeCases says by example what each function does, the quirks above all.
var edgeCases = map[string][][2]string{
	"base64decode":       {{"", ""}, {"QUJD", "ABC"}, {"QUI", "AB"}, {"Q", ""}, {"QU\r\nJD", "ABC"}, {"QUJD QUJD", "ABC"}, {"QUJD.QUJD", "ABC"}, {"QUJD=QUJD", "ABC"}, {"_", ""}},
	"base64decodeext":    {{"QU.J\xffD", "ABC"}, {"QUJD QUJD", "ABCABC"}, {"-_-_", "\xfb\xff\xbf"}, {"QUJD=QUJD", "ABC"}},
	"base64encode":       {{"", ""}, {"AB\xff", "QUL/"}, {"A", "QQ=="}},
	"cmdline":            {{"c^m\"d' \\/C", "cmd/c"}, {"a,;b", "a b"}, {"a  \t/b", "a/b"}, {"ls (x", "ls(x"}, {"a \"/b", "a/b"}, {"É", "É"}, {"a\vb", "a\vb"}, {" a ", " a "}},
	"compresswhitespace": {{"a \t\n b", "a b"}, {"a\vb", "a b"}, {"a\u0085\u00a0b", "a b"}, {"a\xa0b", "a b"}, {"a\x85b", "a\x85b"}, {"à ą", "à ą"}, {"\u2003\u2003", "\u2003\u2003"}, {"\xff  \xff", "\xff \xff"}},
	"cssdecode":          {{`\41 b`, "Ab"}, {`\41  b`, "A b"}, {`\0`, "\ufffd"}, {`\ff1c`, "<"}, {`\d800`, "\ufffd"}, {`\zx\`, "zx"}, {"a\\\nb", "ab"}, {`\0000411`, "A1"}, {`\20ac`, "€"}},
	"escapeseqdecode":    {{`\n\x41\101\q\8\`, "\nAAq8\\"}, {`\400\777`, "\x00\xff"}, {`\xzz`, "xzz"}, {`\X4a`, "J"}},
	"hexdecode":          {{"4142", "AB"}, {"414", "414"}, {"4g", "4g"}, {"fF", "\xff"}, {"", ""}},
	"hexencode":          {{"A\xff", "41ff"}, {"", ""}},
	"htmlentitydecode":   {{"&lt;&#60;&#x3c&LT", "<<<<"}, {"&notit;", "¬it;"}, {"&notin;", "∉"}, {"&nLl;", "⋘̸"}, {"&#0;&#128;", "\ufffd€"}, {"a=1&b=2", "a=1&b=2"}, {"&amp;lt;", "&lt;"}, {"&unknown;&", "&unknown;&"}},
	"jsdecode":           {{`\u0041\x42\103\n\q\`, "ABC\nq\\"}, {`\400`, " 0"}, {`\uff1c\u{ff1c}`, "<<"}, {`\u12e9`, "\xe9"}, {`\u{1234567}`, "u{1234567}"}, {`\X41`, "X41"}},
	"length":             {{"", "0"}, {"1", "1"}, {"é", "2"}},
	"lowercase":          {{"AbC", "abc"}, {"É", "é"}, {"\xff", "\ufffd"}, {"a\xffB", "a\ufffdb"}, {"\u212a", "k"}},
	"uppercase":          {{"AbC", "ABC"}, {"é\xff", "É\ufffd"}, {"\u017f", "S"}},
	"md5":                {{"", "\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e"}},
	"sha1":               {{"", "\xda\x39\xa3\xee\x5e\x6b\x4b\x0d\x32\x55\xbf\xef\x95\x60\x18\x90\xaf\xd8\x07\x09"}},
	"normalizepath":      {{"", ""}, {"/", "//"}, {".", ""}, {"./", ""}, {"a/../", ""}, {"a//b/./c/../d", "a/b/d"}, {"../..//a", "../../a"}, {"/../a", "/a"}, {"a/", "a/"}, {"..", ".."}, {`a\b`, `a\b`}},
	"normalizepathwin":   {{`a\..\b`, "b"}, {"/", "//"}, {"file.txt::$DATA", "file.txt"}, {"c:/x:y/", "c:/x/"}, {"a:b/c", "a:b/c"}, {"a. /b .", "a/b"}, {"a/ /b", "a/b"}, {"..", ".."}, {"a/...", "a/..."}},
	"removecomments":     {{"a/*b*/c", "ac"}, {"a/*b*/", "a\x00"}, {"a/*b*/#c", "a#c"}, {"a/*b", "a "}, {"a<!--b-->c", "ac"}, {"a<!--b*/c", "ac"}, {"a--b", "a"}, {"a#b", "a"}, {"a-b", "a-b"}},
	"removecommentschar": {{"a/*b*/c", "abc"}, {"<!--a-->", "a"}, {"a--b#c", "abc"}, {"/*/", "/"}, {"-", "-"}},
	"replacecomments":    {{"a/*b*/c", "a c"}, {"a/*b", "a "}, {"/*/", " "}, {"*/", "*/"}, {"/**//**/", "  "}},
	"removenulls":        {{"a\x00b\x00", "ab"}},
	"replacenulls":       {{"a\x00b\x00", "a b "}},
	"removewhitespace":   {{" a\tb\vc\u0085\u00a0\u2003d", "abcd"}, {"\xa0", "\ufffd"}, {"\x85x", "\ufffdx"}, {"é", "é"}},
	"trim":               {{" \ta\v\f", "a"}, {"\u00a0a", "\u00a0a"}, {" ", ""}},
	"trimleft":           {{" a ", "a "}},
	"trimright":          {{" a ", " a"}},
	"urldecode":          {{"a+%41%4%zz%", "a A%4%zz%"}, {"%u0041", "%u0041"}, {"%%41", "%A"}},
	"urldecodeuni":       {{"a+%41%u0042%", "a AB%"}, {"%u2019%uFF1C%u4e2d", "'<-"}, {"%u00zz%41", "%u00zzA"}, {"%uff00%uff5f", "\x00_"}},
	"urlencode":          {{"a b*é-", "a+b*%c3%a9%2d"}, {"", ""}},
	"utf8tounicode":      {{"é€🎉", "%u00e9%u20ac%u1f389"}, {"a\xffb", "a%ufffdb"}, {"\U0010ffff", "%u10ffff"}},
}

func TestEachFunctionDoesWhatItsEdgeCasesSay(t *testing.T) {
	t.Parallel()
	for _, name := range Names() {
		if strings.HasPrefix(name, "normalise") {
			continue // an alias
		}
		require.Contains(t, edgeCases, name)
		for _, c := range edgeCases[name] {
			f, _ := Lookup(name)
			require.Equalf(t, c[1], f.Apply(c[0]), "%s(%q)", name, c[0])
			agree(t, name, c[0])
		}
	}
}
