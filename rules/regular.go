package rules

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// What one rule set may read. CRS has 1.3 MiB of directives and 0.2 MiB of lists; a
// list of a million networks has some 15 MiB.
const (
	maxFileBytes    = 16 << 20 // of one file
	maxIncludeBytes = 16 << 20 // of all that is included, as often as it is
	maxReadBytes    = 64 << 20 // of all files, each counted once
)

// ReadRegular reads a file on disk of at most limit bytes. What is neither a regular
// file nor a link to one is refused before it is opened: a device may have no end, and
// whoever opens a FIFO waits for its writer.
func ReadRegular(name string, limit int64) ([]byte, error) {
	if err := refuseIrregular(name, false); err != nil {
		return nil, err
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// The size that Stat gives is not to be trusted: files of /proc have 0.
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has more than the %s that are read", Size(limit))}
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// refuseIrregular leaves a file that cannot be asked for to whoever opens it.
func refuseIrregular(name string, orDirectory bool) error {
	info, err := os.Stat(name)
	if err != nil || info.Mode().IsRegular() || orDirectory && info.IsDir() {
		return nil
	}
	kind := "a device"
	switch mode := info.Mode(); {
	case mode.IsDir():
		kind = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a FIFO"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	}
	return &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it is %s; give the name of a regular file", kind)}
}

// Size writes a bound: "16 MiB", "100 bytes".
func Size(bytes int64) string {
	if bytes >= 1<<20 && bytes%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
