package golang

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
)

// fakeLog is api's own logger, for the whole test binary.
type fakeLog struct {
	mu    sync.Mutex
	lines []string
}

var logged = &fakeLog{}

func (l *fakeLog) Log(level api.LogType, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, level.String()+": "+line)
}

func (l *fakeLog) LogLevel() api.LogType { return api.Info }

// containing returns the lines with part in them.
func (l *fakeLog) containing(part string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.lines), func(s string) bool { return !strings.Contains(s, part) })
}

// fakeHeaders is every kind of header map. Like the SDK's it is a Go map.
type fakeHeaders struct {
	api.RequestHeaderMap // what the adapter does not use panics
	values               map[string][]string
}

func headerMap(pairs ...string) *fakeHeaders {
	h := &fakeHeaders{values: make(map[string][]string)}
	for i := 0; i < len(pairs); i += 2 {
		h.values[pairs[i]] = append(h.values[pairs[i]], pairs[i+1])
	}
	return h
}

func get(path string, pairs ...string) *fakeHeaders {
	return headerMap(append([]string{":method", "GET", ":path", path, ":authority", "example.com", ":scheme", "http"}, pairs...)...)
}

func post(path string, pairs ...string) *fakeHeaders {
	h := get(path, append([]string{"content-type", "text/plain"}, pairs...)...)
	h.values[":method"] = []string{"POST"}
	return h
}

func response(status int, pairs ...string) *fakeHeaders {
	return headerMap(append([]string{":status", strconv.Itoa(status), "content-type", "text/plain"}, pairs...)...)
}

func (h *fakeHeaders) Get(name string) (string, bool) {
	if v := h.values[strings.ToLower(name)]; len(v) > 0 {
		return v[0], true
	}
	return "", false
}

func (h *fakeHeaders) Range(f func(name, value string) bool) {
	for name, values := range h.values {
		for _, value := range values {
			if !f(name, value) {
				return
			}
		}
	}
}

func (h *fakeHeaders) first(name string) string { v, _ := h.Get(name); return v }
func (h *fakeHeaders) Method() string           { return h.first(":method") }
func (h *fakeHeaders) Path() string             { return h.first(":path") }
func (h *fakeHeaders) Host() string             { return h.first(":authority") }

func (h *fakeHeaders) Status() (int, bool) {
	n, err := strconv.Atoi(h.first(":status"))
	return n, err == nil
}

// fakeBuffer is one entry of contrib's doDataList.
type fakeBuffer struct {
	api.BufferInstance // what the adapter does not use panics
	data               []byte
}

func (b *fakeBuffer) Len() int                  { return len(b.data) }
func (b *fakeBuffer) Bytes() []byte             { return slices.Clone(b.data) }
func (b *fakeBuffer) Reset()                    { b.data = nil }
func (b *fakeBuffer) Append(p []byte) error     { b.data = append(b.data, p...); return nil }
func (b *fakeBuffer) Write([]byte) (int, error) { panic("not used") }

// fakeInfo is the stream's attributes.
type fakeInfo struct {
	api.StreamInfo // what the adapter does not use panics
	remote, local  string
	version        string
	drained        bool
	read           func() // told of every attribute that is read, if set
	mu             sync.Mutex
	metadata       map[string]any
}

func newInfo() *fakeInfo {
	return &fakeInfo{remote: "192.0.2.7:4711", local: "192.0.2.1:8080", version: "HTTP/1.1", metadata: make(map[string]any)}
}

func (i *fakeInfo) attribute(value string) string {
	if i.read != nil {
		i.read()
	}
	return value
}

func (i *fakeInfo) Protocol() (string, bool) {
	version := i.attribute(i.version)
	return version, version != ""
}
func (i *fakeInfo) DownstreamRemoteAddress() string      { return i.attribute(i.remote) }
func (i *fakeInfo) DownstreamLocalAddress() string       { return i.attribute(i.local) }
func (i *fakeInfo) DrainConnectionUponCompletion()       { i.drained = true }
func (i *fakeInfo) DynamicMetadata() api.DynamicMetadata { return fakeMetadata{i} }

type fakeMetadata struct{ info *fakeInfo }

func (m fakeMetadata) Get(string) map[string]any { panic("deadlocks on a goroutine") }

func (m fakeMetadata) Set(filter, key string, value any) {
	m.info.mu.Lock()
	defer m.info.mu.Unlock()
	m.info.metadata[filter+"/"+key] = value
}

// fakeStats defines counters as Envoy does: one per name.
type fakeStats struct {
	mu     sync.Mutex
	values map[string]int64
	broken bool // counters panic, as those of a config that is gone
}

func newStats() *fakeStats { return &fakeStats{values: make(map[string]int64)} }

func (s *fakeStats) DefineCounterMetric(name string) api.CounterMetric {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[name] = 0
	return fakeCounter{s, name}
}

func (s *fakeStats) DefineGaugeMetric(string) api.GaugeMetric { panic("not used") }

func (s *fakeStats) value(name string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[name]
	if !ok {
		panic(fmt.Sprintf("no counter %q", name))
	}
	return v
}

type fakeCounter struct {
	stats *fakeStats
	name  string
}

func (c fakeCounter) Increment(n int64) {
	c.stats.mu.Lock()
	defer c.stats.mu.Unlock()
	if c.stats.broken {
		panic("request has been finished")
	}
	c.stats.values[c.name] += n
}

func (c fakeCounter) Get() uint64   { return uint64(c.stats.value(c.name)) }
func (c fakeCounter) Record(uint64) { panic("not used") }
