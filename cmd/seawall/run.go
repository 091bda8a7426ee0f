package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/seawall-waf/seawall/cmd/seawall/demo"
	"github.com/seawall-waf/seawall/envoy/launch"
)

const moduleName = "libseawall.so"

type runCommand struct {
	Listen       string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where Envoy listens (${default}). Port 0 chooses a free one."`
	Upstream     string `placeholder:"URL" help:"Your upstream, http://HOST:PORT. Without it a demo upstream starts."`
	Config       string `placeholder:"FILE" help:"Seawall's document, YAML or JSON. Without it: the Core Rule Set."`
	Watch        bool   `help:"Reload when --config, or a file that it includes, changes. A bad config is told of, and the old one stays."`
	Events       string `placeholder:"FILE" help:"Append each event to this file, whole, as a line of JSON."`
	Envoy        string `placeholder:"PATH" help:"The Envoy to run. Without it: $$ENVOY, one in PATH, or a download."`
	EnvoyVersion string `default:"${envoy_version}" placeholder:"X.Y.Z" help:"The Envoy to download (${default})."`
	Door         string `enum:"dynamicmodule,golang" default:"dynamicmodule" help:"dynamicmodule, for any Envoy from 1.37 on, or golang, for Envoy's contrib build (${default})."`
	Module       string `placeholder:"PATH" help:"The library, ${module} or seawall-golang.so. Without it: the one beside this program."`
}

func (c *runCommand) Run(s *session) error {
	err := c.run(s)
	var exit *exitError
	interrupted := errors.As(err, &exit) && exit.code == exitInterrupted
	if s.ctx.Err() != nil && (err == nil || interrupted || errors.Is(err, context.Canceled)) {
		return nil // stopped by its user, perhaps while it was starting
	}
	return err
}

func (c *runCommand) run(s *session) error {
	if c.Watch && c.Config == "" {
		return errors.New("--watch needs a --config to watch")
	}
	library, err := c.modulePath()
	if err != nil {
		return err
	}
	var boot *launch.Bootstrap
	var disabled bool
	if err := s.interruptibly(func() (err error) { boot, disabled, err = c.bootstrap(); return err }); err != nil {
		return err
	}
	if err := c.checkListen(); err != nil {
		return err
	}
	events, err := openEvents(c.Events)
	if err != nil {
		return err
	}
	defer events.Close()
	options, err := c.start(s, boot, library)
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
	var changes *watch
	if c.Watch {
		if changes, err = newWatch(c.Config, boot); err != nil {
			return err
		}
		defer changes.close()
		options.Args = draining
	}
	options.Log = c.show(s, events)
	envoy, err := launch.Start(s.ctx, options)
	if err != nil {
		return err
	}
	defer envoy.Stop()
	if err := c.greet(s, envoy, disabled); err != nil {
		return err
	}
	c.warnOfUpstream(s)

	if changes != nil {
		over := make(chan struct{})
		go func() {
			defer close(over)
			changes.serve(s.ctx, envoy, func(format string, args ...any) {
				fmt.Fprintf(s.stderr, "seawall: "+format+"\n", args...)
			})
		}()
		defer func() { <-over }()
	}
	select {
	case <-s.ctx.Done():
		return envoy.Stop()
	case <-envoy.Exited():
		return fmt.Errorf("%w; its last lines:\n%s", envoy.Stop(), envoy.LogTail())
	}
}

// show is what is done with each line of Envoy's.
func (c *runCommand) show(s *session, events *eventsFile) func(string) {
	return func(line string) {
		if err := events.take(line); err != nil {
			fmt.Fprintln(s.stderr, "seawall:", err)
		}
		if text, ok := worthShowing(line); ok {
			fmt.Fprintln(s.stdout, text)
		}
	}
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
