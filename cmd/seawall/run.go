package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/seawall-waf/seawall/cmd/seawall/demo"
	"github.com/seawall-waf/seawall/envoy/launch"
)

const moduleName = "libseawall.so"

type runCommand struct {
	Listen       string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where Envoy listens (${default}). Port 0 chooses a free one."`
	Upstream     string `placeholder:"URL" help:"Your upstream, http://HOST:PORT. Without it a demo upstream starts."`
	Config       string `placeholder:"FILE" help:"Seawall's document, YAML or JSON. Without it: the Core Rule Set."`
	Envoy        string `placeholder:"PATH" help:"The Envoy to run. Without it: $$ENVOY, one in PATH, or a download."`
	EnvoyVersion string `default:"${envoy_version}" placeholder:"X.Y.Z" help:"The Envoy to download (${default})."`
	Module       string `placeholder:"PATH" help:"${module}. Without it: the one beside this program."`
}

func (c *runCommand) Run(s *session) error {
	err := c.run(s)
	if s.ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return nil // stopped by its user, perhaps while it was starting
	}
	return err
}

func (c *runCommand) run(s *session) error {
	module, err := c.modulePath()
	if err != nil {
		return err
	}
	boot, err := c.bootstrap()
	if err != nil {
		return err
	}
	if err := c.checkListen(); err != nil {
		return err
	}
	path, err := c.findEnvoy(s)
	if err != nil {
		return err
	}

	// Deferred calls run in reverse: Envoy ends before the upstream it speaks to.
	if c.Upstream == "" {
		address, stop, err := startDemo(s.ctx)
		if err != nil {
			return err
		}
		defer stop()
		if err := boot.Upstream(address); err != nil {
			return err
		}
	}
	envoy, err := launch.Start(s.ctx, launch.Options{
		Path: path, Bootstrap: boot, ModuleDir: filepath.Dir(module),
		Log: func(line string) {
			if text, ok := worthShowing(line); ok {
				fmt.Fprintln(s.stdout, text)
			}
		},
	})
	if err != nil {
		return err
	}
	defer envoy.Stop()
	if err := c.greet(s, envoy); err != nil {
		return err
	}

	select {
	case <-s.ctx.Done():
		return envoy.Stop()
	case <-envoy.Exited():
		return fmt.Errorf("%w; its last lines:\n%s", envoy.Stop(), envoy.LogTail())
	}
}

// modulePath returns the path of the library. Envoy looks for it by its name.
func (c *runCommand) modulePath() (string, error) {
	path := c.Module
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("looking for %s beside this program: %w", moduleName, err)
		}
		path = filepath.Join(filepath.Dir(self), moduleName)
	}
	if filepath.Base(path) != moduleName {
		return "", fmt.Errorf("--module %s: Envoy loads it by name, so the file must be called %s", path, moduleName)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("looking for the library: %w; `make build` makes it, --module names another", err)
	}
	return path, nil
}

// bootstrap is envoy/dynamicmodule.yaml with what the flags say.
func (c *runCommand) bootstrap() (*launch.Bootstrap, error) {
	boot, err := launch.DynamicModule()
	if err != nil {
		return nil, err
	}
	if err := boot.Listen(c.Listen); err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	if c.Upstream != "" {
		address, err := upstreamAddress(c.Upstream)
		if err != nil {
			return nil, fmt.Errorf("--upstream %s: %w", c.Upstream, err)
		}
		if err := boot.Upstream(address); err != nil {
			return nil, err
		}
	}
	if c.Config != "" {
		document, err := os.ReadFile(c.Config)
		if err != nil {
			return nil, fmt.Errorf("--config: %w", err)
		}
		if err := boot.SetSeawall(string(document)); err != nil {
			return nil, fmt.Errorf("--config %s: %w", c.Config, err)
		}
	}
	return boot, nil
}

func upstreamAddress(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "", err
	case u.Scheme != "http":
		return "", fmt.Errorf("scheme %q is not http: for TLS to an upstream write your own bootstrap", u.Scheme)
	case u.Hostname() == "":
		return "", errors.New("it names no host: want http://HOST:PORT")
	case u.User != nil, u.Path != "" && u.Path != "/", u.RawQuery != "":
		return "", errors.New("it has more than a host and a port: want http://HOST:PORT")
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

// checkListen refuses an address in use: two Envoys may share a port, and would
// then each get some of the requests.
func (c *runCommand) checkListen() error {
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", c.Listen, err)
	}
	return listener.Close()
}

func (c *runCommand) findEnvoy(s *session) (string, error) {
	getenv := s.env
	if c.Envoy != "" {
		getenv = func(key string) string {
			if key == "ENVOY" {
				return c.Envoy
			}
			return s.env(key)
		}
	}
	return launch.Find(s.ctx, launch.Source{Version: c.EnvoyVersion, Getenv: getenv, Progress: s.stderr})
}

// startDemo serves the demo upstream on a free loopback port until stop.
func startDemo(ctx context.Context) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listening for the demo upstream: %w", err)
	}
	// It outlives ctx, until Envoy has ended.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = demo.Serve(ctx, listener)
	}()
	return listener.Addr().String(), func() { cancel(); <-done }, nil
}

// greet tells where Envoy listens and what to try.
func (c *runCommand) greet(s *session, envoy *launch.Envoy) error {
	ports, err := envoy.Ports(s.ctx)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	writeGreeting(s.stdout, fmt.Sprintf("http://%s", net.JoinHostPort(host, fmt.Sprint(ports["ingress"]))),
		envoy.AdminAddress(), c.Upstream == "")
	return nil
}

func writeGreeting(w io.Writer, base, admin string, demo bool) {
	fmt.Fprintf(w, "Seawall guards %s/ (Envoy's admin: http://%s/)\n", base, admin)
	if demo {
		fmt.Fprintf(w, "Open %s/ in a browser, or try:\n", base)
	} else {
		fmt.Fprintln(w, "Try:")
	}
	fmt.Fprintf(w, `
  curl -i '%[1]s/search?q=sea+wall'
  curl -i '%[1]s/search?q=1%%27+OR+%%271%%27%%3D%%271'
  curl -i -H 'content-type: application/json' -d '{"comment": "<script>alert(1)</script>"}' '%[1]s/comments'

Ctrl-C stops it. What passes by:
`, base)
}
