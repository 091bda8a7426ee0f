package transform

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func removeNulls(v string) string  { return strings.ReplaceAll(v, "\x00", "") }
func replaceNulls(v string) string { return strings.ReplaceAll(v, "\x00", " ") }

const whitespace = " \t\n\r\f\v"

func trim(v string) string      { return strings.Trim(v, whitespace) }
func trimLeft(v string) string  { return strings.TrimLeft(v, whitespace) }
func trimRight(v string) string { return strings.TrimRight(v, whitespace) }

// removeWhitespace drops what Unicode calls white space. It maps runes, so a byte
// that is not UTF-8 becomes U+FFFD.
func removeWhitespace(v string) string {
	at := 0
	for at < len(v) {
		r, size := utf8.DecodeRuneInString(v[at:])
		if r == utf8.RuneError && size == 1 || unicode.IsSpace(r) {
			break
		}
		at += size
	}
	if at == len(v) {
		return v
	}
	out := append(make([]byte, 0, len(v)), v[:at]...)
	for at < len(v) {
		if b := v[at]; b < utf8.RuneSelf {
			if !asciiSpace(b) {
				out = append(out, b)
			}
			at++
			continue
		}
		r, size := utf8.DecodeRuneInString(v[at:])
		if !unicode.IsSpace(r) {
			out = utf8.AppendRune(out, r)
		}
		at += size
	}
	return text(out)
}

// compressWhitespace makes one space of each run of white space: the ASCII kinds,
// U+0085, U+00A0, and a byte 0xA0 that is not part of a rune (Latin-1's U+00A0).
// Other bytes stay, UTF-8 or not.
func compressWhitespace(v string) string {
	at := 0
	for at < len(v) {
		size := latinSpace(v[at:])
		if size > 0 && (v[at] != ' ' || at+1 < len(v) && latinSpace(v[at+1:]) > 0) {
			break
		}
		at += max(size, runeLen(v[at:]))
	}
	if at == len(v) {
		return v
	}
	out := append(make([]byte, 0, len(v)), v[:at]...)
	inRun := false
	for at < len(v) {
		if size := latinSpace(v[at:]); size > 0 {
			if !inRun {
				out = append(out, ' ')
			}
			inRun = true
			at += size
			continue
		}
		inRun = false
		size := runeLen(v[at:])
		out = append(out, v[at:at+size]...)
		at += size
	}
	return text(out)
}

// latinSpace returns the length of the white space character that v, which is not
// empty, begins with, and 0 where it begins with another one.
func latinSpace(v string) int {
	switch b := v[0]; {
	case asciiSpace(b), b == 0xa0:
		return 1
	case b == 0xc2 && len(v) > 1 && (v[1] == 0x85 || v[1] == 0xa0):
		return 2
	}
	return 0
}

// runeLen returns the length of the first rune of v, which is not empty: 1 for a byte
// that is not UTF-8.
func runeLen(v string) int {
	if v[0] < utf8.RuneSelf {
		return 1
	}
	_, size := utf8.DecodeRuneInString(v)
	return size
}
