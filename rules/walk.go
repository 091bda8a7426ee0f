package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// maxIncludes is Coraza's bound on Include directives in one configuration
// (internal/seclang/parser.go, maxIncludeRecursion).
const maxIncludes = 100

// Walk returns every directive that Coraza would evaluate for text, in its
// order, with each Include followed by what it includes. Includes resolve as
// Coraza resolves them: a plain name against the including file's directory, a
// pattern with * as it stands, its matches sorted.
//
// An error is a *DirectiveError: a line of 64 KiB or more, a directive left open
// by a backslash or a backtick at the end of its file, an Include that finds
// nothing, itself, what is no regular file or more than 16 MiB, a NUL byte, a byte
// order mark.
func Walk(fsys fs.FS, text string) ([]Directive, error) {
	w := walker{fsys: fsys}
	err := w.text(source{}, text)
	return w.found, err
}

type walker struct {
	fsys     fs.FS
	found    []Directive
	includes int
	bytes    int // of what was included
}

// A source is the file being read. dir is Coraza's current directory for it,
// chain the files that included it, itself last.
type source struct {
	file, dir string
	chain     []string
}

func (w *walker) text(from source, text string) error {
	lines, err := newLogicalLines(from.file, text)
	if err != nil {
		return err
	}
	for {
		d, err := lines.next()
		if err != nil || d == nil {
			return err
		}
		w.found = append(w.found, *d)
		if !d.is("include") {
			continue
		}
		if err := w.include(from, *d); err != nil {
			var inner *DirectiveError
			if errors.As(err, &inner) {
				return err
			}
			return &DirectiveError{File: d.File, Line: d.Line, Text: d.Text, Err: err}
		}
	}
}

func (w *walker) include(from source, d Directive) error {
	if w.includes++; w.includes > maxIncludes {
		return fmt.Errorf("more than %d Include directives; include a pattern such as conf.d/*.conf instead", maxIncludes)
	}
	arg := includeArgument(d.Text)
	if strings.TrimSpace(arg) == "" {
		return errors.New("Include names no file")
	}
	names, pattern, err := w.includedNames(from, arg)
	if err != nil {
		return err
	}
	for _, name := range names {
		if clean := filepath.Clean(name); slices.Contains(from.chain, clean) {
			return fmt.Errorf("include loop: %s", strings.Join(append(from.chain, clean), " includes "))
		}
		data, err := fs.ReadFile(w.fsys, name)
		if err != nil {
			return fmt.Errorf("including %q: %w%s", arg, err, whereSearched(from, arg, pattern, err))
		}
		if w.bytes += len(data); w.bytes > maxIncludeBytes {
			return fmt.Errorf("including %q: with %s, all that is included has more than %s; leave some of it out", arg, name, Size(maxIncludeBytes))
		}
		inner := source{file: name, dir: filepath.Dir(name)}
		inner.chain = append(slices.Clone(from.chain), filepath.Clean(name))
		if err := w.text(inner, string(data)); err != nil {
			return err
		}
	}
	return nil
}

// includeArgument cuts the argument out as Coraza's evaluateLine does: after the
// first space, and out of quotes only if they enclose all of it.
func includeArgument(line string) string {
	_, arg, _ := strings.Cut(line, " ")
	if len(arg) >= 3 && arg[0] == '"' && arg[len(arg)-1] == '"' {
		return strings.Trim(arg, `"`)
	}
	return arg
}

func (w *walker) includedNames(from source, arg string) (names []string, pattern bool, err error) {
	if !strings.Contains(arg, "*") {
		name := strings.TrimSpace(arg)
		if !strings.HasPrefix(name, "/") {
			name = filepath.Join(from.dir, name)
		}
		return []string{name}, false, nil
	}
	names, err = fs.Glob(w.fsys, arg)
	if err != nil {
		return nil, true, fmt.Errorf("including %q: %w", arg, err)
	}
	if len(names) == 0 {
		return nil, true, fmt.Errorf("including %q: no file matches%s", arg, whereSearched(from, arg, true, fs.ErrNotExist))
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	return names, true, nil
}

// whereSearched says where a file that does not exist was looked for.
func whereSearched(from source, arg string, pattern bool, err error) string {
	arg = strings.TrimSpace(arg)
	switch {
	case !errors.Is(err, fs.ErrNotExist) || strings.HasPrefix(arg, "/"):
		return ""
	case strings.HasPrefix(arg, "@"):
		return "; " + unknownName().Error()
	case pattern:
		return fmt.Sprintf("; a pattern is taken from the working directory (%s), not from the including file's", directory(""))
	case from.dir == "":
		return fmt.Sprintf("; searched the working directory (%s)", directory(""))
	}
	return fmt.Sprintf("; searched the including file's directory (%s)", directory(from.dir))
}

func directory(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}
