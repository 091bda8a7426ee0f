package e2e

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// planted stands for a secret in a request: no line of ours may hold it.
const planted = "pl4nted-s3cret"

// panicCase forces a panic in one phase, with a body of this many bytes in the
// direction that the phase inspects. Above 8 KiB (DefaultOffloadBytes) phases 2
// and 4 run outside the worker.
type panicCase struct {
	name  string
	phase int
	size  int
}

var panicCases = []panicCase{
	{"phase 1", 1, 40},
	{"phase 2 on the worker", 2, 40},
	{"phase 2 off the worker", 2, 20_000},
	{"phase 3", 3, 40},
	{"phase 4 on the worker", 4, 40},
	{"phase 4 off the worker", 4, 20_000},
	{"phase 5", 5, 40},
}

// TestAPanicInAnyPhaseMeetsTheFailurePolicy: invariant 3, "a fault is never a
// bypass, and never a crash".
func TestAPanicInAnyPhaseMeetsTheFailurePolicy(t *testing.T) {
	p := startProxy(t, filtertest.FaultConfigs, options{faults: true})
	for _, config := range []string{"fault-closed", "fault-open"} {
		for _, protocol := range protocols {
			for _, c := range panicCases {
				t.Run(config+"/"+protocol.name+"/"+c.name, func(t *testing.T) {
					before := p.counter(t, "errors")
					checkPanic(t, p, protocol, config, c)
					p.awaitCounter(t, "errors", before+1)
					p.requireRunning(t)
				})
			}
		}
	}
	t.Run("the same Envoy still inspects and serves", func(t *testing.T) {
		for _, config := range []string{"fault-closed", "fault-open"} {
			assert.Equal(t, 200, sendH1(t, p.address(config), filtertest.Message{}).Status)
		}
		p.requireRunning(t)
	})
}

func checkPanic(t *testing.T, p *proxy, protocol sender, config string, c panicCase) {
	id := t.Name()
	answer := filtertest.Message{Headers: filtertest.Fields{{"content-type", "text/plain"}}, Body: []string{strings.Repeat("r", c.size)}}
	p.upstream.expect(id, answer)
	request := filtertest.Message{Method: "POST", Path: "/?q=" + planted, Body: []string{strings.Repeat("b", c.size), planted},
		Headers: filtertest.Fields{{"x-panic", itoa(c.phase)}, {"authorization", "Bearer " + planted},
			{"content-type", "text/plain"}, {caseHeader, id}}}
	from := p.logged()
	a := protocol.send(t, p.address(config), request)

	policyClosed := config == "fault-closed" && c.phase < 5
	if policyClosed {
		require.Equal(t, 500, a.Status, "on_error: closed")
		block, _ := a.Headers.Get("x-seawall-id")
		assert.Equal(t, "seawall_error{phase_"+itoa(c.phase)+"}", p.accessOf(t, block).Details)
		assert.False(t, bytes.Contains(a.Body, answer.Bytes()), "the upstream's answer stays away from the client")
	} else {
		require.Equal(t, 200, a.Status, "on_error: open, or phase 5, when the client has its answer")
		assert.True(t, bytes.Equal(answer.Bytes(), a.Body), "response body byte for byte: %d of %d bytes", len(a.Body), c.size)
	}
	seen := p.upstream.saw(id)
	if policyClosed && c.phase <= 2 {
		assert.Nil(t, seen, "nothing reaches the upstream")
	} else {
		require.NotNil(t, seen)
		assert.True(t, bytes.Equal(request.Bytes(), seen.Body), "request body byte for byte")
	}

	e := p.eventAfter(t, from, "seawall_error")
	assert.EqualValues(t, c.phase, e["phase"])
	assert.Contains(t, e["error"], "panic at github.com/seawall-waf/seawall/filter/filtertest/faults")
	for _, line := range p.linesFrom(from) {
		if !strings.HasPrefix(line, "{") { // the access log may show the path
			assert.NotContains(t, line, planted)
		}
	}
}

// requireRunning fails if the Envoy that the test started has ended; the harness
// never starts another in its place.
func (p *proxy) requireRunning(t testing.TB) {
	t.Helper()
	select {
	case <-p.Exited():
		require.FailNow(t, "Envoy has ended", p.LogTail())
	default:
	}
}
