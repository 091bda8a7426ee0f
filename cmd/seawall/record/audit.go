package record

import (
	"bytes"
	"regexp"
)

var (
	// Coraza's formats JSON, JsonLegacy and OCSF.
	auditMarks = [][]byte{[]byte(`{"transaction":{`), []byte(`"http_request":`), []byte(`"httpRequest":`)}
	// A part of its Native format: --xUgHjEkZiPaKBwSt-A--
	nativePart = regexp.MustCompile(`^--[0-9A-Za-z]+-([A-Z])--\s*$`)
)

func (d *Reader) audit(line []byte) {
	for _, mark := range auditMarks {
		if start := bytes.IndexByte(line, '{'); start >= 0 && bytes.Contains(line, mark) {
			d.Audits++
			d.Audit(bytes.TrimSpace(line[start:]))
			return
		}
	}
}

// nativeLine gathers the record that a line is of.
func (d *Reader) nativeLine(line []byte) bool {
	part := nativePart.FindSubmatch(line)
	switch {
	case part != nil && part[1][0] == 'A':
		d.cut()
	case len(d.native) == 0:
		return false
	case len(d.native)+len(line) > longestLine:
		d.cut()
		return false
	}
	d.native = append(d.native, line...)
	if part != nil && part[1][0] == 'Z' {
		d.Audits++
		d.Audit(d.native)
		d.native = d.native[:0]
	}
	return true
}

// cut leaves out a record whose end is not there: its log is being written, or was
// rotated meanwhile, or it is too long. Half a request would be judged otherwise than
// the whole one was.
func (d *Reader) cut() {
	if len(d.native) > 0 {
		d.Cut++
	}
	d.native = d.native[:0]
}
