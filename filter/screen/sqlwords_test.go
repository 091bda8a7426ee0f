package screen

import (
	"cmp"
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/corazawaf/libinjection-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write sqlwords.txt anew")

const sqlListHead = `# The words that libinjection-go 0.3.3 knows (its sqli_data.go, BSD-3-Clause), under the letter it
# writes for them. No phrases (GROUP BY): of those, the first and second words. called: those that it
# asks for by name. black: what it calls SQL, begin: how that begins, of the letters that plainWords
# reads. Written by: go test ./filter/screen -run TestSQLWordsAreLibinjections -update
`

// libinjections lists what plainWords must know of the module's source.
func libinjections(t *testing.T) string {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/corazawaf/libinjection-go").Output()
	require.NoError(t, err)
	read := func(name string) string {
		source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), name))
		require.NoError(t, err)
		return string(source)
	}
	lines := map[string]map[string]bool{}
	add := func(line, word string) {
		if lines[line] == nil {
			lines[line] = map[string]bool{}
		}
		lines[line][word] = true
	}
	for _, entry := range regexp.MustCompile(`(?m)^\t"([^"]+)": +'(.)',$`).FindAllStringSubmatch(read("sqli_data.go"), -1) {
		word, kind := entry[1], entry[2]
		first, second, isPhrase := strings.Cut(word, " ")
		switch {
		case kind == "F":
			// Its key has all letters in upper case.
			word = regexp.MustCompile("[NKFVO]").ReplaceAllStringFunc(word[1:], strings.ToLower)
			own := len(word) - len(strings.TrimLeft(word, "nk1&fETUBv"))
			for i := 1; i <= min(own+1, len(word), 4) && word[0] != '&'; i++ {
				if last := word[i-1]; i == len(word) && i == own {
					add("black", word)
				} else if i <= own || strings.IndexByte("(:?", last) >= 0 {
					add("begin", word[:i])
				}
			}
		case isPhrase:
			second, _, _ = strings.Cut(second, " ")
			add("first", first)
			add("second", second)
		case unicode.IsLetter(rune(word[0])) || word[0] == '_':
			if kind != "n" {
				add(kind, word)
			}
		}
	}
	for _, name := range regexp.MustCompile(`toUpperCmp\("([A-Z_]+)"`).FindAllStringSubmatch(read("sqli.go"), -1) {
		add("called", name[1])
	}
	for shape := range lines["black"] {
		delete(lines["begin"], shape)
	}
	text := strings.Builder{}
	text.WriteString(sqlListHead)
	for _, line := range slices.Sorted(maps.Keys(lines)) {
		words := slices.SortedFunc(maps.Keys(lines[line]), func(a, b string) int {
			if line == "black" || line == "begin" {
				return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
			}
			return strings.Compare(a, b)
		})
		text.WriteString(line + " " + strings.Join(words, " ") + "\n")
	}
	return text.String()
}

func TestSQLWordsAreLibinjections(t *testing.T) {
	want := libinjections(t)
	if *update {
		require.NoError(t, os.WriteFile("sqlwords.txt", []byte(want), 0o644))
	}
	got, err := os.ReadFile("sqlwords.txt")
	require.NoError(t, err)
	assert.Equal(t, want, string(got))
}

func TestWordsThatMayBeSQLAreGivenToLibinjection(t *testing.T) {
	for _, v := range []string{"n and 1", "admin and 1=1", "x union select", "1 union select", "a in boolean mode (select", "a in (select", "foo order by 1",
		"a group by b", "a b`", "copper velvet {``", "a b /*! */", "copper velvet/*!select*/", "it's copper", "copper \"velvet", "user_id (select 1)",
		"copper user (1", "copper password, x (1", "copper password - x (1", "copper and use and 1 union select 1",
		"copper and and and 1 union select 1", "copper and sum and 1 union select 1", "1.2.3 velvet", "copper in", "copper, in velvet", "copper, sum",
		"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww union select 1", "(1 union select 1", "and like and 1", "salt and like and 1", "a and b and c and 1 union select", "a - in union select", "a, union select",
		"select.1", "0x1f union select", "5e3 union select", "1e union select", "1fUnion select", "copper$velvet", "copper\xa0velvet", "\u017felect copper",
		"copper\x00velvet", "a -- b", "a # b", "a--b", "copper at # x\n time zone", "text copper", "copper collate x_y", "waitfor delay", "a ) b",
		"a ; b", "a {b} union select", "a } union select", `a \ union select`, "\x01copper velvet", "a\x01copper velvet", "a::int", "a := b"} {
		assert.False(t, plainWords(v), "%q", v)
		agreesWithLibinjection(t, v)
	}
}

func TestSentencesAreNotGivenToLibinjection(t *testing.T) {
	text, err := os.ReadFile("testdata/sentences.txt")
	require.NoError(t, err)
	var plain, all int
	for v := range strings.Lines(string(text)) {
		if all++; plainWords(v) {
			plain++
		}
		agreesWithLibinjection(t, v)
	}
	assert.Greater(t, plain*10, all*9, "%d of %d are plain", plain, all)
	assert.True(t, plainWords("Copper velvet garden window. 1 union select password from users -- x"), "what is behind the first words")
	assert.Zero(t, testing.AllocsPerRun(10, func() { plainWords("amber and bamboo for the coast") }))
}

// No letter but these has an upper case among the letters of keywords.
func TestLettersOfKeywordsAreASCIIOrUnknown(t *testing.T) {
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if unicode.ToUpper(r) < 0x80 {
			assert.False(t, plainWords("copper"+string(r)+" velvet"), "%q", r)
		}
	}
}

// sqlPieces are all words that libinjection knows, often those that fold or join with
// others, some it does not know, and what may be between and around them.
func sqlPieces() (words, between []string) {
	words = strings.Split(strings.Repeat("copper|Velvet|x|e|b|n|q|u|and|AND|Or|in|IN|user|password|database|is|not|like|1|42|7.5|1.2.3|0x1f|5kg|café|\u017felect|"+
		"node.js|select.x|in.|union|select|from|where|null|int|text|collate|current_user|group by|order by|at|at time zone|next value|"+
		"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwww|wwwwwwwwwwwwwwwwwwwwwwwwwwwwwww.select|"+
		"current date|full outer join|natural left outer join|lock in share mode|boolean mode|waitfor delay|", 15), "|")
	words = append(words, slices.Sorted(maps.Keys(sqlTokens))...)
	common := strings.Repeat(" |", 80) + strings.Repeat(", | - | & | (|: |://|", 8)
	return words, strings.Split(common+" + |,|-|/|&| = |:|::|:=|. |.|(|) |)| ! |? |; |;|--| -- | # |#|/*|/*!|*/|`|'|\"|{|}| } |{``|[|]|\\|@|@@|$|$$|\t|\n|"+
		"\v|\x00|\xa0|\x01| *| %| <| > |<=>", "|")
}

func TestPlainWordsAreNoSQLWhateverFollows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	words, between := sqlPieces()
	var plain, sqli int
	for range 500_000 {
		var text strings.Builder
		if random.IntN(3) == 0 {
			text.WriteString(between[random.IntN(len(between))])
		}
		for range 2 + random.IntN(7) {
			text.WriteString(words[random.IntN(len(words))])
			text.WriteString(between[random.IntN(len(between))])
		}
		v := text.String()
		found, fingerprint := libinjection.IsSQLi(v)
		if found {
			sqli++
		}
		if plainWords(v) {
			plain++
			assert.False(t, found, "%q is %s", v, fingerprint)
		}
	}
	assert.Greater(t, plain, 40_000)
	assert.Greater(t, sqli, 15_000)
}

func BenchmarkSentence(b *testing.B) {
	for _, v := range []string{"Copper velvet garden window.", "amber and bamboo for the coast", "light-blue, large",
		strings.Repeat("A warm wool blanket for cold evenings in the garden. ", 20)} {
		name := strings.ReplaceAll(v[:min(len(v), 30)], " ", "_")
		b.Run(name+"/words", func(b *testing.B) {
			for b.Loop() {
				isSQLi(v)
			}
		})
		b.Run(name+"/libinjection", func(b *testing.B) {
			for b.Loop() {
				libinjection.IsSQLi(v)
			}
		})
	}
}
