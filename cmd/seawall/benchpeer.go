package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seawall-waf/seawall/cmd/seawall/bench"
)

// peerDriver is built by `make bench-peer`.
const peerDriver = "modsecurity-bench"

// startPeer starts the engine that --peer names; nil without one.
func (c *benchCommand) startPeer(s *session) (*bench.Peer, error) {
	if c.Peer == "" {
		return nil, nil
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("looking for this program: %w", err)
	}
	driver := filepath.Join(filepath.Dir(program), peerDriver)
	if _, err := os.Stat(driver); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--peer %s: no %s beside this program; install the library with its headers (libmodsecurity-dev on Debian), then `make bench-peer`",
			c.Peer, peerDriver)
	}
	peer, err := bench.StartModSecurity(s.ctx, driver, c.Paranoia)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(s.stderr, "bench: the peer is %s\n", peer.Version)
	return peer, nil
}
