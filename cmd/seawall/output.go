package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// An output is stdout as all commands write it: it keeps the first failure, so that
// no command needs to look at what each of its writes came to.
type output struct {
	to io.Writer

	mu     sync.Mutex // run writes from several goroutines
	failed error
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.to.Write(p)
	if err != nil && o.failed == nil {
		o.failed = err
	}
	return n, err
}

// Stat lets terminal.Is see what is behind an output.
func (o *output) Stat() (fs.FileInfo, error) {
	file, ok := o.to.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return file.Stat()
}

// orElse is what a command ended with, or that its output was lost: then its exit
// code tells of something that nobody has seen. An error of its own goes first.
func (o *output) orElse(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var exit *exitError
	told := err != nil && (!errors.As(err, &exit) || exit.cause != nil)
	if o.failed == nil || told && !errors.Is(err, o.failed) {
		return err
	}
	return fmt.Errorf("writing the output: %w", o.failed)
}
