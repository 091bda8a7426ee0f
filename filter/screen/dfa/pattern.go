package dfa

import (
	"fmt"
	"regexp/syntax"
	"unicode/utf8"
)

// Pattern is one that was parsed, and is supported.
type Pattern struct {
	prog      *syntax.Prog
	overBytes bool
	groups    int
}

// Groups is how many groups a match has beside the whole.
func (p *Pattern) Groups() int { return p.groups }

// Parse compiles a pattern as Coraza's @rx does: with Go's regexp under (?sm),
// or, where its \x escapes spell bytes that are not UTF-8, without flags and
// over bytes, each of which stands for the rune of the same number.
func Parse(pattern string) (*Pattern, error) {
	overBytes := OverBytes(pattern)
	if !overBytes {
		pattern = "(?sm)" + pattern
	}
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("parsing %q: %w", pattern, err)
	}
	groups := re.MaxCap()
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil, fmt.Errorf("compiling %q: %w", pattern, err)
	}
	if len(prog.Inst) > maxInsts {
		return nil, fmt.Errorf("compiling %q: %d instructions, more than %d", pattern, len(prog.Inst), maxInsts)
	}
	return &Pattern{prog, overBytes, groups}, nil
}

// OverBytes says whether Coraza gives a pattern of @rx to binaryregexp, as it is,
// and not to regexp.
func OverBytes(pattern string) bool { return spellsBytes("(?sm)" + pattern) }

// spellsBytes says whether a pattern is one of bytes, not of runes: with
// every \xHH and \x{HH...} taken for the byte HH, it is no valid UTF-8. A
// backslash before another one escapes nothing here, as in Coraza.
func spellsBytes(pattern string) bool {
	plain := make([]byte, 0, len(pattern))
	for i := 0; i < len(pattern); {
		b, n := byteEscape(pattern[i:])
		plain = append(plain, b)
		i += n
	}
	return !utf8.Valid(plain)
}

// byteEscape reads one byte of a pattern, escaped or not, and its length.
func byteEscape(s string) (value byte, length int) {
	if len(s) < 4 || s[0] != '\\' || s[1] != 'x' {
		return s[0], 1
	}
	digits, length := s[2:], 4
	if s[2] == '{' && len(s) >= 6 {
		for end := 3; end < len(s); end++ {
			if s[end] == '}' {
				digits, length = s[3:end], end+1
				break
			}
		}
	}
	if len(digits) < 2 {
		return s[0], 1
	}
	high, ok1 := hexValue(digits[0])
	low, ok2 := hexValue(digits[1])
	if !ok1 || !ok2 {
		return s[0], 1
	}
	return high<<4 | low, length
}

func hexValue(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
