package transform

import (
	"strings"
	"unicode/utf8"
)

// unescape copies v, but for its escapes: one appends what the escape at the begin of a
// string stands for, and returns the escape's length (at least 1).
func unescape(v string, one func(dst []byte, v string) ([]byte, int)) string {
	at := strings.IndexByte(v, '\\')
	if at < 0 {
		return v
	}
	out := append(make([]byte, 0, len(v)), v[:at]...)
	for at < len(v) {
		var size int
		out, size = one(out, v[at:])
		at += size
		plain := strings.IndexByte(v[at:], '\\')
		if plain < 0 {
			plain = len(v) - at
		}
		out = append(out, v[at:at+plain]...)
		at += plain
	}
	return changed(v, out)
}

func escapeSeqDecode(v string) string { return unescape(v, cEscape) }
func jsDecode(v string) string        { return unescape(v, jsEscape) }
func cssDecode(v string) string       { return unescape(v, cssEscape) }

// cEscape decodes the C escape at v's begin. Three octal digits above \377 keep their
// low byte; a backslash at the end stays; any other one goes.
func cEscape(dst []byte, v string) ([]byte, int) {
	switch {
	case len(v) == 1:
		return append(dst, '\\'), 1
	case v[1]|0x20 == 'x' && len(v) >= 4 && isHex(v[2]) && isHex(v[3]):
		return append(dst, hexByte(v[2], v[3])), 4
	}
	if digits, code := octal(v[1:]); digits > 0 {
		return append(dst, byte(code)), 1 + digits
	}
	return append(dst, control(v[1])), 2
}

// jsEscape decodes the JavaScript escape at v's begin. A code point keeps its low
// byte; an octal one takes two digits where three would exceed \377; a backslash at
// the end stays; any other one goes.
func jsEscape(dst []byte, v string) ([]byte, int) {
	if len(v) == 1 {
		return append(dst, '\\'), 1
	}
	switch v[1] {
	case 'u':
		if len(v) >= 6 && isHex(v[2]) && isHex(v[3]) && isHex(v[4]) && isHex(v[5]) {
			return append(dst, byte(halfWidth(hexRune(v[2:6])))), 6
		}
		if len(v) > 2 && v[2] == '{' {
			digits := hexDigits(v[3:])
			if digits > 0 && 3+digits < len(v) && v[3+digits] == '}' {
				return append(dst, byte(halfWidth(hexRune(v[3:3+digits])))), 3 + digits + 1
			}
		}
	case 'x':
		if len(v) >= 4 && isHex(v[2]) && isHex(v[3]) {
			return append(dst, hexByte(v[2], v[3])), 4
		}
	}
	if digits, code := octal(v[1:]); digits > 0 {
		if code > 0xff {
			digits, code = digits-1, code>>3
		}
		return append(dst, byte(code)), 1 + digits
	}
	return append(dst, control(v[1])), 2
}

// cssEscape decodes the CSS escape at v's begin, a code point into UTF-8; one space
// after its digits belongs to it. A backslash at the end goes, and so does one before
// a line feed, with it.
func cssEscape(dst []byte, v string) ([]byte, int) {
	switch {
	case len(v) == 1:
		return dst, 1
	case v[1] == '\n':
		return dst, 2
	}
	digits := hexDigits(v[1:])
	if digits == 0 {
		return append(dst, v[1]), 2
	}
	code := halfWidth(hexRune(v[1 : 1+digits]))
	if code == 0 {
		code = utf8.RuneError
	}
	size := 1 + digits
	if size < len(v) && asciiSpace(v[size]) {
		size++
	}
	return utf8.AppendRune(dst, code), size
}

// control returns what a backslash and b stand for in C and in JavaScript.
func control(b byte) byte {
	switch b {
	case 'a':
		return '\a'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	}
	return b
}

// octal returns how many octal digits v begins with, at most three, and their value.
func octal(v string) (digits, code int) {
	for digits < min(3, len(v)) && v[digits] >= '0' && v[digits] <= '7' {
		code = code<<3 | int(v[digits]-'0')
		digits++
	}
	return digits, code
}

// hexDigits returns how many hexadecimal digits v begins with, at most six.
func hexDigits(v string) int {
	n := 0
	for n < min(6, len(v)) && isHex(v[n]) {
		n++
	}
	return n
}

func hexRune(digits string) rune {
	var r rune
	for i := 0; i < len(digits); i++ {
		r = r<<4 | rune(hexValue[digits[i]])
	}
	return r
}

// halfWidth folds the full width forms of ASCII (U+FF01 to U+FF5E) to ASCII.
func halfWidth(r rune) rune {
	if r >= 0xff01 && r <= 0xff5e {
		return r - 0xfee0
	}
	return r
}
