package transform

import "strings"

// lowercase also maps the letters beyond ASCII, and puts U+FFFD for every byte that
// is not UTF-8 as soon as the value has one high byte: strings.ToLower does so.
func lowercase(v string) string {
	return mapCase(v, 'A', 'Z', strings.ToLower)
}

func uppercase(v string) string {
	return mapCase(v, 'a', 'z', strings.ToUpper)
}

// mapCase flips the case of the ASCII letters from first to last, and leaves a value
// with a high byte to unicode.
func mapCase(v string, first, last byte, unicode func(string) string) string {
	at := -1
	var high byte
	for i := 0; i < len(v); i++ {
		b := v[i]
		high |= b
		if at < 0 && b-first <= last-first {
			at = i
		}
	}
	switch {
	case high >= 0x80:
		return unicode(v)
	case at < 0:
		return v
	}
	out := make([]byte, len(v))
	copy(out, v[:at])
	for i := at; i < len(v); i++ {
		b := v[i]
		if b-first <= last-first {
			b ^= 'a' - 'A'
		}
		out[i] = b
	}
	return text(out)
}
