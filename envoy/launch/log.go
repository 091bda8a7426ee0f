package launch

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

const (
	tailLines   = 40
	longestLine = 1 << 20 // bytes; a longer line, such as no event is, is passed on in pieces
)

// logLines cuts what Envoy writes into lines, hands each on, and keeps the
// last that may tell of trouble.
type logLines struct {
	each func(string) // may be nil

	mu   sync.Mutex
	part []byte    // a line whose end has not come
	side *logLines // nil, or whose lines these are as well: see beside
	last []string  // at most tailLines
}

// beside is a second stream of the same lines. Envoy's stdout and stderr need one
// each: in one pipe, what two of its threads write at once is mixed within a line.
func (l *logLines) beside() *logLines { return &logLines{side: l} }

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part = append(l.part, p...)
	for {
		end := bytes.IndexByte(l.part, '\n')
		switch {
		case end >= 0:
			l.line(string(l.part[:end]))
			l.part = l.part[end+1:]
		case len(l.part) >= longestLine:
			l.line(string(l.part))
			l.part = nil
		default:
			return len(p), nil
		}
	}
}

// flush hands on a last line that had no newline.
func (l *logLines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.part) > 0 {
		l.line(string(l.part))
		l.part = nil
	}
}

// Envoy greets with a hundred lines of what it was built with; a failure's
// reason is never among its info lines.
var quietLine = regexp.MustCompile(`^\[[^]]*\]\[\d+\]\[(trace|debug|info)\]`)

func (l *logLines) line(text string) {
	if l.side != nil {
		l.side.mu.Lock()
		defer l.side.mu.Unlock()
		l.side.line(text)
		return
	}
	if l.each != nil {
		l.each(text)
	}
	if quietLine.MatchString(text) {
		return
	}
	if len(l.last) == tailLines {
		l.last = append(l.last[:0], l.last[1:]...)
	}
	l.last = append(l.last, text)
}

func (l *logLines) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, "\n")
}
