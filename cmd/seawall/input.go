package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/seawall-waf/seawall/rules"
)

// readInput reads what a user names as an argument, "-" being stdin, to its end. Unlike
// a file that a config or a pasted line names it may be a FIFO, as a shell's <(command)
// is, or a device: it is bounded all the same.
func readInput(name string, limit int64) ([]byte, error) {
	in := os.Stdin
	if name != "-" {
		var err error
		if in, err = os.Open(name); err != nil {
			return nil, err
		}
		defer in.Close()
	}
	text, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s: it has more than %s", name, rules.Size(limit))
	}
	return text, nil
}

// toCleanUp is what work that looks at the session's context has to end in.
const toCleanUp = 250 * time.Millisecond

// interruptibly lets a signal end work that does not look at the session's context: it
// waits for the writer of a FIFO, or for the end of stdin, or parses.
func (s *session) interruptibly(work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-s.ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(toCleanUp):
		return &exitError{code: exitInterrupted}
	}
}
