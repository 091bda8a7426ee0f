package dfa

import (
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	ahocorasick "github.com/petar-dambovaliev/aho-corasick"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stockWords is a list as Coraza's @pm builds it.
func stockWords(list []string, dfa bool) func(string) bool {
	lowered := make([]string, len(list))
	for i, w := range list {
		lowered[i] = strings.ToLower(w)
	}
	b := ahocorasick.NewAhoCorasickBuilder(ahocorasick.Opts{
		AsciiCaseInsensitive: true, MatchKind: ahocorasick.LeftMostLongestMatch, DFA: dfa,
	})
	ac := b.Build(lowered)
	return func(v string) bool { return ac.Iter(v).Next() != nil }
}

// wordsAgree compares Words on texts with a search for each word, in the texts as they
// are and without their blanks.
func wordsAgree(t testing.TB, lists [][]string, texts []string) {
	all, blankless := NewWords(lists), NewBlanklessWords(lists)
	for _, v := range texts {
		wordsFind(t, all, lists, v, v)
		wordsFind(t, blankless, lists, v, strings.NewReplacer(" ", "", "\t", "", "\n", "", "\v", "", "\f", "", "\r", "").Replace(v))
	}
}

func wordsFind(t testing.TB, w *Words, lists [][]string, v, seen string) {
	hits := make([]uint64, w.Words())
	w.Scan(v, hits)
	for i, list := range lists {
		want := false
		for _, word := range list {
			want = want || strings.Contains(lowerASCII(seen), lowerASCII(strings.ToLower(word)))
		}
		require.Equal(t, want, hits[i>>6]>>(i&63)&1 != 0, "list %d %q in %q", i, list, v)
		require.False(t, w.RulesOut(v) && want, "list %d %q in %q is ruled out", i, list, v)
	}
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = foldASCII(b[i])
	}
	return string(b)
}

var trickyLists = [][]string{
	{"he", "she", "his", "hers"}, {"USER", "user-agent"}, {""}, {}, {"a", "ab", "bab", "bc", "bca", "c", "caa"},
	{"é", "É"}, {"\xff\x00", "\x00"}, {"abcdefgh", "cde"}, {"x y"}, {"aaaa"}, {"\u212a"}, {"İ"},
}

var trickyWordTexts = []string{
	"", "ushers", "USHERS", "UsEr-AgEnT", "use", "abccab", "bcaa", "É", "é", "\xc3", "\xff\x00", "\x00", "xabcdefg", "abcdefgh", "x  y", "X Y", "aaa", "aaab aaaa", "u s\ter", "US ER\n-agent", "\r\fh e", "b  c a", "k", "\u212a", "i\u0307", "İ",
}

func TestWordsAreFoundAnywhereInEitherCase(t *testing.T) {
	wordsAgree(t, trickyLists, trickyWordTexts)
	wordsAgree(t, make([][]string, 130), trickyWordTexts)
	wordsAgree(t, nil, trickyWordTexts)
}

func TestWordsAgreeWithCorazasMatcher(t *testing.T) {
	for _, list := range trickyLists {
		if len(list) == 0 {
			continue // the matcher takes no empty list
		}
		w := NewWords([][]string{list})
		for _, dfa := range []bool{true, false} {
			stock := stockWords(list, dfa)
			for _, v := range trickyWordTexts {
				hits := make([]uint64, 1)
				w.Scan(v, hits)
				assert.Equal(t, stock(v), hits[0] != 0, "%q in %q", list, v)
			}
		}
	}
}

// crsLists are CRS's word files.
func crsLists(t testing.TB) [][]string {
	files, err := fs.Glob(coreruleset.FS, "@owasp_crs/*.data")
	require.NoError(t, err)
	var lists [][]string
	for _, name := range files {
		text, err := fs.ReadFile(coreruleset.FS, name)
		require.NoError(t, err)
		var list []string
		for _, line := range strings.Split(string(text), "\n") {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				list = append(list, line)
			}
		}
		lists = append(lists, list)
	}
	require.Greater(t, len(lists), 15)
	return lists
}

func TestCRSListsAreFoundAsCorazaFindsThem(t *testing.T) {
	lists := crsLists(t)
	w := NewWords(lists)
	require.Less(t, w.Bytes(), 8<<20)
	t.Logf("%d states, %d of them rows, %d KB", len(w.marks), int(w.dense/w.stride), w.Bytes()>>10)
	r := rand.New(rand.NewPCG(3, 4))
	texts := crsValues(400)
	for _, list := range lists {
		for range 40 {
			word := list[r.IntN(len(list))]
			texts = append(texts, word[:r.IntN(len(word)+1)]+strings.ToUpper(word)+word[r.IntN(len(word)):], word[:len(word)-1])
		}
	}
	for i, list := range lists {
		stock := stockWords(list, false)
		for _, v := range texts {
			hits := make([]uint64, w.Words())
			w.Scan(v, hits)
			require.Equal(t, stock(v), hits[i>>6]>>(i&63)&1 != 0, "list %d in %q", i, v)
		}
	}
}
