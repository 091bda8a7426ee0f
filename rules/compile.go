package rules

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
)

// Compile checks text with Walk and compiles it with cfg, its includes and data
// files read through fsys. cfg must carry no directives and no root of its own.
// The WAF is the caller's to close (experimental.WAFCloser).
//
// Where a directive is at fault the error wraps a *DirectiveError. Every file is
// read once, so what was checked is what was compiled. A panic in the engine's
// parser is an error, never a crash.
func Compile(fsys fs.FS, text string, cfg coraza.WAFConfig) (coraza.WAF, error) {
	return compileReviewed(fsys, text, cfg, false)
}

func compileReviewed(fsys fs.FS, text string, cfg coraza.WAFConfig, offline bool) (coraza.WAF, error) {
	files := newSnapshot(fsys)
	directives, err := Walk(files, text)
	if err != nil {
		return nil, fmt.Errorf("reading directives: %w", err)
	}
	if err := review(directives); err != nil {
		return nil, fmt.Errorf("reviewing directives: %w", err)
	}
	registerOperators()
	if offline {
		if text, err = muted(files, text, directives); err != nil {
			return nil, err
		}
	}
	cfg = cfg.WithRootFS(files).WithDirectives(text)
	if offline {
		cfg = cfg.WithDirectives(noLogs)
	}
	waf, err := compile(cfg)
	if err != nil {
		return nil, fmt.Errorf("compiling directives: %w", locate(cfg, directives, err))
	}
	if err := clipExceptions(waf); err != nil {
		return nil, fmt.Errorf("compiling directives: %w", err)
	}
	return waf, nil
}

func compile(cfg coraza.WAFConfig) (waf coraza.WAF, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			waf, err = nil, fmt.Errorf("the engine's parser panicked: %v", fault)
		}
	}()
	return coraza.NewWAF(cfg)
}

// locate puts a place to Coraza's error. Coraza names no line, so it compiles
// once more with a logger that counts the directives up to the one that fails:
// the failing path pays for it, not the working one.
func locate(cfg coraza.WAFConfig, directives []Directive, cause error) error {
	var seen trace
	waf, err := compile(cfg.WithDebugLogger(&seen))
	if err == nil {
		// The second attempt worked: the cause was not in the text.
		if closer, ok := waf.(experimental.WAFCloser); ok {
			err = closer.Close()
		}
		return errors.Join(cause, err)
	}
	n := len(seen.lines)
	if n == 0 || n > len(directives) || directives[n-1].Text != seen.lines[n-1] {
		return cause
	}
	return diagnose(directives[:n], n == len(directives), cause)
}
