package transform

import "unicode/utf8"

// urlDecode leaves a percent sign that no two hexadecimal digits follow.
func urlDecode(v string) string { return percentDecode(v, false) }

// urlDecodeUni also knows IIS's %uHHHH, which it folds to one byte.
func urlDecodeUni(v string) string { return percentDecode(v, true) }

func percentDecode(v string, uni bool) string {
	at := 0
	for ; at < len(v); at++ {
		if b := v[at]; b == '%' || b == '+' {
			if size, _ := encoded(v[at:], uni); size > 0 {
				break
			}
		}
	}
	if at == len(v) {
		return v
	}
	out := make([]byte, len(v))
	n := copy(out, v[:at])
	for at < len(v) {
		b := v[at]
		if b == '%' || b == '+' {
			if size, plain := encoded(v[at:], uni); size > 0 {
				out[n] = plain
				n++
				at += size
				continue
			}
		}
		out[n] = b
		n++
		at++
	}
	return text(out[:n])
}

// encoded returns the length of the encoded byte that v, which is not empty, begins
// with, and what it stands for. The length is 0 where v begins with none.
func encoded(v string, uni bool) (int, byte) {
	if v[0] == '+' {
		return 1, ' '
	}
	if v[0] != '%' || len(v) < 3 {
		return 0, 0
	}
	if isHex(v[1]) && isHex(v[2]) {
		return 3, hexByte(v[1], v[2])
	}
	if uni && v[1]|0x20 == 'u' && len(v) >= 6 && isHex(v[2]) && isHex(v[3]) && isHex(v[4]) && isHex(v[5]) {
		return 6, bestFit(uint16(hexByte(v[2], v[3]))<<8 | uint16(hexByte(v[4], v[5])))
	}
	return 0, 0
}

func hexByte(high, low byte) byte { return byte(hexValue[high])<<4 | byte(hexValue[low]) }

const lowerHex = "0123456789abcdef"

// urlEncode encodes every byte but ASCII letters, digits and '*', in lower case
// digits; a space becomes '+'.
func urlEncode(v string) string {
	escapes, spaces := 0, 0
	for i := 0; i < len(v); i++ {
		if v[i] == ' ' {
			spaces++
		} else if !alnumOrStar(v[i]) {
			escapes++
		}
	}
	if escapes+spaces == 0 {
		return v
	}
	out := make([]byte, 0, len(v)+2*escapes)
	for i := 0; i < len(v); i++ {
		switch b := v[i]; {
		case b == ' ':
			out = append(out, '+')
		case alnumOrStar(b):
			out = append(out, b)
		default:
			out = append(out, '%', lowerHex[b>>4], lowerHex[b&15])
		}
	}
	return text(out)
}

// utf8ToUnicode writes every rune beyond ASCII as %u and at least four digits, in
// lower case; a byte that is not UTF-8 is U+FFFD.
func utf8ToUnicode(v string) string {
	at := 0
	for at < len(v) && v[at] < utf8.RuneSelf {
		at++
	}
	if at == len(v) {
		return v
	}
	size := at
	for _, r := range v[at:] {
		size += unicodeLen(r)
	}
	out := append(make([]byte, 0, size), v[:at]...)
	for _, r := range v[at:] {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
			continue
		}
		out = append(out, '%', 'u')
		for digits := unicodeLen(r) - 3; digits >= 0; digits-- {
			out = append(out, lowerHex[r>>(4*digits)&15])
		}
	}
	return text(out)
}

// unicodeLen returns how many bytes utf8ToUnicode writes for r.
func unicodeLen(r rune) int {
	switch {
	case r < utf8.RuneSelf:
		return 1
	case r <= 0xffff:
		return len("%uffff")
	case r <= 0xfffff:
		return len("%ufffff")
	}
	return len("%u10ffff")
}
