package rules

import (
	"crypto/sha256"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// A Recorder is a file system that remembers what was read through it, embedded
// files left out, for Unchanged to compare with later. It may be used by many
// goroutines and for several compilations.
type Recorder struct {
	fsys fs.FS

	mu     sync.Mutex
	files  map[string][sha256.Size]byte
	absent map[string]bool
	globs  map[string][]string
	// torn is set when one name gave two answers: what was compiled from it
	// matches no state of the disk.
	torn bool
}

// Recording wraps fsys. Names are recorded as they are asked for, so a relative
// one means the same as long as the working directory does.
func Recording(fsys fs.FS) *Recorder {
	return &Recorder{
		fsys:   fsys,
		files:  map[string][sha256.Size]byte{},
		absent: map[string]bool{},
		globs:  map[string][]string{},
	}
}

// Open records the file's content as it is now, then opens it.
func (r *Recorder) Open(name string) (fs.File, error) {
	_, _ = r.ReadFile(name)
	return r.fsys.Open(name)
}

// ReadFile reads and records a file, or records that it could not be read.
func (r *Recorder) ReadFile(name string) ([]byte, error) {
	data, err := fs.ReadFile(r.fsys, name)
	if _, ours := embedded(name); ours {
		return data, err
	}
	sum := sha256.Sum256(data)
	r.mu.Lock()
	defer r.mu.Unlock()
	before, read := r.files[name]
	switch {
	case err != nil:
		r.absent[name] = true
		r.torn = r.torn || read
	case read && before != sum, r.absent[name]:
		r.torn = true
	default:
		r.files[name] = sum
	}
	return data, err
}

// ReadDir lists a directory without recording it: SecLang has no way to ask.
func (r *Recorder) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(r.fsys, name)
}

// Glob expands and records a pattern.
func (r *Recorder) Glob(pattern string) ([]string, error) {
	names, err := fs.Glob(r.fsys, pattern)
	if _, ours := embedded(pattern); ours || err != nil {
		return names, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, asked := r.globs[pattern]; asked && !slices.Equal(before, names) {
		r.torn = true
	}
	r.globs[pattern] = slices.Clone(names)
	return names, nil
}

// Files returns the SHA-256 of each file that was read, by the name it was asked
// for under. The map is the caller's.
func (r *Recorder) Files() map[string][32]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.files)
}

// Unchanged reports whether fsys would answer everything that was asked through
// rec as it did then: each file's content, each file that was not there, each
// pattern's matches. It reads every recorded file.
func Unchanged(fsys fs.FS, rec *Recorder) bool {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.torn {
		return false
	}
	for name, sum := range rec.files {
		data, err := fs.ReadFile(fsys, name)
		if err != nil || sha256.Sum256(data) != sum {
			return false
		}
	}
	for name := range rec.absent {
		if _, err := fs.ReadFile(fsys, name); err == nil {
			return false
		}
	}
	for pattern, names := range rec.globs {
		now, err := fs.Glob(fsys, pattern)
		if err != nil || !slices.Equal(now, names) {
			return false
		}
	}
	return true
}
