package transform

import (
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainTraits says one by one, and slowly, what TraitsOf tells.
func plainTraits(v string) Traits {
	const (
		upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		lower = "abcdefghijklmnopqrstuvwxyz"
		digit = "0123456789"
		hex   = digit + "abcdefABCDEF"
		space = " \t\n\v\f\r"
	)
	has := func(set string) bool { return strings.ContainsAny(v, set) }
	other := func(set string) bool { return strings.Trim(v, set) != "" || len(v) > 0 && !onlyOf(v, set) }
	pair := func(lead, ends string) bool {
		for _, end := range ends {
			if strings.Contains(v, lead+string(end)) {
				return true
			}
		}
		return false
	}
	high := false
	for _, b := range []byte(v) {
		high = high || b >= 0x80
	}
	first, last := "", ""
	if v != "" {
		first, last = v[:1], v[len(v)-1:]
	}
	in := func(s, set string) bool { return s != "" && strings.Contains(set, s) }
	var t Traits
	for trait, holds := range map[Traits]bool{
		Upper: has(upper), Lower: has(lower), High: high, NUL: has("\x00"), Plus: has("+"), Backslash: has(`\`),
		Space: has(" "), Break: has("\t\n\r"), Feed: has("\v\f"), ShellMark: has(`"'^,;`), Hash: has("#"), Colon: has(":"),
		NotHex: other(hex), NotAlnum: other(upper + lower + digit + "*"),
		Any: true, NonEmpty: v != "", HexPairs: v != "" && len(v)%2 == 0 && !other(hex),
		SpaceFirst: in(first, space), SpaceLast: in(last, space), LooseEnd: in(last, ". "),
		HereFirst: v == "." || v == "/" || strings.HasPrefix(v, "./"),
		SpaceRun:  pair(" ", " "), SpaceSlash: pair(" ", "/"), SpaceParen: pair(" ", "("), SlashSlash: pair("/", "/."), DotSlash: pair(".", "/"),
		CommentOpen: pair("/", "*"), CommentClose: pair("*", "/"), DashDash: pair("-", "-"),
		Entity: pair("&", "#"+upper+lower+digit), Percent: pair("%", hex+"uU"),
	} {
		if holds {
			t |= trait
		}
	}
	return t
}

func onlyOf(v, set string) bool {
	for _, b := range []byte(v) {
		if strings.IndexByte(set, b) < 0 {
			return false
		}
	}
	return true
}

func TestTraitsTellWhatTheBytesAre(t *testing.T) {
	t.Parallel()
	for _, v := range append(values(), neighbours()...) {
		// Pairs lie within and across the groups of bytes that are looked at together.
		for pad := range 5 {
			w := strings.Repeat("z", pad) + v
			if want := plainTraits(w); want != TraitsOf(w) {
				require.Equalf(t, want, TraitsOf(w), "%q", w)
			}
		}
	}
}

// What the screen gains rests on this: of the functions that CRS uses, nearly none acts
// on a value like these.
func TestOrdinaryValuesAreLeftAloneByTheFunctionsOfCRS(t *testing.T) {
	t.Parallel()
	functions := map[*Transformation]bool{}
	for _, names := range crsChains(t) {
		for _, f := range chainOf(t, names) {
			functions[f] = true
		}
	}
	const always = "base64decode hexencode length sha1"
	for v, acting := range map[string]string{
		"on": "", "42": "", "-17.5": "", "alice@example.com": "", "2026-11-23": "", "price_asc": "", "page=2": "",
		"0b6f2a0c-4d5e-4a7b-9c1d-2e3f4a5b6c7d":        "",
		"/shop/items/42/reviews":                      "",
		"[y]{z}(x)a=b|c!d?e$f@g`h~i_j*k<l>m.n%":       "",
		"the quick brown fox jumps over the lazy dog": "removewhitespace",
		"a (b)":                     "cmdline removewhitespace",
		"it ended. so did this":     "removewhitespace",
		"the end.":                  "normalizepathwin removewhitespace",
		"12:30":                     "normalizepathwin",
		"Alice":                     "cmdline lowercase",
		"one, two":                  "cmdline removewhitespace",
		"https://example.com/a?b=c": "normalizepath normalizepathwin",
		"gzip, deflate, br":         "cmdline removewhitespace",
		"caf\u00e9":                 "compresswhitespace lowercase removewhitespace utf8tounicode",
		"a & b; 100% sure":          "cmdline removewhitespace",
		"Mozilla/5.0 AppleWebKit/537.36 Chrome/128.0.0": "cmdline lowercase removewhitespace",
	} {
		names := strings.Fields(always)
		names = append(names, strings.Fields(acting)...)
		var got []string
		for f := range functions {
			if f.On&TraitsOf(v) != 0 {
				got = append(got, f.Name)
			}
		}
		require.ElementsMatchf(t, names, got, "%q", v)
	}
}

// A trait too many makes the screen compute what it need not, and hides that the tests
// have no value that the trait alone tells about.
func TestEveryTraitOfAFunctionIsNeeded(t *testing.T) {
	t.Parallel()
	corpus := append(values(), neighbours()...)
	for _, name := range Names() {
		f := chainOf(t, name)[0]
		needed := Traits(0)
		for _, v := range corpus {
			if on := TraitsOf(v) & f.On; bits.OnesCount64(uint64(on)) == 1 && f.Apply(v) != v {
				needed |= on
			}
		}
		require.Equalf(t, f.On, needed, "%s", name)
	}
}
