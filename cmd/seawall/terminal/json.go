package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON returns an encoder whose output is as exact as any, and safe to look at: what
// could steer a terminal, or turn the order in which a line is read, is written as
// \u escapes. encoding/json does that for control characters below U+0020 alone.
func JSON(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(escaper{w})
	encoder.SetEscapeHTML(false)
	return encoder
}

// escaper takes whole values, as json.Encoder writes them: outside of its strings JSON
// is ASCII that prints, and line breaks.
type escaper struct{ io.Writer }

func (e escaper) Write(text []byte) (int, error) {
	out := make([]byte, 0, len(text))
	for rest := text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case unicode.IsPrint(r) || r == '\n':
			out = append(out, rest[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		rest = rest[size:]
	}
	if _, err := e.Writer.Write(out); err != nil {
		return 0, err
	}
	return len(text), nil
}
