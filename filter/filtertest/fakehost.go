package filtertest

import (
	"iter"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

// FakeHost runs cases in process, on a model of a proxy: it passes on only what
// verdicts let it, calls its upstream when the request's head may go on, and
// runs Evaluate on another goroutine.
type FakeHost struct {
	Engines map[string]*filter.Engine
	// Split cuts a body into the pieces that the transaction is given; nil keeps
	// the case's own chunks.
	Split func(body []string) []string
	// EmptyLast ends bodies by an empty piece instead of the last full one.
	EmptyLast bool

	mu     sync.Mutex
	Lines  []string // what was logged
	Counts map[filter.Counter]int
}

// NewFakeHost compiles the configs.
func NewFakeHost(t testing.TB, configs map[string]string) *FakeHost {
	t.Helper()
	h := &FakeHost{Engines: make(map[string]*filter.Engine, len(configs)), Counts: make(map[filter.Counter]int)}
	for name, doc := range configs {
		c, err := filter.ParseConfig([]byte(doc))
		require.NoError(t, err, "config %s", name)
		e, err := filter.NewEngine(c)
		require.NoError(t, err, "config %s", name)
		h.Engines[name] = e
	}
	return h
}

// Log, Count and Observe implement filter.Host.
func (h *FakeHost) Log(_ slog.Level, line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Lines = append(h.Lines, line)
}

// Count implements filter.Host.
func (h *FakeHost) Count(c filter.Counter, _ string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Counts[c]++
}

// Observe implements filter.Host.
func (h *FakeHost) Observe(uint64, string) {}

// half is one direction of the modelled stream.
type half struct {
	pending []string // withheld by Wait: the host's own buffer
	body    []byte   // what went on
	gone    bool     // the head went on
	denied  *filter.Reply
}

// take applies a verdict for a piece of the body and reports whether events may
// still be sent.
func (s *half) take(v filter.Verdict, piece string) bool {
	for {
		switch v.Action {
		case filter.Deny:
			s.denied = v.Reply
			return false
		case filter.Hold:
			return true
		}
		data := []string{piece}
		if v.Release != nil {
			data = nil
			for _, r := range v.Release {
				data = append(data, string(r))
			}
		}
		s.pending = append(s.pending, data...)
		if v.Action == filter.Continue {
			s.gone = true
			s.body = append(s.body, strings.Join(s.pending, "")...)
			s.pending = nil
			return true
		}
		if v.Evaluate == nil {
			return true // a Wait within a running evaluation
		}
		result := make(chan filter.Verdict)
		go func() { result <- v.Evaluate() }()
		v, piece = <-result, ""
	}
}

// Do implements Host.
func (h *FakeHost) Do(t *testing.T, c Case) Outcome {
	t.Helper()
	engine := h.Engines[c.Config]
	require.NotNil(t, engine, "config %s", c.Config)
	tx := engine.NewTransaction(h)
	defer tx.Close()
	if engine.Config().Disabled {
		return h.passed(c, c.Request.Bytes(), c.Upstream.Bytes())
	}
	req, resp := &half{}, &half{}
	if !h.request(tx, c, req) {
		if req.gone { // an upstream sees the head as soon as it may
			return reply(req.denied, seen(c, req.body))
		}
		return reply(req.denied, nil)
	}
	require.True(t, req.gone, "the request goes on in the end")
	if !h.response(tx, c, resp) {
		return reply(resp.denied, seen(c, req.body))
	}
	require.True(t, resp.gone, "the response goes on in the end")
	return h.passed(c, req.body, resp.body)
}

func (h *FakeHost) request(tx *filter.Transaction, c Case, s *half) bool {
	m := c.Request
	pieces := h.pieces(m)
	r := filter.Request{Method: method(m), Path: path(m), Authority: authority(m), Protocol: "HTTP/1.1", Headers: seq(m, pieces),
		Client: filter.Endpoint{Addr: netip.MustParseAddrPort("127.0.0.1:40000")},
		Server: filter.Endpoint{Addr: netip.MustParseAddrPort("127.0.0.1:8080")}}
	if c.Protocol == "h2" {
		r.Protocol = "HTTP/2"
	}
	if !s.take(tx.RequestHeaders(r, len(pieces) == 0 && len(m.Trailers) == 0), "") {
		return false
	}
	for i, p := range pieces {
		last := i == len(pieces)-1 && len(m.Trailers) == 0
		if !s.take(tx.RequestBody([][]byte{[]byte(p)}, last), p) {
			return false
		}
	}
	return len(m.Trailers) == 0 || s.take(tx.RequestTrailers(fields(m.Trailers)), "")
}

func (h *FakeHost) response(tx *filter.Transaction, c Case, s *half) bool {
	m := c.Upstream
	pieces := h.pieces(m)
	if c.Request.Method == "HEAD" {
		pieces = nil
	}
	r := filter.Response{Status: status(m), Headers: seq(m, pieces)}
	if !s.take(tx.ResponseHeaders(r, len(pieces) == 0 && len(m.Trailers) == 0), "") {
		return false
	}
	for i, p := range pieces {
		last := i == len(pieces)-1 && len(m.Trailers) == 0
		if !s.take(tx.ResponseBody([][]byte{[]byte(p)}, last), p) {
			return false
		}
	}
	return len(m.Trailers) == 0 || s.take(tx.ResponseTrailers(fields(m.Trailers)), "")
}

func (h *FakeHost) pieces(m Message) []string {
	pieces := m.Body
	if h.Split != nil {
		pieces = h.Split(pieces)
	}
	if h.EmptyLast && len(pieces) > 0 {
		pieces = append(append([]string{}, pieces...), "")
	}
	return pieces
}

func (h *FakeHost) passed(c Case, request, response []byte) Outcome {
	return Outcome{Status: status(c.Upstream), Headers: c.Upstream.Headers, Body: response, Trailers: c.Upstream.Trailers, Upstream: seen(c, request), Rule: -1}
}

func seen(c Case, body []byte) *Seen {
	return &Seen{Method: method(c.Request), Path: path(c.Request), Body: body, Trailers: c.Request.Trailers}
}

func reply(r *filter.Reply, upstream *Seen) Outcome {
	o := Outcome{Status: r.Status, Headers: r.Headers, Body: r.Body, Upstream: upstream, Rule: RuleOf(r.Details)}
	if r.GRPCStatus >= 0 {
		// What Envoy makes of a local reply to a gRPC request.
		o.Status = 200
		o.Headers = append(o.Headers, [2]string{"grpc-status", itoa(r.GRPCStatus)})
	}
	return o
}

func seq(m Message, pieces []string) filter.Headers {
	headers := m.Headers
	if !m.NoLength && len(pieces) > 0 {
		headers = with(headers, [2]string{"content-length", itoa(len(m.Bytes()))})
	}
	return fields(headers)
}

func fields(f Fields) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, kv := range f {
			if !yield(kv[0], kv[1]) {
				return
			}
		}
	}
}
