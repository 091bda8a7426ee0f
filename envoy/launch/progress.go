package launch

import (
	"fmt"
	"io"
	"os"
)

// A progress shows how many bytes have come: rewriting one line on a terminal,
// else one line for each further 5 MiB.
type progress struct {
	w        io.Writer
	what     string
	terminal bool
	most     int64 // bytes; pip moves its file, which may be missed for a moment
	next     int64 // bytes at which a plain line is due
	done     bool  // it is there, and runs
}

const plainStep = 5 << 20

func newProgress(w io.Writer, what string) *progress {
	p := &progress{w: w, what: what, next: plainStep}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	if !p.terminal {
		fmt.Fprintf(w, "%s\n", what)
	}
	return p
}

func (p *progress) show(bytes int64) {
	p.most = max(p.most, bytes)
	switch {
	case p.terminal:
		fmt.Fprintf(p.w, "\r%s: %s ", p.what, megabytes(p.most))
	case p.most >= p.next:
		fmt.Fprintf(p.w, "%s: %s\n", p.what, megabytes(p.most))
		p.next = p.most - p.most%plainStep + plainStep
	}
}

// end tells how it ended: with the last line where it is done, else only by leaving
// the terminal's line, for the error will say why.
func (p *progress) end() {
	switch {
	case p.done && p.terminal:
		fmt.Fprintf(p.w, "\r%s: done, %s\n", p.what, megabytes(p.most))
	case p.done:
		fmt.Fprintf(p.w, "%s: done, %s\n", p.what, megabytes(p.most))
	case p.terminal:
		fmt.Fprintln(p.w)
	}
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
