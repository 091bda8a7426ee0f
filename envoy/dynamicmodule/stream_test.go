package dynamicmodule

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/envoyproxy/envoy/source/extensions/dynamic_modules/sdk/go/shared"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeHandle is as much of Envoy's side as one stream needs. What it does not
// implement panics, as a nil interface does.
type fakeHandle struct {
	shared.HttpFilterHandle
	mu        sync.Mutex
	logs      []string
	replied   []string // details
	status    uint32
	headers   [][2]string
	continued int
	scheduled chan func()
	metadata  map[string]any
	broken    bool // GetMostSpecificConfig panics
}

func newFakeHandle() *fakeHandle {
	return &fakeHandle{scheduled: make(chan func(), 1), metadata: map[string]any{}}
}

func (h *fakeHandle) GetMostSpecificConfig() any {
	if h.broken {
		panic("broken host")
	}
	return nil
}
func (h *fakeHandle) GetAttributeString(id shared.AttributeID) (string, bool) {
	if id == shared.AttributeIDRequestProtocol {
		return "HTTP/1.1", true
	}
	return "127.0.0.1:1234", true
}
func (h *fakeHandle) SetMetadata(_, key string, value any) { h.metadata[key] = value }
func (h *fakeHandle) IncrementCounterValue(shared.MetricID, uint64, ...string) shared.MetricsResult {
	return shared.MetricsSuccess
}
func (h *fakeHandle) RecordHistogramValue(shared.MetricID, uint64, ...string) shared.MetricsResult {
	return shared.MetricsSuccess
}
func (h *fakeHandle) Log(_ shared.LogLevel, format string, _ ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.logs = append(h.logs, format)
}
func (h *fakeHandle) SendLocalResponse(status uint32, headers [][2]string, _ []byte, details string) {
	h.status, h.headers, h.replied = status, headers, append(h.replied, details)
}
func (h *fakeHandle) ContinueRequest()               { h.continued++ }
func (h *fakeHandle) ContinueResponse()              { h.continued++ }
func (h *fakeHandle) GetScheduler() shared.Scheduler { return scheduler(h.scheduled) }

type scheduler chan func()

func (s scheduler) Schedule(f func()) { s <- f }

type fakeConfig struct{ shared.HttpFilterConfigHandle }

func (fakeConfig) DefineCounter(string, ...string) (shared.MetricID, shared.MetricsResult) {
	return 1, shared.MetricsSuccess
}
func (fakeConfig) DefineHistogram(string, ...string) (shared.MetricID, shared.MetricsResult) {
	return 2, shared.MetricsSuccess
}

type headerMap struct {
	shared.HeaderMap
	all [][2]string
}

func (m headerMap) GetAll() [][2]string { return m.all }
func (m headerMap) GetOne(key string) string {
	for _, h := range m.all {
		if h[0] == key {
			return h[1]
		}
	}
	return ""
}

type body struct{ data []byte }

func (b *body) GetChunks() [][]byte { return [][]byte{b.data} }
func (b *body) GetSize() uint64     { return uint64(len(b.data)) }
func (b *body) Drain(n uint64)      { b.data = b.data[n:] }
func (b *body) Append(p []byte)     { b.data = append(b.data, p...) }

const document = `directives: |
  SecRuleEngine On
  SecRequestBodyAccess On
  SecAction "id:1,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On"
  SecRule REQUEST_BODY "@contains evil" "id:2,phase:2,deny"
  SecRule REQUEST_HEADERS:X-Do "@streq drop" "id:3,phase:1,drop"
`

func newStream(t *testing.T, h *fakeHandle) shared.HttpFilter {
	t.Helper()
	f, err := ConfigFactory{}.Create(fakeConfig{}, []byte(document))
	require.NoError(t, err)
	return f.Create(h)
}

func head(extra ...[2]string) headerMap {
	return headerMap{all: append([][2]string{{":method", "POST"}, {":path", "/"}, {":authority", "a"}}, extra...)}
}

func TestAPanicInTheDoorAnswers500(t *testing.T) {
	h := newFakeHandle()
	h.broken = true
	s := newStream(t, h)
	assert.Equal(t, shared.HeadersStatusStop, s.OnRequestHeaders(head(), false))
	assert.Equal(t, uint32(500), h.status)
	assert.Equal(t, []string{"seawall_error{door}"}, h.replied)
	require.Len(t, h.logs, 1)
	s.OnStreamComplete()
}

func TestABadConfigIsAnErrorNotAPanic(t *testing.T) {
	for _, doc := range []string{"directives: SecRul", "directive: x", "directives: []", strings.Repeat("[", 100_000)} {
		_, err := ConfigFactory{}.Create(fakeConfig{}, []byte(doc))
		assert.ErrorContains(t, err, "seawall: ")
		_, err = ConfigFactory{}.CreatePerRoute([]byte(doc))
		assert.ErrorContains(t, err, "seawall: ")
	}
	_, err := ConfigFactory{}.Create(nil, []byte(document)) // the handle's nil: defining a metric panics
	assert.ErrorContains(t, err, "panic while loading a config")
}

func TestARouteCannotSetMetricLabels(t *testing.T) {
	_, err := ConfigFactory{}.CreatePerRoute([]byte("metric_labels: {owner: edge}\n" + document))
	assert.ErrorContains(t, err, "metric_labels in a per-route config")
}

func TestLargeBodyIsJudgedElsewhereAndAppliedOnTheWorker(t *testing.T) {
	for text, denied := range map[string]bool{"good": false, "evil": true} {
		h := newFakeHandle()
		s := newStream(t, h)
		require.Equal(t, shared.HeadersStatusStop, s.OnRequestHeaders(head(), false))
		want := strings.Repeat("x", 5000) + text
		first, second := &body{data: []byte(want[:3000])}, &body{data: []byte(want[3000:])}
		require.Equal(t, shared.BodyStatusStopNoBuffer, s.OnRequestBody(first, false))
		assert.Empty(t, first.data, "Envoy's own buffer keeps nothing that is held")
		require.Equal(t, shared.BodyStatusStopAndWatermark, s.OnRequestBody(second, true))
		assert.Equal(t, want, string(second.data), "every byte is back, in order")
		assert.Zero(t, h.continued, "nothing goes on before the verdict")
		(<-h.scheduled)() // Envoy's worker runs it
		assert.Equal(t, denied, len(h.replied) == 1)
		assert.Equal(t, !denied, h.continued == 1)
		s.OnStreamComplete()
	}
}

func TestVerdictAfterTheStreamsEndIsDropped(t *testing.T) {
	h := newFakeHandle()
	s := newStream(t, h)
	s.OnRequestHeaders(head(), false)
	s.OnRequestBody(&body{data: []byte(strings.Repeat("x", 5000) + "evil")}, true)
	s.OnStreamComplete()
	(<-h.scheduled)()
	assert.Empty(t, h.replied)
	assert.Zero(t, h.continued)
}

func TestDenialAfterTheProxysOwnReplyIsDropped(t *testing.T) {
	h := newFakeHandle()
	s := newStream(t, h)
	s.OnRequestHeaders(head(), false)
	s.OnRequestBody(&body{data: []byte(strings.Repeat("x", 5000) + "evil")}, true)
	run := <-h.scheduled
	assert.Equal(t, shared.HeadersStatusContinue, s.OnResponseHeaders(headerMap{all: [][2]string{{":status", "408"}}}, true))
	run()
	assert.Empty(t, h.replied, "the client has its answer")
	s.OnStreamComplete()
}

func TestDropClosesTheConnection(t *testing.T) {
	h := newFakeHandle()
	s := newStream(t, h)
	s.OnRequestHeaders(head([2]string{"x-do", "drop"}), true)
	assert.Equal(t, uint32(403), h.status)
	assert.Contains(t, h.headers, [2]string{"connection", "close"})
	s.OnStreamComplete()
}

// loggedConfig is a fakeConfig that keeps what is logged.
type loggedConfig struct {
	fakeConfig
	lines *[]string
}

func (c loggedConfig) Log(level shared.LogLevel, format string, args ...any) {
	*c.lines = append(*c.lines, fmt.Sprintf("%d ", level)+fmt.Sprintf(format, args...))
}

func TestAPolicyWithoutAScreenIsSaidWhenTheConfigIsTaken(t *testing.T) {
	var lines []string
	_, err := ConfigFactory{}.Create(loggedConfig{lines: &lines}, []byte("directives: SecRuleEngine On"))
	require.NoError(t, err)
	require.Empty(t, lines)
	_, err = ConfigFactory{}.Create(loggedConfig{lines: &lines}, []byte("directives: SecDebugLogLevel 9"))
	require.NoError(t, err)
	require.Len(t, lines, 1)
	assert.Contains(t, lines[0], fmt.Sprintf("%d seawall: policy", shared.LogLevelWarn))
	assert.Contains(t, lines[0], "SecDebugLogLevel")
}
