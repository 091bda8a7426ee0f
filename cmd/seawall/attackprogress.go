package main

import (
	"fmt"
	"io"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

// progress tells how far something is: on a terminal in one line that is written
// anew, elsewhere in a line of its own every ten seconds.
type progress struct {
	w        io.Writer
	of       int
	terminal bool
	shown    bool
	last     time.Time
}

func newProgress(w io.Writer, of int) *progress {
	return &progress{w: w, of: of, terminal: terminal.Is(w), last: time.Now()}
}

func (p *progress) show(done int) {
	wait := 10 * time.Second
	if p.terminal {
		wait = 100 * time.Millisecond
	}
	if time.Since(p.last) < wait {
		return
	}
	p.last = time.Now()
	if !p.terminal {
		fmt.Fprintf(p.w, "%d of %d requests\n", done, p.of)
		return
	}
	fmt.Fprintf(p.w, "\r%d of %d requests ", done, p.of)
	p.shown = true
}

// clear makes room for other output.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
