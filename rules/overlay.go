package rules

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// FS is the file system that rule sets are compiled from. A name with a known
// @name among its elements is embedded, whatever directory stands before it;
// every other name is the operating system's, absolute or relative to the
// working directory, without the restrictions of io/fs on how a name is written.
// A name that begins with an unknown @name is an error that lists the known ones, and
// so is one of a device, a FIFO or a socket; ReadFile reads 16 MiB at most.
//
// It implements fs.ReadFileFS, fs.ReadDirFS and fs.GlobFS. It has no state.
func FS() fs.FS { return overlay{} }

type overlay struct{}

func (overlay) Open(name string) (fs.File, error) {
	if file, ok := embedded(name); ok {
		return file.fsys.Open(file.path)
	}
	if err := refuse("open", name); err != nil {
		return nil, err
	}
	if err := refuseIrregular(name, true); err != nil {
		return nil, err
	}
	return os.Open(name)
}

func (overlay) ReadFile(name string) ([]byte, error) {
	if file, ok := embedded(name); ok {
		return fs.ReadFile(file.fsys, file.path)
	}
	if err := refuse("open", name); err != nil {
		return nil, err
	}
	return ReadRegular(name, maxFileBytes)
}

func (overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	if file, ok := embedded(name); ok {
		return fs.ReadDir(file.fsys, file.path)
	}
	if err := refuse("readdir", name); err != nil {
		return nil, err
	}
	return os.ReadDir(name)
}

// Glob returns embedded matches under the directory's canonical @name.
func (overlay) Glob(pattern string) ([]string, error) {
	file, ok := embedded(pattern)
	if !ok {
		if err := refuse("glob", pattern); err != nil {
			return nil, err
		}
		return filepath.Glob(pattern)
	}
	matches, err := fs.Glob(file.fsys, file.path)
	for i, match := range matches {
		matches[i] = path.Join(path.Dir(file.spelled), path.Base(match))
	}
	return matches, err
}

// refuse reports a name that begins with "@" and is none of ours. An "@" further
// in (/srv/team@home, node_modules/@scope) is an ordinary name on disk.
func refuse(op, name string) error {
	if !strings.HasPrefix(strings.TrimPrefix(name, "./"), "@") {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: unknownName()}
}
