package bench

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"text/template"
	"unicode/utf8"

	files "github.com/seawall-waf/seawall/filter/testdata/bench"
)

// fresh makes values that no request had before. It is not safe for concurrent
// use.
type fresh struct {
	*rand.Rand
	words, fragments []string
}

func newFresh(seed uint64) (*fresh, error) {
	f := &fresh{Rand: rand.New(rand.NewPCG(seed, 0))}
	for name, into := range map[string]*[]string{"words.txt": &f.words, "fragments.txt": &f.fragments} {
		text, err := files.Files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the words for requests: %w", err)
		}
		*into = strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	return f, nil
}

// actions are what the request files may say; their README describes them.
func (f *fresh) actions() template.FuncMap {
	return template.FuncMap{
		"word":     f.word,
		"words":    f.phrase,
		"sentence": func(n int) string { return capital(f.phrase(n)) + "." },
		"name":     func() string { return capital(f.word()) },
		"int":      func(from, to int) int { return from + f.IntN(to-from+1) },
		"hex":      func(n int) string { return hex.EncodeToString(f.bytes((n + 1) / 2))[:n] },
		"alnum":    f.alnum,
		"uuid":     f.uuid,
		"date": func() string {
			return fmt.Sprintf("20%02d-%02d-%02d", 20+f.IntN(10), 1+f.IntN(12), 1+f.IntN(28))
		},
		"blob":   f.blob,
		"noise":  f.noise,
		"escape": url.QueryEscape,
		"quote": func(s string) (string, error) {
			quoted, err := json.Marshal(s)
			return string(quoted[1 : len(quoted)-1]), err
		},
	}
}

func (f *fresh) word() string { return f.words[f.IntN(len(f.words))] }

func (f *fresh) phrase(n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = f.word()
	}
	return strings.Join(words, " ")
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (f *fresh) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(f.Uint32())
	}
	return b
}

func (f *fresh) alnum(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := f.bytes(n)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

func (f *fresh) uuid() string {
	b := f.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562, version 4
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// blob is a file's content. Line ends are left out: the parser of the request
// files would change them.
func (f *fresh) blob(n int) string {
	b := f.bytes(n)
	for i := range b {
		if b[i] == '\n' || b[i] == '\r' {
			b[i] = ' '
		}
	}
	return string(b)
}

// strange are letters that take other paths through an automaton than ASCII
// does, two that fold to k and s among them (U+212A, U+017F).
var strange = []rune("éßøñжλשع中日ｓｅ\u212a\u017f\u00a0\u2028🌊\ufffd\u0130")

// noise is about n bytes of fragments. Each has at least one letter changed, so
// that few patterns match and many nearly do; no two are alike.
func (f *fresh) noise(n int) string {
	var b strings.Builder
	for b.Len() < n {
		letters := []rune(f.fragments[f.IntN(len(f.fragments))])
		from := f.IntN(len(letters) / 2)
		letters = letters[from : from+len(letters)/2+1]
		for range 1 + f.IntN(3) {
			at := f.IntN(len(letters))
			switch f.IntN(4) {
			case 0:
				letters[at] = strange[f.IntN(len(strange))]
			case 1:
				letters[at] = rune('!' + f.IntN('~'-'!'))
			case 2:
				letters = append(letters[:at], letters[at+1:]...)
			default:
				letters[at] = rune('a' + f.IntN(26))
			}
			if len(letters) < 2 {
				break
			}
		}
		for i, r := range letters {
			if r < utf8.RuneSelf && f.IntN(3) == 0 {
				letters[i] = []rune(strings.ToUpper(string(r)))[0]
			}
		}
		b.WriteString(string(letters))
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}
