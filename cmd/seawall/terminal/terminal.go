// Package terminal keeps output fit for one.
package terminal

import (
	"io"
	"os"
	"strings"
	"unicode"
)

// Printable replaces what could steer a terminal, for text of strangers.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// Is tells whether w is a terminal (or another character device).
func Is(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
