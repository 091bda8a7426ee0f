// Package terminal keeps output fit for one.
package terminal

import (
	"io"
	"io/fs"
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

// PrintableLines is Printable for text of several lines, which stay.
func PrintableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Printable(line)
	}
	return strings.Join(lines, "\n")
}

// Is tells whether w is a terminal (or another character device).
func Is(w io.Writer) bool {
	f, ok := w.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
