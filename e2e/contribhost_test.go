package e2e

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestContribhost drives the host of the golang door with a filter that is there
// for it alone: it answers each event from a goroutine, or buffers, or panics.
func TestContribhost(t *testing.T) {
	library := filepath.Join(t.TempDir(), "testfilter.so")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", library, "./contribhost/testfilter/plugin")
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	for _, version := range versionsOf(doorGolang) {
		t.Run(version, func(t *testing.T) { contribhost(t, version, library) })
	}
}

func contribhost(t *testing.T, version, library string) {
	p := startProxy(t, map[string]string{"beat": "", "test": ""}, options{door: doorGolang, version: version, workers: 1,
		edit: func(t *testing.T, b *launch.Bootstrap) {
			for _, manager := range managers(t, b) {
				config := manager["http_filters"].([]any)[0].(map[string]any)["typed_config"].(map[string]any)
				config["library_path"], config["plugin_name"] = library, "testfilter"
			}
		}})
	address := p.address("test")

	e := &echo{beat: p.beat(t), seen: map[string]echoed{}}
	p.upstream.handle("/echo", e.serve)
	for _, mode := range []string{"async", "buffer", "none"} {
		for _, protocol := range []string{"h1", "h2"} {
			t.Run("EveryByte/"+mode+"/"+protocol, func(t *testing.T) {
				for _, plan := range chunkPlans {
					if mode == "buffer" && len(body{plan: plan}.whole()) >= 65535 {
						continue // Envoy's limit is the stream's window on HTTP/2: 413, below
					}
					for _, ending := range endings {
						for _, apart := range []bool{false, true} {
							e.exchange(t, protocol, address, body{plan, ending, apart}, [2]string{"x-mode", mode})
						}
					}
				}
			})
		}
	}
	send := func(mode string, sent ...string) answer {
		return sendH1(t, address, filtertest.Message{Method: "POST", Path: "/modes", Headers: filtertest.Fields{{"x-mode", mode}}, Body: sent, NoLength: true})
	}
	p.upstream.handle("/modes", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-got", strings.Join(r.Header.Values("x-set"), ",")+r.Header.Get("x-mode"))
	})
	t.Run("HeadersAreChanged", func(t *testing.T) {
		got := send("headers")
		value, _ := got.Headers.Get("x-got")
		assert.Equal(t, "1,2", value, "set, added, removed")
		value, _ = got.Headers.Get("x-set")
		assert.Equal(t, "3", value)
	})
	t.Run("APanicInAGoroutineIs500", func(t *testing.T) {
		got := send("panic", "a", "b")
		assert.Equal(t, 500, got.Status)
		assert.Equal(t, "error happened in filter\r\n", string(got.Body))
		assert.EqualValues(t, 1, p.sum(t, `golang\.panic_error$`))
	})
	t.Run("PastTheBufferLimitIs413", func(t *testing.T) {
		assert.Equal(t, 413, send("buffer", strings.Repeat("x", 2<<20), "end").Status)
	})
	t.Run("TheUnsupportedIsLoud", func(t *testing.T) {
		assert.Equal(t, 500, send("unsupported").Status)
		p.await(t, "what is unsupported", func(l string) bool { return strings.Contains(l, "envoyGoFilterHttpGetStringProperty is unsupported") })
	})
	p.requireRunning(t)
}
