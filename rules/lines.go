package rules

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
)

// logicalLines joins a file's physical lines into directives by the rules of
// Coraza 3.8.1 (internal/seclang/parser.go, parseString): white space is
// trimmed; blank lines and lines that begin with # are skipped wherever they
// stand, inside a continuation too; a backslash at the end joins the next line
// without a separator; a line that ends with a backtick opens a block that lasts
// to the line that begins with one, its line breaks kept.
type logicalLines struct {
	file    string
	scanner *bufio.Scanner
	line    int // of the physical line read last

	joined   strings.Builder
	begun    int // the line where joined begins; 0: nothing is open
	backtick int // the line where the open backtick block began; 0: none
}

func newLogicalLines(file, text string) (*logicalLines, error) {
	l := &logicalLines{file: file, scanner: bufio.NewScanner(strings.NewReader(text))}
	for mark, encoding := range map[string]string{
		"\xef\xbb\xbf": "UTF-8 with a byte order mark", "\xfe\xff": "UTF-16", "\xff\xfe": "UTF-16",
	} {
		if strings.HasPrefix(text, mark) {
			return nil, l.fault(1, fmt.Errorf("the text is %s; save it as plain UTF-8", encoding))
		}
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return nil, l.fault(1+strings.Count(text[:i], "\n"), errors.New("a NUL byte; SecLang is plain text"))
	}
	return l, nil
}

// next returns the next directive, or nil after the last.
func (l *logicalLines) next() (*Directive, error) {
	for l.scanner.Scan() {
		l.line++
		line := strings.TrimSpace(l.scanner.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if l.begun == 0 {
			l.begun = l.line
		}
		if l.backtick == 0 && strings.HasSuffix(line, "`") {
			l.backtick = l.line
		} else if line[0] == '`' {
			l.backtick = 0
		}
		if l.backtick != 0 {
			l.joined.WriteString(line + "\n")
			continue
		}
		if open, continued := strings.CutSuffix(line, `\`); continued {
			l.joined.WriteString(open)
			continue
		}
		l.joined.WriteString(line)
		d := &Directive{File: l.file, Line: l.begun, Text: l.joined.String()}
		l.joined.Reset()
		l.begun = 0
		return d, nil
	}
	return nil, l.end()
}

// end checks what Coraza does not: that the whole text was read and nothing is
// left open.
func (l *logicalLines) end() error {
	switch err := l.scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return l.fault(l.line+1, fmt.Errorf("a line of %d bytes or more; break it with a backslash", bufio.MaxScanTokenSize))
	case err != nil:
		return l.fault(l.line+1, err)
	case l.backtick != 0:
		return l.fault(l.backtick, errors.New("a backtick opens a block here that no line beginning with a backtick closes"))
	case l.begun != 0:
		return l.fault(l.begun, errors.New("the directive goes on behind its last backslash, but the file ends"))
	}
	return nil
}

func (l *logicalLines) fault(line int, err error) error {
	return &DirectiveError{File: l.file, Line: line, Text: l.joined.String(), Err: err}
}
