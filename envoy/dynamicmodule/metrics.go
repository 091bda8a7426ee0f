package dynamicmodule

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/envoyproxy/envoy/source/extensions/dynamic_modules/sdk/go/shared"

	"github.com/seawall-waf/seawall/filter"
)

// metrics are the handles of the counters and the histogram that one filter
// config defined. Their tags are the policy's name and the config's own labels,
// never anything that a client sent.
type metrics struct {
	counters []shared.MetricID // by filter.Counter
	duration shared.MetricID   // microseconds
	labels   []string          // values of the constant tags
}

func defineMetrics(handle shared.HttpFilterConfigHandle, labels map[string]string) (*metrics, error) {
	keys := slices.Sorted(maps.Keys(labels))
	tags := append([]string{"policy"}, keys...)
	m := &metrics{}
	for _, key := range keys {
		m.labels = append(m.labels, labels[key])
	}
	for _, c := range filter.Counters() {
		id, result := handle.DefineCounter("seawall."+c.String(), tags...)
		if result != shared.MetricsSuccess {
			return nil, fmt.Errorf("seawall: defining counter %s: Envoy answered %d", c, result)
		}
		m.counters = append(m.counters, id)
	}
	id, result := handle.DefineHistogram("seawall.duration_us", tags...)
	if result != shared.MetricsSuccess {
		return nil, fmt.Errorf("seawall: defining histogram duration_us: Envoy answered %d", result)
	}
	m.duration = id
	return m, nil
}

func (m *metrics) tags(policy string) []string {
	return append([]string{policy}, m.labels...)
}

// host gives one stream's transaction Envoy's logger and stats.
type host struct {
	handle  shared.HttpFilterHandle
	metrics *metrics
}

var _ filter.Host = host{}

// Log may outlive the stream: the SDK's log uses nothing of it (sdk/go/abi, hostLog).
func (h host) Log(level slog.Level, line string) {
	h.handle.Log(logLevel(level), "%s", line)
}

func (h host) Count(c filter.Counter, policy string) {
	h.handle.IncrementCounterValue(h.metrics.counters[c], 1, h.metrics.tags(policy)...)
}

func (h host) Observe(microseconds uint64, policy string) {
	h.handle.RecordHistogramValue(h.metrics.duration, microseconds, h.metrics.tags(policy)...)
}

func logLevel(level slog.Level) shared.LogLevel {
	switch {
	case level >= slog.LevelError:
		return shared.LogLevelError
	case level >= slog.LevelWarn:
		return shared.LogLevelWarn
	case level >= slog.LevelInfo:
		return shared.LogLevelInfo
	}
	return shared.LogLevelDebug
}
