package transform

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each function has a fuzz target of its own, with Coraza as the oracle.

func FuzzBase64Decode(f *testing.F)       { fuzz(f, "base64Decode") }
func FuzzBase64DecodeExt(f *testing.F)    { fuzz(f, "base64DecodeExt") }
func FuzzBase64Encode(f *testing.F)       { fuzz(f, "base64Encode") }
func FuzzCmdLine(f *testing.F)            { fuzz(f, "cmdLine") }
func FuzzCompressWhitespace(f *testing.F) { fuzz(f, "compressWhitespace") }
func FuzzCssDecode(f *testing.F)          { fuzz(f, "cssDecode") }
func FuzzEscapeSeqDecode(f *testing.F)    { fuzz(f, "escapeSeqDecode") }
func FuzzHexDecode(f *testing.F)          { fuzz(f, "hexDecode") }
func FuzzHexEncode(f *testing.F)          { fuzz(f, "hexEncode") }
func FuzzHtmlEntityDecode(f *testing.F)   { fuzz(f, "htmlEntityDecode") }
func FuzzJsDecode(f *testing.F)           { fuzz(f, "jsDecode") }
func FuzzLength(f *testing.F)             { fuzz(f, "length") }
func FuzzLowercase(f *testing.F)          { fuzz(f, "lowercase") }
func FuzzMd5(f *testing.F)                { fuzz(f, "md5") }
func FuzzNormalizePath(f *testing.F)      { fuzz(f, "normalizePath") }
func FuzzNormalizePathWin(f *testing.F)   { fuzz(f, "normalizePathWin") }
func FuzzRemoveComments(f *testing.F)     { fuzz(f, "removeComments") }
func FuzzRemoveCommentsChar(f *testing.F) { fuzz(f, "removeCommentsChar") }
func FuzzRemoveNulls(f *testing.F)        { fuzz(f, "removeNulls") }
func FuzzRemoveWhitespace(f *testing.F)   { fuzz(f, "removeWhitespace") }
func FuzzReplaceComments(f *testing.F)    { fuzz(f, "replaceComments") }
func FuzzReplaceNulls(f *testing.F)       { fuzz(f, "replaceNulls") }
func FuzzSha1(f *testing.F)               { fuzz(f, "sha1") }
func FuzzTrim(f *testing.F)               { fuzz(f, "trim") }
func FuzzTrimLeft(f *testing.F)           { fuzz(f, "trimLeft") }
func FuzzTrimRight(f *testing.F)          { fuzz(f, "trimRight") }
func FuzzUppercase(f *testing.F)          { fuzz(f, "uppercase") }
func FuzzUrlDecode(f *testing.F)          { fuzz(f, "urlDecode") }
func FuzzUrlDecodeUni(f *testing.F)       { fuzz(f, "urlDecodeUni") }
func FuzzUrlEncode(f *testing.F)          { fuzz(f, "urlEncode") }
func FuzzUtf8toUnicode(f *testing.F)      { fuzz(f, "utf8toUnicode") }

func fuzz(f *testing.F, name string) {
	for _, v := range append(ordinary, hostile...) {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		agree(t, name, v)
		require.Equal(t, plainTraits(v), TraitsOf(v))
	})
}

// FuzzChain tries CRS's chains, with and without multiMatch, and chains of its own, one
// function for each byte. For the latter the oracle takes one step after the other,
// as compiling a rule for each would take most of the time.
func FuzzChain(f *testing.F) {
	chains, names := crsChains(f), Names()
	for i := range chains {
		for j := i; j < len(hostile); j += len(chains) {
			v := hostile[j] + " " + hostile[(j*5+i)%len(hostile)]
			f.Add([]byte{byte(i)}, v)
			f.Add([]byte{byte(i), byte(j), byte(i + j)}, v)
		}
	}
	f.Fuzz(func(t *testing.T, steps []byte, v string) {
		// A step may make three bytes of one: longer chains only cost time.
		if len(steps) == 0 || len(steps) > 8 || len(v) > 4096 {
			return
		}
		if len(steps) == 1 {
			chain := chains[int(steps[0])%len(chains)]
			agree(t, chain, v)
			agreeMultiMatch(t, chain, v)
			return
		}
		var chain []string
		want := v
		for _, b := range steps {
			name := names[int(b)%len(names)]
			chain = append(chain, name)
			want = newStock(t, name, "").values(t, want)[0]
		}
		own := strings.Join(chain, ",")
		agreeOne(t, own, chainOf(t, own), v, want)
	})
}

func TestEveryFunctionHasItsFuzzTarget(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("fuzz_test.go")
	require.NoError(t, err)
	fuzzed := map[*Transformation]bool{}
	for _, m := range regexp.MustCompile(`fuzz\(f, "(\w+)"\)`).FindAllSubmatch(source, -1) {
		fuzzed[chainOf(t, string(m[1]))[0]] = true
	}
	for _, name := range Names() {
		require.True(t, fuzzed[chainOf(t, name)[0]], name)
	}
}
