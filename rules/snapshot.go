package rules

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
)

// snapshot reads each file and expands each pattern once, so that Walk and
// Coraza see the same bytes while someone replaces the files underneath. It
// serves one compilation on one goroutine.
type snapshot struct {
	fs.FS
	files map[string]outcome[[]byte]
	bytes int // of files
	globs map[string]outcome[[]string]
}

type outcome[T any] struct {
	value T
	err   error
}

func newSnapshot(fsys fs.FS) *snapshot {
	return &snapshot{FS: fsys, files: map[string]outcome[[]byte]{}, globs: map[string]outcome[[]string]{}}
}

func (s *snapshot) ReadFile(name string) ([]byte, error) {
	file, seen := s.files[name]
	if !seen {
		file.value, file.err = fs.ReadFile(s.FS, name)
		if s.bytes += len(file.value); s.bytes > maxReadBytes && file.err == nil {
			file = outcome[[]byte]{err: &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf(
				"the files of the rule set have more than %s together; leave some of them out", Size(maxReadBytes))}}
		}
		s.files[name] = file
	}
	return bytes.Clone(file.value), file.err
}

func (s *snapshot) Glob(pattern string) ([]string, error) {
	glob, seen := s.globs[pattern]
	if !seen {
		glob.value, glob.err = fs.Glob(s.FS, pattern)
		s.globs[pattern] = glob
	}
	return slices.Clone(glob.value), glob.err
}
