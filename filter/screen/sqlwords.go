package screen

import (
	_ "embed"
	"strings"
)

// sqlList says what libinjection makes of words; TestSQLWordsAreLibinjections keeps it equal.
//
//go:embed sqlwords.txt
var sqlList string

// sqlToken is a token: the letter that libinjection writes for it, what may change that
// letter when the next token is of that sort (joins), and of what sort it is (joined).
type sqlToken struct{ kind, joins, joined uint8 }

const (
	phrase  = 1 << iota // the next word may make one token with it: GROUP BY
	opening             // a parenthesis makes it a function or an operator
)

// In sqlBytes, and as a kind: what is no letter.
const (
	sqlUnknown = iota
	sqlBlank
	sqlMark // ends a word too
	sqlEnd
)

var (
	sqlTokens = map[string]sqlToken{}
	// sqlShapes are up to four letters, the last one lowest, that begin an entry of
	// libinjection's list, and whether they are an entry themselves.
	sqlShapes = map[uint32]bool{}
	sqlBytes  [256]byte // those of a word are here in upper case

	nameToken    = sqlToken{kind: 'n'}
	numberToken  = sqlToken{kind: '1'}
	endToken     = sqlToken{sqlEnd, 0, opening} // IN is a keyword before it
	unknownToken = sqlToken{sqlUnknown, 0, phrase | opening}
	// These two go with what is behind them: any token may come next.
	operatorToken = sqlToken{'o', 0, phrase | opening}
	commaToken    = sqlToken{',', 0, phrase | opening}
)

func init() {
	for i := range 256 {
		switch b := byte(i); {
		case 'a' <= b && b <= 'z':
			sqlBytes[b] = b - 'a' + 'A'
		case 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '_', b == '.':
			sqlBytes[b] = b
		case strings.IndexByte(" \t\n\v\f\r", b) >= 0:
			sqlBytes[b] = sqlBlank
		case strings.IndexByte(`[]{}<>:\?=@!#~+-*/&|^%(),;`, b) >= 0:
			sqlBytes[b] = sqlMark
		case b >= 0x80 && b != 0xa0 && b != 0xc4 && b != 0xc5:
			// a0 is a blank; c4 and c5 begin the two letters whose upper case is I and S.
			sqlBytes[b] = b
		}
	}
	for line := range strings.Lines(sqlList) {
		sort, words, _ := strings.Cut(line, " ")
		for word := range strings.FieldsSeq(words) {
			switch sort {
			case "#":
			case "begin", "black":
				var shape uint32
				for i := range len(word) {
					shape = shape<<8 | uint32(word[i])
				}
				sqlShapes[shape] = sort == "black"
			default:
				learnWord(sort, word)
			}
		}
	}
}

func learnWord(sort, word string) {
	token, known := sqlTokens[word]
	if !known {
		token = nameToken
	}
	switch sort {
	case "first":
		token.joins |= phrase
	case "second":
		token.joined |= phrase
	case "called":
		token.joins |= opening
	case "o":
		token = operatorToken
	case "t", "A": // they swallow or change the next word
		token = unknownToken
	default:
		if word != "IN" { // any name, but before a parenthesis and the end
			token.kind = sort[0]
		}
	}
	sqlTokens[word] = token
}

// nextSQL takes the first token of s, if that is a word, a number, or a byte that is a
// token by itself and the same one in all dialects.
func nextSQL(s string) (token sqlToken, rest string) {
	start := 0
	for start < len(s) && sqlBytes[s[start]] == sqlBlank {
		start++
	}
	if start == len(s) {
		return endToken, ""
	}
	b, rest := s[start], s[start+1:]
	switch {
	case '0' <= b && b <= '9':
		return sqlNumber(s[start:])
	case b != '.' && sqlBytes[b] > sqlEnd:
		return sqlName(s[start:])
	case b == ',':
		return commaToken, rest
	case b == '(':
		return sqlToken{'(', 0, opening}, rest
	case b == '?':
		return sqlToken{kind: '?'}, rest
	case b == ':' && strings.HasPrefix(rest, "//"): // a URL's
		return sqlToken{kind: ':'}, rest
	case rest == "" || sqlBytes[rest[0]] == sqlMark:
		return unknownToken, "" // a longer operator, or a comment
	case b == ':':
		return sqlToken{kind: ':'}, rest
	case strings.IndexByte("-+/*<>=|&%^!~", b) >= 0:
		return operatorToken, rest
	}
	return unknownToken, ""
}

// sqlNumber: digits, and one dot. A letter next to them may belong to the number.
func sqlNumber(s string) (sqlToken, string) {
	i, dots := 0, 0
	for ; i < len(s) && ('0' <= s[i] && s[i] <= '9' || s[i] == '.'); i++ {
		if s[i] == '.' {
			dots++
		}
	}
	if dots > 1 || i < len(s) && sqlBytes[s[i]] != sqlBlank && sqlBytes[s[i]] != sqlMark {
		return unknownToken, ""
	}
	return numberToken, s[i:]
}

// sqlName: a word, with its dots. libinjection looks up what is before each dot as well,
// and of a word longer than this only the beginning.
func sqlName(s string) (sqlToken, string) {
	var upper [31]byte
	n := 0
	for ; n < len(s); n++ {
		b := sqlBytes[s[n]]
		if b == sqlBlank || b == sqlMark {
			break
		}
		if b == sqlUnknown || n == len(upper) {
			return unknownToken, ""
		}
		if b == '.' {
			if _, known := sqlTokens[string(upper[:n])]; known {
				return unknownToken, ""
			}
		}
		upper[n] = b
	}
	token, known := sqlTokens[string(upper[:n])]
	if !known {
		token = nameToken
	}
	return token, s[n:]
}
