package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// logged returns how many lines Envoy has written so far.
func (p *proxy) logged() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.lines)
}

// linesFrom returns the lines from the given one on.
func (p *proxy) linesFrom(from int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines[from:]
}

// awaitAfter is await for the lines from the given one on.
func (p *proxy) awaitAfter(t testing.TB, from int, part string) string {
	t.Helper()
	n := 0
	return p.await(t, part, func(l string) bool {
		n++
		return n > from && strings.Contains(l, part)
	})
}

// jsonOf returns the JSON object at a log line's end, behind Envoy's own prefix;
// empty where it has none.
func jsonOf(line string) string {
	if i := strings.Index(line, `{"`); i >= 0 {
		return line[i:]
	}
	return ""
}

// eventAfter awaits an event of this kind ("seawall", "seawall_error") among the
// lines from the given one on.
func (p *proxy) eventAfter(t testing.TB, from int, kind string) map[string]any {
	t.Helper()
	line := p.awaitAfter(t, from, `"event":"`+kind+`"`)
	var e map[string]any
	require.NoError(t, json.Unmarshal([]byte(jsonOf(line)), &e), line)
	return e
}

// counter returns a counter of ours, summed over its tags.
func (p *proxy) counter(t testing.TB, name string) uint64 {
	t.Helper()
	stats, err := p.Stats(t.Context(), `seawall\.`+name+`\b`)
	require.NoError(t, err)
	var sum uint64
	for _, n := range stats {
		sum += n
	}
	return sum
}

// awaitCounter: a counter moves when the stream ends, which may be after the
// client has its answer.
func (p *proxy) awaitCounter(t testing.TB, name string, want uint64) {
	t.Helper()
	assert.Eventually(t, func() bool { return p.counter(t, name) >= want }, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, want, p.counter(t, name), "counter %s", name)
}
