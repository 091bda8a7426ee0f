package screen

import (
	"strings"

	"github.com/corazawaf/libinjection-go"
)

// isSQLi is @detectSQLi: libinjection's answer, without its work where the shape of
// a value or its first words exclude it.
func isSQLi(v string) bool {
	if plainSQL(v) || plainWords(v) {
		return false
	}
	found, _ := libinjection.IsSQLi(v)
	return found
}

// isXSS is @detectXSS. libinjection finds a tag, comment or doctype, which need a <,
// or the value of an attribute, which needs a = with something behind it.
func isXSS(v string) bool {
	if strings.IndexByte(v, '<') < 0 {
		if i := strings.IndexByte(v, '='); i < 0 || i == len(v)-1 {
			return false
		}
	}
	return libinjection.IsXSS(v)
}

// Kinds of bytes, to libinjection's SQL.
const (
	digit  = 1 << iota
	hexish // a to f
	letter // the others, and _
	dot
	joint // one byte operators and blanks
	quote // all else: strings, comments, variables, parentheses
)

var sqlKinds = func() (kinds [256]uint8) {
	for i := range kinds {
		kinds[i] = quote
	}
	for _, k := range []struct {
		bytes string
		kind  uint8
	}{{"0123456789", digit}, {"abcdefABCDEF", hexish}, {"ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ_", letter},
		{".", dot}, {" ,:+-=/", joint}} {
		for i := range len(k.bytes) {
			kinds[k.bytes[i]] = k.kind
		}
	}
	return kinds
}()

// plainSQL reports whether libinjection 0.3.3 finds no SQL in v for its shape alone.
// It cuts a value into tokens, writes one letter for each, and looks up the first
// five in a list; a word that SQL knows has another letter than others. So none is:
//
//   - A word. The list has no single letter but that of an odd comment. Digits
//     before it are a number, and of number and word it asks for more than that.
//   - Words with dots between, a host's name: a dot is a token or goes with its word,
//     and no entry has one.
//   - Two words with one byte between. Of such entries, one begins with a number and
//     the others have a string. TRUE and a few more count as numbers (trueMinusNull).
//   - Numbers and hex digits, with whatever operators: dates, addresses, UUIDs. No
//     entry is all numbers, names SQL does not know, and operators. Of hex digits
//     alone SQL knows DEC.
//
// A -- is a comment.
func plainSQL(v string) bool {
	var seen, previous uint8
	joints, at := 0, 0
	led := false // by a digit: a number comes apart from the word behind it
	for i := range len(v) {
		kind := sqlKinds[v[i]]
		switch kind {
		case quote:
			return false
		case digit:
			led = led || previous&(digit|hexish|letter) == 0
		case letter:
			if previous == digit && timeMark(v, i) {
				kind = hexish
			}
		case joint:
			joints, at = joints+1, i
			if v[i] == '-' && i > 0 && v[i-1] == '-' || joints > 1 && seen&letter != 0 {
				return false
			}
		}
		seen |= kind
		previous = kind
	}
	switch {
	case seen&(dot|joint) == 0:
		return true
	case seen&letter == 0:
		return !hasDec(v)
	case led:
		return false
	}
	return joints == 0 || joints == 1 && seen&dot == 0 && !trueMinusNull(v[:at], v[at+1:])
}

// trueMinusNull: a word that SQL takes for a number (TRUE, FALSE, BINARY_...) before one
// that it takes for a variable (CURRENT_..., LOCALTIME..., NULL, UNKNOWN), or any others
// with these letters.
func trueMinusNull(a, b string) bool {
	return a != "" && b != "" && strings.IndexByte("tfb", a[0]|0x20) >= 0 && strings.IndexByte("clnu", b[0]|0x20) >= 0
}

// timeMark: the T and Z of 2026-03-14T09:26:53Z. The words T09 and Z are none of SQL's.
func timeMark(v string, i int) bool {
	return v[i] == 'T' && i+1 < len(v) && sqlKinds[v[i+1]] == digit || v[i] == 'Z' && i+1 == len(v)
}

func hasDec(v string) bool {
	for i := 2; i < len(v); i++ {
		if v[i]|0x20 == 'c' && v[i-1]|0x20 == 'e' && v[i-2]|0x20 == 'd' {
			return true
		}
	}
	return false
}

// plainWords reports whether libinjection 0.3.3 finds no SQL in v for its first words alone.
//
// It writes a letter for each token, takes some out (it folds), and looks up the first
// five that remain in a list; most pairs of letters begin no entry of it. So words are
// read from the left until no entry begins like that (no SQL: whatever follows, letters
// read stay where they are), or v ends (no SQL, unless they are an entry). To that end:
//
//   - A quote anywhere has libinjection read v again, as the rest of a string. A comment
//     of some kinds replaces all letters, and an empty name in backticks may. None of these.
//   - Where # and -- are a comment depends on the dialect. They are unknown tokens, which
//     may come only behind the words that decide.
//   - The letter of a word changes with the next: a phrase, a parenthesis behind some
//     names. Before such a word counts, the token behind it is looked at.
//   - Folding takes out an operator or comma with the name or number behind it, if one is
//     before it; and behind an AND the next token, if another AND follows. The token behind
//     an AND thus decides nothing. Other folds begin with tokens that are unknown here, or
//     with an AND or a parenthesis at the beginning.
func plainWords(v string) bool {
	if strings.IndexByte(v, '\'') >= 0 || strings.IndexByte(v, '"') >= 0 || strings.IndexByte(v, '`') >= 0 || strings.Contains(v, "/*") {
		return false
	}
	var shape uint32
	token, rest := nextSQL(v)
	if token.kind == '(' || token.kind == '&' { // left out, or folds with what follows
		return false
	}
	for shape>>24 == 0 {
		switch token.kind {
		case sqlEnd:
			return !sqlShapes[shape]
		case sqlUnknown, 'o', ',':
			return false
		case '&':
			if byte(shape>>8) == '&' {
				shape >>= 8
				token, rest = nextSQL(rest)
				continue
			}
		}
		next, behind := nextSQL(rest)
		if token.joins&next.joined != 0 {
			return false
		}
		shape = shape<<8 | uint32(token.kind)
		if _, live := sqlShapes[shape]; !live {
			return byte(shape>>8) != '&'
		}
		for next.kind == 'o' || next.kind == ',' {
			folded, last := nextSQL(behind)
			if !folds(token) || !folds(folded) {
				return false
			}
			next, behind = nextSQL(last)
		}
		if token.kind == '(' || token.kind == ':' || token.kind == '?' {
			return false
		}
		token, rest = next, behind
	}
	return false
}

// folds: a name or number, but IN, which is none yet when libinjection folds.
func folds(t sqlToken) bool { return (t.kind == 'n' || t.kind == '1') && t.joins == 0 }
