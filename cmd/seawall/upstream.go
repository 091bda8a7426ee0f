package main

import (
	"fmt"
	"net"

	"github.com/seawall-waf/seawall/cmd/seawall/demo"
)

type upstreamCommand struct {
	Listen string `default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where to listen (${default})."`
}

func (c *upstreamCommand) Run(s *session) error {
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listening for the demo upstream: %w", err)
	}
	if _, err := fmt.Fprintf(s.stdout, "demo upstream on http://%s/\n", listener.Addr()); err != nil {
		_ = listener.Close()
		return err
	}
	return demo.Serve(s.ctx, listener)
}
