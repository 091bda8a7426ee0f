package lint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/seawall-waf/seawall/rules"
)

// unopenable are the logs that Envoy could not open. They are neither made nor written
// to find out: a log that belongs to whoever ran validate would be one that Envoy cannot
// write. A log's server is not asked, either: it need not be reached from here.
func unopenable(text string) (faults []error) {
	directives, err := rules.Walk(rules.FS(), text)
	if err != nil {
		return []error{err} // a file changed since it was compiled
	}
	var audit *rules.Directive // the last one counts, as does the type
	remote := false
	check := func(d rules.Directive) {
		if err := opens(argumentOf(d)); err != nil {
			faults = append(faults, &rules.DirectiveError{File: d.File, Line: d.Line, Text: d.Text, Err: err, Hint: "name a file that can be written, or made in a folder that is there"})
		}
	}
	for i, d := range directives {
		switch strings.ToLower(nameOf(d)) {
		case "secdebuglog": // each is opened
			check(d)
		case "secauditlog":
			audit = &directives[i]
		case "secauditlogtype":
			kind := strings.ToLower(argumentOf(d))
			remote = kind != "serial" && kind != "concurrent"
		}
	}
	if audit != nil && !remote {
		check(*audit)
	}
	return faults
}

// maxLinks is Linux's bound on links behind one name (path_resolution(7)).
const maxLinks = 40

// opens says why a file could not be opened to be written, or made.
func opens(name string) error {
	if name == "" || name == "/dev/stdout" || name == "/dev/stderr" {
		return nil // Coraza opens none of them
	}
	path := name
	for range maxLinks {
		// O_NONBLOCK: not to wait for the reader of a FIFO.
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
		if err == nil {
			return file.Close()
		}
		if errors.Is(err, syscall.ENXIO) {
			return nil // a FIFO or a socket: where it is no descriptor of one's own, it was refused
		}
		if !os.IsNotExist(err) {
			return err
		}
		target, err := os.Readlink(path) // it may dangle
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Dir(path) + "/" + target
		}
		path = target
	}
	const writeAndSearch = 3 // access(2): W_OK|X_OK
	if err := syscall.Access(filepath.Dir(path), writeAndSearch); err != nil {
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return nil
}
