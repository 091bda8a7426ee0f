package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// The door that is not the usual one, and its library.
const (
	golangFilter = "golang"
	golangName   = "seawall-golang.so"
)

// start is how Envoy is started with one door's library.
func (c *runCommand) start(s *session, boot *launch.Bootstrap, library string) (launch.Options, error) {
	if c.Door != golangFilter {
		path, err := c.findEnvoy(s)
		return launch.Options{Path: path, Bootstrap: boot, ModuleDir: filepath.Dir(library)}, err
	}
	path, err := c.findContrib(s, library)
	if err != nil {
		return launch.Options{}, err
	}
	whole, err := filepath.Abs(library)
	if err != nil {
		return launch.Options{}, err
	}
	if err := boot.SetLibrary(whole); err != nil {
		return launch.Options{}, err
	}
	return launch.Options{Path: path, Bootstrap: boot}, checkContrib(s.ctx, path, boot, library)
}

// wanted says which Envoy the golang door needs.
const wanted = "--door golang needs Envoy's contrib build of the minor version that the library is built for, %[1]s, named by --envoy: " +
	"`docker cp $(docker create envoyproxy/envoy:contrib-v%[1]s):/usr/local/bin/envoy .` gets one, where there is that image; " +
	"--door dynamicmodule runs in any stock Envoy from 1.37 on"

func needs(api string) string { return fmt.Sprintf(wanted, api) }

// findContrib is findEnvoy without the download, which is a stock Envoy.
func (c *runCommand) findContrib(s *session, library string) (string, error) {
	api, err := apiVersion(library)
	if err != nil {
		return "", err
	}
	if c.Envoy != "" {
		return c.findEnvoy(s)
	}
	path, err := launch.Installed(s.ctx, launch.Source{Getenv: s.env})
	if path == "" && err == nil {
		err = errors.New("neither $ENVOY nor PATH has an Envoy from 1.37 on; " + needs(api))
	}
	return path, err
}

// checkContrib asks an Envoy whether it has the golang filter, in the version of the
// library's API.
func checkContrib(ctx context.Context, path string, boot *launch.Bootstrap, library string) error {
	api, err := apiVersion(library)
	if err != nil {
		return err
	}
	version, err := launch.Version(ctx, path)
	if err != nil {
		return err
	}
	if minor(version) != minor(api) {
		return fmt.Errorf("%s is Envoy %s; %s", path, version, needs(api))
	}
	document, err := boot.JSON()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "seawall-check-")
	if err != nil {
		return fmt.Errorf("checking %s: %w", path, err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "bootstrap.json")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		return fmt.Errorf("checking %s: %w", path, err)
	}
	// What else is wrong with the bootstrap the start says.
	out, _ := exec.CommandContext(ctx, path, "--mode", "validate", "-c", file, "--log-level", "error").CombinedOutput()
	if strings.Contains(string(out), "could not find @type") && strings.Contains(string(out), "filters.http.golang.") {
		return fmt.Errorf("%s, Envoy %s, has no golang filter; %s", path, version, needs(api))
	}
	return ctx.Err()
}

// apiVersion is the version of Envoy's Go API that a library is built with.
func apiVersion(library string) (string, error) {
	info, err := buildinfo.ReadFile(library)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", library, err)
	}
	for _, dependency := range info.Deps {
		if dependency.Path == "github.com/envoyproxy/envoy" {
			return strings.TrimPrefix(dependency.Version, "v"), nil
		}
	}
	return "", errors.New(library + " is no library for the golang filter: it is built without Envoy's Go API")
}

// minor cuts "1.39.1" to "1.39".
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
