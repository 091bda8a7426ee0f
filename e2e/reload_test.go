package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/e2e/golangdoor"
	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

const reloads = 200

// Envoy drains a replaced config: from the update on, each answer on one of its
// connections ends that connection (immediate; the default does so for ever more
// of them), and after 5 s what is left is cut. A client that sends every 50 ms
// changes over long before that, between two requests, even on a machine that
// lets it wait for seconds.
var draining = []string{"--drain-time-s", "5", "--drain-strategy", "immediate"}

// mostDraining paces the updates: memory is flat only if configs are not
// replaced faster than Envoy lets go of them.
const mostDraining = 12

// TestReloadsUnderLoadLoseNothingAndLeakNothing: every update compiles CRS anew,
// for the directives before it differ; invariant 7, memory is given back.
func TestReloadsUnderLoadLoseNothingAndLeakNothing(t *testing.T) {
	lds := &listeners{dir: t.TempDir()}
	p := startProxy(t, map[string]string{"ingress": version(0)}, options{edit: lds.takeOver, args: draining})
	load := startLoad(t, p.address("ingress"), 8)

	begun := time.Now()
	resident := make([]float64, 0, reloads)
	for n := 1; n <= reloads; n++ {
		lds.set(t, version(n))
		p.awaitVersion(t, n)
		resident = append(resident, p.resident(t))
		require.Eventually(t, func() bool { return p.stat(t, "listener_manager.total_filter_chains_draining") < mostDraining },
			60*time.Second, 10*time.Millisecond, "Envoy lets go of old configs")
	}
	took := time.Since(begun)
	benign, attacks, failures := load.stop()
	p.requireRunning(t)

	assert.Empty(t, failures, "requests that failed, or had another answer than 200 and 403")
	assert.Greater(t, benign, reloads, "the load went on meanwhile")
	assert.Greater(t, attacks, reloads)
	// Go's heap swings between two collections, by as much as a tenth of the whole:
	// medians of 75 updates each tell a trend from that.
	early, late := median(resident[50:125]), median(resident[125:])
	t.Logf("%d reloads in %s under %d benign and %d attacking requests; resident, medians of 25 updates in MiB: %.0f, most %.0f",
		reloads, took.Round(time.Second), benign, attacks, medians(resident, 25), slices.Max(resident))
	// 15% of it is less than a third of a MiB for each update between the two.
	assert.Less(t, late, early*1.15, "resident memory, MiB: %.0f", resident)
}

func TestABadUpdateIsRefusedAndTheOldOneServes(t *testing.T) {
	lds := &listeners{dir: t.TempDir()}
	good := "directives: |\n  SecRuleEngine On\n" + indented(versionRule(1)) + indented(`SecRule ARGS "@streq evil" "id:5002,phase:1,deny"`)
	p := startProxy(t, map[string]string{"ingress": good}, options{edit: lds.takeOver})
	file := filepath.Join(t.TempDir(), "broken.conf")
	require.NoError(t, os.WriteFile(file, []byte("SecRuleEngine On\nSecRule ARGS \"@nosuch x\" \"id:1\"\n"), 0o600))

	route := map[string]any{"match": prefix("/route"), "route": map[string]any{"cluster": "upstream"}}
	for _, bad := range []struct {
		name, document string
		says           []string
	}{
		{"broken SecLang", "directives: |\n  SecRuleEngine On\n  SecRul ARGS\n", []string{"directives (line 3)", "unknown directive"}},
		{"broken SecLang in a file", "directives: Include " + file, []string{file + ":2", "nosuch"}},
		{"unknown key", "directves: SecRuleEngine On\n", []string{"directves", "line 1", "directives"}},
		{"unknown key in a route's", "directives: SecRuleEngine On\n", []string{"disabel", "disabled"}},
	} {
		t.Run(bad.name, func(t *testing.T) {
			from := p.logged()
			before := p.stat(t, "listener_manager.lds.update_rejected")
			if strings.HasSuffix(bad.name, "route's") {
				// This late the golang filter's library is loaded, and contrib parses at once.
				route["typed_per_filter_config"] = perRoute(t, asked(), "disabel: true")
				host := lds.virtualHost(t)
				host["routes"] = append([]any{route}, host["routes"].([]any)...)
				defer func() { host["routes"] = host["routes"].([]any)[1:] }()
			}
			lds.setText(t, bad.document) // whose lines count
			require.Eventually(t, func() bool { return p.stat(t, "listener_manager.lds.update_rejected") == before+1 },
				30*time.Second, 10*time.Millisecond, "Envoy refuses the update")
			reason := p.awaitAfter(t, from, refusal())
			for _, part := range bad.says {
				assert.Contains(t, reason, part)
			}
			p.awaitVersion(t, 1)
			assert.Equal(t, 403, sendH1(t, p.address("ingress"), filtertest.Message{Path: "/?a=evil"}).Status)
			p.requireRunning(t)
		})
	}
	t.Run("and the next good one is taken", func(t *testing.T) {
		lds.set(t, "directives: |\n"+indented(versionRule(2)))
		p.awaitVersion(t, 2)
	})
}

// version is a config that CRS is part of and that answers with its own number.
// Twenty of its patterns, some 50 KiB each once compiled, are no other's: Coraza
// keeps compiled patterns in a cache for the process, which gives them back only
// when a rule set is closed.
func version(n int) string {
	own := versionRule(n)
	for i := range 20 {
		own += fmt.Sprintf("SecRule ARGS:own%d \"@rx ^v%d-%d-[a-z0-9]{900}$\" \"id:%d,phase:1,deny\"\n", i, n, i, 6000+i)
	}
	return "directives: |\n" + indented("SecRuleEngine On\n"+own+"Include @seawall.conf\n")
}

func versionRule(n int) string {
	return fmt.Sprintf("SecRule REQUEST_FILENAME \"@streq /version\" \"id:5001,phase:1,redirect:/%d\"\n", n)
}

func indented(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n"
}

// awaitVersion waits until new connections meet the nth config.
func (p *proxy) awaitVersion(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		a := sendH1(t, p.address("ingress"), filtertest.Message{Path: "/version"})
		location, _ := a.Headers.Get("location")
		return location == "/"+strconv.Itoa(n)
	}, 60*time.Second, 20*time.Millisecond, "version %d is in force", n)
}

func (p *proxy) stat(t *testing.T, name string) uint64 {
	t.Helper()
	stats, err := p.Stats(t.Context(), "^"+name+"$")
	require.NoError(t, err)
	return stats[name]
}

// resident is the process's resident memory in MiB.
func (p *proxy) resident(t *testing.T) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.PID()))
	require.NoError(t, err, "this test needs Linux's /proc")
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	require.NoError(t, err)
	return float64(pages*os.Getpagesize()) / (1 << 20)
}

func medians(of []float64, window int) (each []float64) {
	for part := range slices.Chunk(of, window) {
		each = append(each, median(part))
	}
	return each
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// listeners is a file-based listener discovery service.
type listeners struct {
	dir      string
	listener map[string]any
	boot     *launch.Bootstrap // keeps the listener where SetSeawall finds it
	updates  int
}

// takeOver moves the bootstrap's listener into the file.
func (l *listeners) takeOver(t *testing.T, b *launch.Bootstrap) {
	l.listener = firstOf(t, b, "listeners")
	l.boot = &launch.Bootstrap{Tree: map[string]any{"static_resources": map[string]any{"listeners": []any{l.listener}}}}
	l.write(t)
	delete(b.Tree["static_resources"].(map[string]any), "listeners")
	b.Tree["dynamic_resources"] = map[string]any{"lds_config": map[string]any{
		"resource_api_version": "V3",
		"path_config_source":   map[string]any{"path": l.path(), "watched_directory": map[string]any{"path": l.dir}},
	}}
	b.Tree["node"] = map[string]any{"id": "test", "cluster": "test"}
}

func (l *listeners) set(t *testing.T, document string) {
	t.Helper()
	require.NoError(t, l.boot.SetSeawall(document))
	l.write(t)
}

// setText is set with the document as text; for the other ways see carry_test.go.
func (l *listeners) setText(t *testing.T, document string) {
	t.Helper()
	filter, err := l.boot.SeawallFilter()
	require.NoError(t, err)
	filter[documentKey()] = asText(document)
	l.write(t)
}

// virtualHost is the listener's first one.
func (l *listeners) virtualHost(t *testing.T) map[string]any {
	t.Helper()
	manager, err := l.boot.ConnectionManager()
	require.NoError(t, err)
	return manager["route_config"].(map[string]any)["virtual_hosts"].([]any)[0].(map[string]any)
}

func (l *listeners) path() string { return filepath.Join(l.dir, "lds.json") }

// write replaces the file by a rename, which is what Envoy watches for.
func (l *listeners) write(t *testing.T) {
	t.Helper()
	l.updates++
	resource := map[string]any{"@type": "type.googleapis.com/envoy.config.listener.v3.Listener"}
	bridged, err := golangdoor.Bridge(l.listener)
	require.NoError(t, err)
	for key, value := range bridged {
		resource[key] = value
	}
	text, err := json.Marshal(map[string]any{"version_info": strconv.Itoa(l.updates), "resources": []any{resource}})
	require.NoError(t, err)
	next := l.path() + ".next"
	require.NoError(t, os.WriteFile(next, text, 0o600))
	require.NoError(t, os.Rename(next, l.path()))
}
