package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// The directives whose file Coraza opens while it compiles. (It makes the folders below
// SecAuditLogStorageDir for each record.)
func (d Directive) opensLog() bool { return d.is("SecAuditLog") || d.is("SecDebugLog") }

const logFileHint = "give the name of a regular file, one that does not exist yet, or /dev/stdout"

// unwritable says why the file that d logs to could not be opened, or not at once; ""
// where nothing is known against it: a name that is not there may become a file, or is
// the address of a server.
func (d Directive) unwritable() string {
	name := includeArgument(d.Text) // Coraza reads both alike
	mode, err := modeByName(name)
	kind := ""
	switch {
	case errors.Is(err, syscall.ELOOP):
		kind = err.Error()
	case err != nil:
		return ""
	case mode&fs.ModeNamedPipe != 0:
		// Envoy takes a config on its main thread, which would stand still.
		kind = "it is a FIFO, and to open it waits for a reader"
	case mode.IsDir():
		kind = "it is a directory"
	case mode&fs.ModeSocket != 0:
		kind = "it is a socket"
	default:
		return ""
	}
	return fmt.Sprintf("%s %s: %s", d.name(), name, kind)
}

// maxLinks is Linux's bound on links behind one name (path_resolution(7)).
const maxLinks = 40

// descriptorName matches a name of what a process has open (proc_pid_fd(5)).
var descriptorName = regexp.MustCompile(`^/(?:proc/(?:[0-9]+|self|thread-self)/fd|dev/fd)/[0-9]+$`)

// modeByName follows links as far as they have names. A process's own descriptors, which
// /dev/stdout is a link to, are open already, be they pipes or FIFOs: their mode is 0.
func modeByName(name string) (fs.FileMode, error) {
	for range maxLinks {
		if descriptorName.MatchString(filepath.Clean(name)) {
			return 0, nil
		}
		info, err := os.Lstat(name)
		if err != nil {
			return 0, err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return info.Mode(), nil
		}
		target, err := os.Readlink(name)
		if err != nil {
			return 0, err
		}
		if !filepath.IsAbs(target) {
			// Not cleaned, so that ".." is the parent of what a link leads to.
			target = name[:strings.LastIndexByte(name, '/')+1] + target
		}
		name = target
	}
	return 0, syscall.ELOOP
}
