package filter_test

import (
	"encoding/json"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

// take checks one verdict against the border's contract and applies it.
func (p *oddProxy) take(s *flow, v filter.Verdict, own []byte) {
	t := p.t
	p.checkShape(s, v)
	switch {
	case p.closed:
		require.Equal(t, filter.Verdict{Action: filter.Hold}, v, "nothing goes on after Close")
		return
	case s == &p.response && (p.own || p.deniedRequest):
		require.Equal(t, filter.Verdict{}, v, "a reply of the proxy's own passes, uninspected")
		return
	case p.denied != nil:
		require.Equal(t, filter.Verdict{Action: filter.Hold}, v, "nothing goes on after a denial")
		return
	}
	switch v.Action {
	case filter.Hold:
		require.True(t, s.running == nil || s.result != nil, "what is held now, the running evaluation would not see")
	case filter.Wait:
		s.pending = append(s.pending, replaced(v, own)...)
		if v.Evaluate == nil {
			require.True(t, s.running != nil, "waiting for nothing")
			return
		}
		s.handed++
		s.running = v.Evaluate
		if p.script.eager {
			p.evaluate(false)
			p.apply()
		}
	case filter.Continue:
		require.True(t, s.running == nil || s.result != nil, "nothing goes on during its evaluation")
		if s == &p.request && !p.response.begun {
			require.Equal(t, p.heldBefore, filter.HeldBytes(), "a request that is judged is held no more")
		}
		s.decide(v)
		s.pass(replaced(v, own))
	case filter.Deny:
		s.decide(v)
		p.denied, p.deniedRequest = v.Reply, s == &p.request
	}
}

// checkShape holds for every verdict there is.
func (p *oddProxy) checkShape(s *flow, v filter.Verdict) {
	t := p.t
	require.Equal(t, v.Action == filter.Deny, v.Reply != nil, "a reply if and only if denied")
	if v.Action == filter.Hold || v.Action == filter.Deny {
		require.Nil(t, v.Release)
	}
	if v.Evaluate != nil {
		require.Equal(t, filter.Wait, v.Action)
	}
	if v.Action == filter.Hold || v.Action == filter.Wait {
		require.Nil(t, v.Metadata, "nothing is known yet")
	}
	for key, value := range v.Metadata {
		switch value.(type) {
		case string, int:
		default:
			t.Fatalf("metadata %s is a %T", key, value)
		}
	}
	if v.Action != filter.Deny {
		return
	}
	require.Equal(t, "deny", v.Metadata["action"])
	require.True(t, v.Reply.Status >= 200 && v.Reply.Status <= 599, "status %d", v.Reply.Status)
	require.Contains(t, v.Reply.Headers, [2]string{"x-seawall-id", v.Metadata["tx_id"].(string)})
	for _, h := range v.Reply.Headers {
		require.Equal(t, strings.ToLower(h[0]), h[0])
		require.NotEqual(t, "content-length", h[0])
		require.NotContains(t, h[1], "\n")
	}
	if v.Reply.GRPCStatus != -1 {
		require.True(t, p.script.grpcType && v.Reply.GRPCStatus > 0, "grpc-status %d", v.Reply.GRPCStatus)
	}
}

func replaced(v filter.Verdict, own []byte) []byte {
	if v.Release == nil {
		return own
	}
	var all []byte
	for _, r := range v.Release {
		all = append(all, r...)
	}
	return all
}

// decide keeps the verdict that decided the direction, which is the one with
// metadata: the first to pass, or a later denial of what follows in a stream.
func (s *flow) decide(v filter.Verdict) {
	if s.verdict == nil || s.verdict.Metadata == nil || v.Action == filter.Deny {
		s.verdict = &v
	}
}

func (s *flow) pass(more []byte) {
	s.gone = true
	s.passed = append(append(s.passed, s.pending...), more...)
	s.pending = nil
}

// checkFlow compares what became of one direction with what must.
func (p *oddProxy) checkFlow(s *flow, want expected) {
	t := p.t
	require.LessOrEqual(t, s.handed, 1, "Evaluate is handed out once for a direction")
	require.True(t, len(s.passed) <= len(s.sent) && string(s.sent[:len(s.passed)]) == string(s.passed),
		"what goes on is what was sent, from its beginning: sent %q, passed %q", s.sent, s.passed)
	if s.verdict == nil {
		require.True(t, s.lost || !want.decided, "no verdict; stock Coraza says %+v", want)
		require.False(t, s.gone, "nothing goes on without a verdict")
		require.Empty(t, s.passed)
		return
	}
	require.True(t, want.decided, "a verdict before there is one: %+v", s.verdict)
	if s.verdict.Action == filter.Deny {
		require.Equal(t, want.details, s.verdict.Reply.Details)
		require.Equal(t, want.status, s.verdict.Reply.Status)
	} else {
		require.Zero(t, want.status, "passed; stock Coraza says %+v", want)
		require.Equal(t, string(s.sent), string(s.passed), "what passes, passes whole")
	}
	if ids, ok := s.verdict.Metadata["rule_ids"]; want.rules != "?" && s.verdict.Metadata != nil {
		require.True(t, ok == (want.rules != "") && (!ok || ids == want.rules), "rules that matched: %v, stock Coraza's: %q", ids, want.rules)
	}
}

// checkCounts holds for every exchange that has ended.
func (p *oddProxy) checkCounts() {
	t, h := p.t, p.host
	require.Equal(t, p.heldBefore, filter.HeldBytes(), "what was held is given back")
	h.mu.Lock()
	defer h.mu.Unlock()
	require.Equal(t, 1, h.counts[filter.CounterTransactions])
	require.Equal(t, 1, h.took, "each transaction is observed once")
	if p.denied != nil {
		require.Equal(t, 1, h.counts[filter.CounterDenied])
	}
	require.LessOrEqual(t, h.counts[filter.CounterDenied], 1)
	require.LessOrEqual(t, h.counts[filter.CounterErrors], 1)
	if p.denied != nil && strings.HasPrefix(p.denied.Details, "seawall_error") {
		require.Equal(t, 1, h.counts[filter.CounterErrors])
	}
	events := map[any]int{}
	for _, line := range h.lines {
		var e map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		require.NotContains(t, line, "\n")
		events[e["event"]]++
	}
	for event, n := range events {
		require.Equal(t, 1, n, "%s: one line for an exchange: %q", event, h.lines)
	}
}
