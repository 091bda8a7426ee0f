package exchange

import (
	"errors"
	"strconv"
	"strings"
)

// words splits a command line as a POSIX shell does, with the $'...' that browsers
// write into "Copy as cURL". Nothing is expanded or run.
func words(line string) ([]string, error) {
	var found []string
	var word strings.Builder
	begun := false
	end := func() {
		if begun {
			found = append(found, word.String())
		}
		word.Reset()
		begun = false
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			end()
		case c == '\\' && i+1 < len(line):
			i++
			if line[i] == '\r' && i+1 < len(line) && line[i+1] == '\n' {
				i++
			}
			if line[i] != '\n' {
				word.WriteByte(line[i])
				begun = true
			}
		case c == '\'' || c == '"':
			n, err := quoted(line[i:], &word)
			if err != nil {
				return nil, err
			}
			i += n - 1
			begun = true
		case c == '$' && i+1 < len(line) && line[i+1] == '\'':
			n, err := ansi(line[i+2:], &word)
			if err != nil {
				return nil, err
			}
			i += n + 1
			begun = true
		case strings.IndexByte("|;&<>", c) >= 0:
			end()
			return found, nil // another command, or where the output goes
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	end()
	return found, nil
}

var errQuote = errors.New("a quote in the command line does not close")

// quoted reads '...' or "..." and returns its length.
func quoted(s string, word *strings.Builder) (int, error) {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return i + 1, nil
		case s[0] == '"' && s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\"\\$`\n", s[i+1]) >= 0:
			i++
			if s[i] != '\n' {
				word.WriteByte(s[i])
			}
		default:
			word.WriteByte(s[i])
		}
	}
	return 0, errQuote
}

// ansi reads what follows $' and returns its length, the closing quote included.
func ansi(s string, word *strings.Builder) (int, error) {
	simple := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'a': 7, 'b': 8, 'e': 27, 'f': 12, 'v': 11}
	for i := 0; i < len(s); i++ {
		if s[i] == '\'' {
			return i + 1, nil
		}
		if s[i] != '\\' || i+1 == len(s) {
			word.WriteByte(s[i])
			continue
		}
		i++
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i]]
		if digits == 0 {
			if b, ok := simple[s[i]]; ok {
				word.WriteByte(b)
			} else {
				word.WriteByte(s[i])
			}
			continue
		}
		n := 0
		for n < digits && i+1+n < len(s) && strings.IndexByte("0123456789abcdefABCDEF", s[i+1+n]) >= 0 {
			n++
		}
		code, err := strconv.ParseUint(s[i+1:i+1+n], 16, 32)
		if err != nil {
			return 0, errors.New("a \\x or \\u in the command line without digits")
		}
		if digits == 2 {
			word.WriteByte(byte(code))
		} else {
			word.WriteRune(rune(code))
		}
		i += n
	}
	return 0, errQuote
}
