package golang

import (
	"log/slog"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"

	"github.com/seawall-waf/seawall/filter"
)

// host implements filter.Host. The SDK panics where a counter's filter config is
// gone; that must not become a fault of the transaction.
type host struct{ metrics *metrics }

// Log writes through the API's own logger, not through the stream's: that one
// reads the plugin's name from memory that Envoy frees with the filter chain,
// and an evaluation may outlive it.
func (h host) Log(level slog.Level, line string) {
	switch {
	case level < slog.LevelInfo:
		api.LogDebug(line)
	case level < slog.LevelWarn:
		api.LogInfo(line)
	case level < slog.LevelError:
		api.LogWarn(line)
	default:
		api.LogError(line)
	}
}

func (h host) Count(c filter.Counter, policy string) {
	defer func() { _ = recover() }()
	h.metrics.add(c.String(), policy, 1)
}

func (h host) Observe(microseconds uint64, policy string) {
	defer func() { _ = recover() }()
	h.metrics.add(durationSum, policy, int64(microseconds))
	h.metrics.add(durationCount, policy, 1)
}

// The pair of counters that stands for a histogram of engine time.
const (
	durationSum   = "duration_us_sum"
	durationCount = "duration_us_count"
)

// metrics holds the counters of one filter config by name and policy; the total
// over all policies is kept under policy "". It is immutable.
type metrics struct {
	counters map[metricKey]api.CounterMetric
}

type metricKey struct{ name, policy string }

// String is the name that Envoy's stats show.
func (k metricKey) String() string {
	if k.policy == "" {
		return "seawall." + k.name
	}
	return "seawall." + k.name + ".policy." + k.policy
}

func newMetrics(define api.ConfigCallbacks, c *filter.Config) *metrics {
	m := &metrics{counters: make(map[metricKey]api.CounterMetric)}
	keep := func(k metricKey) { m.counters[k] = define.DefineCounterMetric(k.String()) }
	names := []string{durationSum, durationCount}
	for _, counter := range filter.Counters() {
		names = append(names, counter.String())
	}
	for _, name := range names {
		keep(metricKey{name: name})
		for policy := range c.Policies {
			keep(metricKey{name, policy})
		}
	}
	return m
}

// add counts in the total and, where the filter's own config has the policy, for
// the policy. A nil metrics counts nothing.
func (m *metrics) add(name, policy string, offset int64) {
	if m == nil {
		return
	}
	m.counters[metricKey{name: name}].Increment(offset)
	if policy == "" {
		return
	}
	if counter, ok := m.counters[metricKey{name, policy}]; ok {
		counter.Increment(offset)
	}
}
