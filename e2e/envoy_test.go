// Package e2e starts real Envoys on free loopback ports, with the module as it
// is built for users, and drives real HTTP through them.
package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/e2e/golangdoor"
	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// proxy is a running Envoy with one listener for each config.
type proxy struct {
	*launch.Envoy
	door     string
	upstream *upstream
	ports    map[string]int // by config

	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and replaced at each line
}

// options of startProxy beside the configs.
type options struct {
	door    string // "": $SEAWALL_DOOR, or the dynamic module
	version string // "": $ENVOY, $SEAWALL_ENVOY_VERSION, or newest
	image   string // a contrib Envoy's, to run by Docker instead
	faults  bool   // with the operators of package faults
	workers int    // 0: 2
	args    []string
	// edit changes the finished bootstrap.
	edit func(t *testing.T, b *launch.Bootstrap)
}

func startProxy(t *testing.T, configs map[string]string, o options) *proxy {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	path := binary(ctx, t, o)
	p := &proxy{door: o.whichDoor(), upstream: startUpstream(t), more: make(chan struct{})}
	bootstrap := doorOf(t, o)
	boot := bootstrapFor(t, bootstrap, configs, p.upstream.address)
	if o.edit != nil {
		o.edit(t, boot)
	}
	workers := o.workers
	if workers == 0 {
		workers = 2
	}
	var err error
	if o.image == "" {
		boot.Tree, err = golangdoor.Bridge(boot.Tree)
		require.NoError(t, err)
	}
	p.Envoy, err = launch.Start(ctx, launch.Options{Path: path, Bootstrap: boot, ModuleDir: o.modules(),
		Concurrency: workers, LogLevel: "warning", Args: o.args, Log: p.log})
	require.NoError(t, err)
	t.Cleanup(func() {
		p.checkNothingIsOpen(t)
		if err := p.Stop(); err != nil {
			t.Errorf("Envoy did not live to the end of the test: %v\n%s", err, p.LogTail())
		}
	})
	p.ports, err = p.Ports(ctx)
	require.NoError(t, err)
	return p
}

// bootstrapFor takes the door's bootstrap and gives each config a listener.
func bootstrapFor(t *testing.T, bootstrap func() (*launch.Bootstrap, error), configs map[string]string, upstream string) *launch.Bootstrap {
	t.Helper()
	var all *launch.Bootstrap
	var listeners []any
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		b, err := bootstrap()
		require.NoError(t, err)
		require.NoError(t, b.SetSeawall(screened(configs[name])))
		require.NoError(t, b.Listen("127.0.0.1:0"))
		require.NoError(t, b.Upstream(upstream))
		cluster := firstOf(t, b, "clusters")
		// The upstream speaks what the client spoke, so that gRPC and trailers
		// arrive as they were sent.
		cluster["typed_extension_protocol_options"] = map[string]any{
			"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": map[string]any{
				"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
				"use_downstream_protocol_config": map[string]any{
					"http_protocol_options": map[string]any{"enable_trailers": true}, "http2_protocol_options": map[string]any{}},
			}}
		listener := firstOf(t, b, "listeners")
		listener["name"] = name
		listeners = append(listeners, listener)
		all = b
	}
	all.Tree["static_resources"].(map[string]any)["listeners"] = listeners
	return all
}

// screened is a config as $SEAWALL_SCREEN has it, on or off, unless it says so itself or
// says nothing else than that nothing is inspected.
func screened(config string) string {
	screen := os.Getenv("SEAWALL_SCREEN")
	if screen == "" || strings.Contains(config, "screen:") || strings.HasPrefix(config, "{") || strings.HasPrefix(config, "disabled:") {
		return config
	}
	return config + "\nscreen: \"" + screen + "\"\n"
}

func firstOf(t *testing.T, b *launch.Bootstrap, kind string) map[string]any {
	t.Helper()
	list, ok := b.Tree["static_resources"].(map[string]any)[kind].([]any)
	require.True(t, ok && len(list) > 0)
	first, ok := list[0].(map[string]any)
	require.True(t, ok)
	return first
}

func (p *proxy) address(config string) string {
	return net.JoinHostPort("127.0.0.1", itoa(p.ports[config]))
}

func (p *proxy) log(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, line)
	close(p.more)
	p.more = make(chan struct{})
}

// await returns the first line for which match holds, now or to come.
func (p *proxy) await(t testing.TB, what string, match func(string) bool) string {
	t.Helper()
	deadline := time.After(exchangeTimeout)
	next := 0
	for {
		p.mu.Lock()
		lines, more := p.lines, p.more
		p.mu.Unlock()
		for ; next < len(lines); next++ {
			if match(lines[next]) {
				return lines[next]
			}
		}
		select {
		case <-more:
		case <-deadline:
			require.FailNow(t, "no log line with "+what)
		}
	}
}

// access is one line of the access log.
type access struct {
	Details string         `json:"details"`
	Seawall map[string]any `json:"seawall"`
}

// accessOf awaits the access-log line of the exchange with this block ID.
func (p *proxy) accessOf(t testing.TB, id string) access {
	t.Helper()
	line := p.await(t, "the block ID "+id, func(l string) bool { return strings.HasPrefix(l, "{") && strings.Contains(l, id) })
	var a access
	require.NoError(t, json.Unmarshal([]byte(line), &a), line)
	return a
}

// sender sends a message over one protocol.
type sender struct {
	name string
	send func(testing.TB, string, filtertest.Message) answer
}

var protocols = []sender{{"h1", sendH1}, {"h2", sendH2}}

// tableHost runs the behaviour table through a proxy over one protocol.
type tableHost struct {
	*proxy
	sender
}

func (h tableHost) Do(t *testing.T, c filtertest.Case) filtertest.Outcome {
	t.Helper()
	id := t.Name()
	h.upstream.expect(id, c.Upstream)
	request := c.Request
	request.Headers = append(append(filtertest.Fields{}, request.Headers...), [2]string{caseHeader, id})
	a := h.send(t, h.address(c.Config), request)
	o := filtertest.Outcome{Status: a.Status, Headers: a.Headers, Body: a.Body, Trailers: a.Trailers, Upstream: h.upstream.saw(id), Rule: -1}
	if block, ok := a.Headers.Get("x-seawall-id"); ok {
		o.Rule = filtertest.RuleOf(h.accessOf(t, block).Details)
	}
	return o
}
