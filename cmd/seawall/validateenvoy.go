package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/lint"
	"github.com/seawall-waf/seawall/cmd/seawall/lint/library"
)

// fits checks the library against the Envoy of --envoy.
func (c *validateCommand) fits(s *session) (checked string, findings []lint.Finding, err error) {
	path := c.Module
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return "", nil, fmt.Errorf("looking for %s beside this program: %w", moduleName, err)
		}
		path = filepath.Join(filepath.Dir(self), moduleName)
	}
	lib, err := library.Open(path)
	if err != nil {
		return "", nil, fmt.Errorf("%w; `make build` makes it, --module names another", err)
	}
	version, misfits, err := c.compare(s, lib)
	if err != nil {
		return "", nil, err
	}
	for _, m := range misfits {
		f := lint.Finding{Code: "library", Level: lint.Warning, File: path, Message: m.Problem, Fix: m.Fix}
		if m.Fatal {
			f.Level = lint.Error
		}
		findings = append(findings, f)
	}
	return fmt.Sprintf("%s in Envoy %s", filepath.Base(path), version), findings, nil
}

func (c *validateCommand) compare(s *session, lib *library.Library) (version string, misfits []library.Misfit, err error) {
	if !strings.Contains(c.Envoy, "://") {
		return lib.Binary(s.ctx, c.Envoy)
	}
	if version, err = c.running(s); err != nil {
		return "", nil, err
	}
	return version, lib.Version(version), nil
}

// running is the version of a running Envoy.
func (c *validateCommand) running(s *session) (string, error) {
	admin, err := url.Parse(c.Envoy)
	if err != nil || admin.Host == "" || admin.Scheme != "http" && admin.Scheme != "https" {
		return "", fmt.Errorf("--envoy %s: want http://HOST:PORT of Envoy's admin, or the path of a binary", c.Envoy)
	}
	version, err := library.RunningVersion(s.ctx, admin)
	var unreachable *library.UnreachableError
	if errors.As(err, &unreachable) {
		return "", &exitError{code: exitUnreachable, cause: fmt.Errorf("--envoy: %w", err)}
	}
	return version, err
}
