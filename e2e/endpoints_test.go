package e2e

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// listenElsewhere gives a listener another address.
func listenElsewhere(t testing.TB, b *launch.Bootstrap, name string, address map[string]any) {
	t.Helper()
	for _, l := range b.Tree["static_resources"].(map[string]any)["listeners"].([]any) {
		if listener := l.(map[string]any); listener["name"] == name {
			listener["address"] = address
			return
		}
	}
	require.FailNow(t, "no listener "+name)
}

// clientOf returns the client's address in the event of a path.
func (p *proxy) clientOf(t testing.TB, path string) string {
	t.Helper()
	line := p.await(t, "the event of "+path, func(l string) bool { return strings.Contains(l, `"event":"seawall"`) && strings.Contains(l, path) })
	var event struct {
		Client struct {
			Address string `json:"address"`
		} `json:"client"`
	}
	require.NoError(t, json.Unmarshal([]byte(line[strings.Index(line, "{"):]), &event), line)
	return event.Client.Address
}

// TestClientAddressIsNeverMadeUp: rules see who is really at the other end. A
// rule denies with 418 whatever does not come from 127.0.0.1, as an allow-list
// would.
func TestClientAddressIsNeverMadeUp(t *testing.T) {
	dir, err := os.MkdirTemp("", "seawall-uds-") // t.TempDir may be too long for a socket's path
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	ipv6 := "127.0.0.1"
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		_ = l.Close()
		ipv6 = "::1"
	}

	rules := filtertest.Configs["rules"]
	configs := map[string]string{"plain": rules, "socket": rules, "ipv6": rules, "behind-one": rules}
	p := startProxy(t, configs, options{edit: func(t *testing.T, b *launch.Bootstrap) {
		listenElsewhere(t, b, "socket", map[string]any{"pipe": map[string]any{"path": socket}})
		listenElsewhere(t, b, "ipv6", map[string]any{"socket_address": map[string]any{"address": ipv6, "port_value": 0}})
		for i, m := range managers(t, b) {
			if b.Tree["static_resources"].(map[string]any)["listeners"].([]any)[i].(map[string]any)["name"] == "behind-one" {
				m["xff_num_trusted_hops"] = 1
			}
		}
	}})

	type dial struct{ network, address string }
	tcp := dial{"tcp", p.address("plain")}
	for _, c := range []struct {
		name    string
		dial    dial
		headers string
		status  int
		client  string
	}{
		{"Loopback", tcp, "", 200, "127.0.0.1"},
		{"UnixSocketIsNotLoopback", dial{"unix", socket}, "", 418, ""},
		{"UnixSocketDoesNotTrustForwardedFor", dial{"unix", socket}, "x-forwarded-for: 127.0.0.1\r\n", 418, ""},
		{"IPv6", dial{"tcp", net.JoinHostPort(ipv6, itoa(p.ports["ipv6"]))}, "", 418, "::1"},
		{"ForwardedForIsNotTrusted", tcp, "x-forwarded-for: 192.0.2.9\r\n", 200, "127.0.0.1"},
		{"RealIPIsNotTrusted", tcp, "x-real-ip: 192.0.2.9\r\nforwarded: for=192.0.2.9\r\n", 200, "127.0.0.1"},
		{"TheTrustedProxySaysWho", dial{"tcp", p.address("behind-one")}, "x-forwarded-for: 192.0.2.9\r\n", 418, "192.0.2.9"},
		{"OnlyTheTrustedProxysEntryCounts", dial{"tcp", p.address("behind-one")}, "x-forwarded-for: 127.0.0.1, 192.0.2.9\r\n", 418, "192.0.2.9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.client == "::1" && ipv6 != "::1" {
				t.Skip("this machine has no IPv6 loopback")
			}
			response, _ := dialH1(t, c.dial.network, c.dial.address).exchange("GET", "/", "x-do: loopback-only\r\n"+c.headers)
			assert.Equal(t, c.status, response.StatusCode)

			path := "/event/" + c.name
			response, _ = dialH1(t, c.dial.network, c.dial.address).exchange("GET", path, "x-phase-1: evil\r\n"+c.headers)
			assert.Equal(t, 403, response.StatusCode)
			if client := p.clientOf(t, path); c.client != "" {
				assert.Equal(t, c.client, client)
			} else {
				assert.Nil(t, net.ParseIP(client), "no IP address was made up: %q", client)
			}
		})
	}
}
