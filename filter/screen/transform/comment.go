package transform

import "strings"

// replaceComments makes one space of each C comment, of an open one as well.
func replaceComments(v string) string {
	open := strings.Index(v, "/*")
	if open < 0 {
		return v
	}
	out := make([]byte, 0, len(v))
	rest := v
	for ; open >= 0; open = strings.Index(rest, "/*") {
		out = append(append(out, rest[:open]...), ' ')
		end := strings.Index(rest[open+2:], "*/")
		if end < 0 {
			return text(out)
		}
		rest = rest[open+2+end+2:]
	}
	return text(append(out, rest...))
}

// removeCommentsChar drops the marks that begin or end a comment in C, HTML, SQL and
// the shell, and keeps what stands between them.
func removeCommentsChar(v string) string {
	at := 0
	for at < len(v) && commentMark(v[at:]) == 0 {
		at++
	}
	if at == len(v) {
		return v
	}
	out := append(make([]byte, 0, len(v)), v[:at]...)
	for at < len(v) {
		size := commentMark(v[at:])
		if size == 0 {
			out = append(out, v[at])
			size = 1
		}
		at += size
	}
	return text(out)
}

// commentMark returns the length of the mark that v, which is not empty, begins with.
func commentMark(v string) int {
	switch v[0] {
	case '/', '*', '<', '-':
		for _, mark := range [...]string{"/*", "*/", "<!--", "-->", "--"} {
			if strings.HasPrefix(v, mark) {
				return len(mark)
			}
		}
	case '#':
		return 1
	}
	return 0
}

// removeComments drops C and HTML comments, either end mark ending either kind, and
// all that follows "--" or '#'. The byte behind a comment is kept without looking
// at it, and is a NUL where the value ends there; an open comment leaves a space.
func removeComments(v string) string {
	at := 0
	for at < len(v) && !commentBegins(v[at:]) {
		at++
	}
	if at == len(v) {
		return v
	}
	out := append(make([]byte, 0, len(v)), v[:at]...)
	for at < len(v) {
		rest := v[at:]
		switch {
		case strings.HasPrefix(rest, "/*"):
			at += len("/*")
		case strings.HasPrefix(rest, "<!--"):
			at += len("<!--")
		case commentBegins(rest):
			return text(out)
		default:
			out = append(out, v[at])
			at++
			continue
		}
		size, closed := commentEnd(v[at:])
		at += size
		switch {
		case !closed:
			return text(append(out, ' '))
		case at < len(v):
			out = append(out, v[at])
		default:
			out = append(out, 0)
		}
		at++
	}
	return text(out)
}

// commentBegins reports whether removeComments drops the first byte of v.
func commentBegins(v string) bool {
	switch v[0] {
	case '#':
		return true
	case '/', '-', '<':
		return strings.HasPrefix(v, "/*") || strings.HasPrefix(v, "--") || strings.HasPrefix(v, "<!--")
	}
	return false
}

// commentEnd returns the length of what is left of a comment, its end mark included,
// and whether there is one.
func commentEnd(v string) (int, bool) {
	for i := 0; i < len(v); i++ {
		if v[i] == '*' && strings.HasPrefix(v[i:], "*/") {
			return i + len("*/"), true
		}
		if v[i] == '-' && strings.HasPrefix(v[i:], "-->") {
			return i + len("-->"), true
		}
	}
	return len(v), false
}
