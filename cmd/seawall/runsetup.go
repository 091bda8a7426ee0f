package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/rules"
)

// modulePath returns the path of the library. Envoy looks for the dynamic module
// by its name.
func (c *runCommand) modulePath() (string, error) {
	path, moduleName := c.Module, moduleName
	if c.Door == golangFilter {
		moduleName = golangName
	}
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("looking for %s beside this program: %w", moduleName, err)
		}
		path = filepath.Join(filepath.Dir(self), moduleName)
	}
	if filepath.Base(path) != moduleName && c.Door != golangFilter {
		return "", fmt.Errorf("--module %s: Envoy loads it by name, so the file must be called %s", path, moduleName)
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("looking for the library: %w; `make build` makes it, --module names another", err)
	}
	return path, nil
}

// bootstrap is the door's, envoy/dynamicmodule.yaml or envoy/golang.yaml, with what the flags say. disabled is what
// the document says.
func (c *runCommand) bootstrap() (boot *launch.Bootstrap, disabled bool, err error) {
	load := launch.DynamicModule
	if c.Door == golangFilter {
		load = launch.Golang
	}
	boot, err = load()
	if err != nil {
		return nil, false, err
	}
	if err := boot.Listen(c.Listen); err != nil {
		return nil, false, fmt.Errorf("--listen %s: want HOST:PORT, such as 127.0.0.1:8080: %w", c.Listen, err)
	}
	if c.Upstream != "" {
		address, err := upstreamAddress(c.Upstream)
		if err != nil {
			return nil, false, fmt.Errorf("--upstream %s: %w", c.Upstream, err)
		}
		if err := boot.Upstream(address); err != nil {
			return nil, false, err
		}
	}
	if c.Config != "" {
		read := readInput
		if c.Watch {
			read = rules.ReadRegular // again and again
		}
		document, err := read(c.Config, maxConfigBytes)
		if err != nil {
			return nil, false, fmt.Errorf("--config: %w", err)
		}
		if disabled, err = checkConfig(c.Config, document); err != nil {
			return nil, false, err
		}
		if err := boot.SetSeawall(string(document)); err != nil {
			return nil, false, fmt.Errorf("--config %s: %w", c.Config, err)
		}
	}
	return boot, disabled, nil
}

// checkConfig parses and compiles a document as the library would: it would tell
// of a fault only in Envoy's log. Each line of the error names the file.
func checkConfig(file string, document []byte) (disabled bool, err error) {
	config, err := filter.ParseConfig(document)
	if err == nil {
		_, err = filter.NewEngine(config)
	}
	if err != nil {
		lines := strings.Split(err.Error(), "\n")
		return false, errors.New(file + ": " + strings.Join(lines, "\n  "+file+": "))
	}
	return config.Disabled, nil
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
	if err := checkPort(port); err != nil {
		return "", err
	}
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

// warnOfUpstream says so where nothing answers at the upstream, once: it may start
// later, and until then Envoy answers for it.
func (c *runCommand) warnOfUpstream(s *session) {
	if c.Upstream == "" {
		return
	}
	address, err := upstreamAddress(c.Upstream)
	if err != nil {
		return // bootstrap has refused it
	}
	const within = 2 * time.Second
	conn, err := (&net.Dialer{Timeout: within}).DialContext(s.ctx, "tcp", address)
	if err == nil {
		_ = conn.Close()
		return
	}
	if s.ctx.Err() == nil {
		fmt.Fprintf(s.stderr, "seawall: nothing answers at --upstream %s: %v; until it does, what passes gets a 503 from Envoy\n", c.Upstream, err)
	}
}

// checkListen refuses an address in use: two Envoys may share a port, and would
// then each get some of the requests.
func (c *runCommand) checkListen() error {
	listener, err := net.Listen("tcp", c.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		host, _, _ := net.SplitHostPort(c.Listen)
		return fmt.Errorf("--listen %s: %w; --listen %s takes a free port (make run RUN_FLAGS='--listen %[3]s')",
			c.Listen, syscall.EADDRINUSE, net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return fmt.Errorf("--listen %s: %w", c.Listen, err)
	}
	return listener.Close()
}

func (c *runCommand) findEnvoy(s *session) (string, error) {
	if c.Envoy != "" {
		if _, err := launch.Version(s.ctx, c.Envoy); err != nil {
			return "", fmt.Errorf("--envoy: %w", err)
		}
		return c.Envoy, nil
	}
	return launch.Find(s.ctx, launch.Source{Version: c.EnvoyVersion, Getenv: s.env, Progress: s.stderr})
}
