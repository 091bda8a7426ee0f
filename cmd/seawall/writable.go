package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// writable refuses, before the work, a file to write whose folder is missing, since a
// mistyped name must not make one, or that is one of the inputs, which would be lost.
// "" names no file, and "-" stdin.
func writable(flag, name string, inputs ...string) error {
	if name == "" {
		return nil
	}
	folder := filepath.Dir(name)
	info, err := os.Stat(folder)
	switch {
	case err == nil && !info.IsDir(), errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s %s: there is no folder %s", flag, name, folder)
	case err != nil:
		return fmt.Errorf("%s %s: %w", flag, name, err)
	}
	written, err := os.Stat(name)
	if err != nil || !written.Mode().IsRegular() {
		return nil // a terminal may well be both
	}
	for _, input := range inputs {
		stat := func() (os.FileInfo, error) { return os.Stat(input) }
		if input == "-" {
			stat = os.Stdin.Stat
		}
		if read, err := stat(); err == nil && os.SameFile(written, read) {
			return fmt.Errorf("%s %s: it is what is read (%s), and would be overwritten; give another name", flag, name, input)
		}
	}
	return nil
}
