package e2e

import (
	"context"
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
// empty where it has none. A busy Envoy may write a log line into the middle of a
// line of the access log, which goes to the same pipe.
func jsonOf(line string) string {
	if i := strings.Index(line, `] {"`); i >= 0 {
		return line[i+len("] "):]
	}
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

// counter returns a counter of ours: the sum over its tags, or, where the door
// has no tags, the one that is the sum already.
func (p *proxy) counter(t testing.TB, name string) uint64 {
	t.Helper()
	end := `\b`
	if p.door == doorGolang {
		end = `$`
	}
	stats, err := p.Stats(context.Background(), `seawall\.`+name+end) // in cleanups too
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

// checkNothingIsOpen: when a test is over, every transaction that its proxy began
// has been closed. Through the dynamic module that shows only when Envoy next
// merges its histograms; the tests that ask there have it do so often.
func (p *proxy) checkNothingIsOpen(t testing.TB) {
	t.Helper()
	select {
	case <-p.Exited():
		return // the end of the test says so
	default:
	}
	if p.door != doorGolang {
		return
	}
	var begun, closed uint64
	assert.Eventually(t, func() bool {
		begun, closed = p.counter(t, "transactions"), p.counter(t, "duration_us_count")
		return begun == closed
	}, settleWithin, pollStats, "transactions are left open")
	assert.Equal(t, begun, closed, "transactions begun and closed")
}
