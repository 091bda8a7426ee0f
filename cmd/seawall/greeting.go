package main

import (
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// A greeting tells where Envoy listens and what to try.
type greeting struct {
	base, admin string // http://localhost:8080; 127.0.0.1:33081
	demo        bool   // the upstream is the demo
	disabled    bool   // the document says that nothing is inspected
}

func (c *runCommand) greet(s *session, envoy *launch.Envoy, disabled bool) error {
	ports, err := envoy.Ports(s.ctx)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	g := greeting{
		base:  fmt.Sprintf("http://%s", net.JoinHostPort(named(host), fmt.Sprint(ports["ingress"]))),
		admin: envoy.AdminAddress(), demo: c.Upstream == "", disabled: disabled,
	}
	return g.write(s.stdout)
}

// named is a host to put into a URL. A number as Host is a match of its own, CRS
// rule 920350, which would stand in every event of who tries the lines below.
func named(host string) string {
	ip := net.ParseIP(host)
	if host == "" || ip != nil && (ip.IsUnspecified() || ip.Equal(net.IPv4(127, 0, 0, 1))) {
		return "localhost"
	}
	return host
}

func (g greeting) write(w io.Writer) error {
	var b strings.Builder
	if g.disabled {
		fmt.Fprintf(&b, "NOTHING IS GUARDED at %s/: the config says disabled: true (Envoy's admin: http://%s/)\n", g.base, g.admin)
	} else {
		fmt.Fprintf(&b, "Seawall guards %s/ (Envoy's admin: http://%s/)\n", g.base, g.admin)
	}
	if g.demo {
		fmt.Fprintf(&b, "Open %s/ in a browser, or try:\n", g.base)
	} else {
		fmt.Fprintln(&b, "Try:")
	}
	fmt.Fprintf(&b, `
  curl -i '%[1]s/search?q=sea+wall'
  curl -i '%[1]s/search?q=1%%27+OR+%%271%%27%%3D%%271'
  curl -i -H 'content-type: application/json' -d '{"comment": "<script>alert(1)</script>"}' '%[1]s/comments'

Ctrl-C stops it. What passes by:
`, g.base)
	_, err := io.WriteString(w, b.String())
	return err
}
