package filter_test

import (
	"bytes"
	"reflect"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

// oddProxy is a model of a proxy that keeps to the border's contract and does
// whatever else it likes: cuts bodies anywhere, answers by itself in mid-body,
// sends events during evaluations, after denials and after Close, and applies
// an evaluation's verdict late. Every verdict is checked as it comes.
type oddProxy struct {
	t      testing.TB
	script *script
	tx     *filter.Transaction
	host   *recorder

	request, response flow
	own               bool // the response is no upstream's: the request had not been let go on, or was denied
	accepted          bool // the upstream has accepted the tunnel
	denied            *filter.Reply
	deniedRequest     bool // denied is the request's
	closed            bool
	heldBefore        int64 // by the process
	background        sync.WaitGroup
}

// flow is one direction of the exchange as the proxy sees it.
type flow struct {
	begun, ended bool // as the proxy sent it

	// What the transaction was given before the exchange was over.
	sent        []byte
	chunks      [][]byte // sent, by event
	trailers    []string
	whole       bool   // it ended
	bodiless    bool   // with its head
	early       int    // bytes on a tunnel that the upstream had not accepted
	framed      []byte // sent, as far as it had to be gRPC
	framedWhole bool

	pending []byte // the proxy's own buffer, while it waits
	passed  []byte // what went on
	gone    bool   // the head went on
	verdict *filter.Verdict

	handed  int // evaluations
	running func() filter.Verdict
	result  chan filter.Verdict // of the evaluation, once it was started; not yet applied
	lost    bool                // its verdict came too late to be applied
}

func (p *oddProxy) over() bool { return p.closed || p.denied != nil }

func (p *oddProxy) requestHead() {
	s := &p.request
	s.begun, s.ended, s.whole, s.bodiless = true, p.script.ends, p.script.ends, p.script.ends
	p.take(s, p.tx.RequestHeaders(p.script.request, p.script.ends), nil)
}

func (p *oddProxy) requestBody(end bool, chunks ...[]byte) {
	s := &p.request
	if s.ended {
		return
	}
	before := *s
	own := p.send(s, chunks, end)
	if !p.over() && !p.accepted && !p.openedByFault() {
		s.early += len(own)
	}
	v := p.tx.RequestBody(chunks, end)
	spoil(chunks)
	s.forgetUnlooked(before, v)
	p.take(s, v, own)
}

func (p *oddProxy) requestTrailers(trailers []string) {
	s := &p.request
	if s.ended {
		return
	}
	before := *s
	p.sendTrailers(s, trailers)
	v := p.tx.RequestTrailers(headers(trailers...))
	s.forgetUnlooked(before, v)
	p.take(s, v, nil)
}

func (p *oddProxy) responseHead(r filter.Response, end bool) {
	s := &p.response
	if s.begun {
		return
	}
	// Between the end of a request's evaluation and its application the core must
	// take a reply of the proxy's own for the upstream's: it inspects too much.
	p.apply()
	s.begun, s.ended, s.whole, s.bodiless = true, end, end, end
	p.own = !p.request.gone || p.denied != nil
	if !p.own && !p.over() {
		p.script.answer = r
		p.accepted = p.script.accepts(r.Status)
	}
	p.take(s, p.tx.ResponseHeaders(r, end), nil)
}

func (p *oddProxy) responseBody(end bool, chunks ...[]byte) {
	s := &p.response
	if !s.begun || s.ended {
		return
	}
	own := p.send(s, chunks, end)
	v := p.tx.ResponseBody(chunks, end)
	spoil(chunks)
	p.take(s, v, own)
}

func (p *oddProxy) responseTrailers(trailers []string) {
	s := &p.response
	if !s.begun || s.ended {
		return
	}
	p.sendTrailers(s, trailers)
	p.take(s, p.tx.ResponseTrailers(headers(trailers...)), nil)
}

// send records what is about to be sent and returns a copy of it.
func (p *oddProxy) send(s *flow, chunks [][]byte, end bool) []byte {
	own := bytes.Join(chunks, nil)
	s.ended = end
	if !p.over() {
		s.whole = end
		s.sent = append(s.sent, own...)
		s.chunks = append(s.chunks, own)
		if !p.openedByFault() {
			s.framed, s.framedWhole = s.sent, end
		}
	}
	return own
}

func (p *oddProxy) sendTrailers(s *flow, trailers []string) {
	s.ended = true
	if !p.over() {
		s.whole, s.trailers = true, trailers
		s.framedWhole = !p.openedByFault()
	}
}

// forgetUnlooked: a request that has gone on is withheld again only where an
// evaluation has denied the response and is not applied yet. Nobody looks at
// what comes then.
func (s *flow) forgetUnlooked(before flow, v filter.Verdict) {
	if before.gone && v.Action == filter.Hold {
		before.ended = s.ended
		*s = before
	}
}

// openedByFault reports whether a fault has let the exchange pass uninspected,
// as on_error: open says: even what needs no engine to be refused.
func (p *oddProxy) openedByFault() bool {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	return p.script.config.open && len(p.host.lines) > 0
}

// spoil makes sure that chunks were borrowed for the call only.
func spoil(chunks [][]byte) {
	for _, c := range chunks {
		for i := range c {
			c[i] = '!'
		}
	}
}

// waiting is the direction that has an evaluation to run; at most one has.
func (p *oddProxy) waiting() *flow {
	for _, s := range []*flow{&p.request, &p.response} {
		if s.running != nil && s.result == nil {
			return s
		}
	}
	return nil
}

// evaluate starts the evaluation. Unless it is to go on beside what comes next,
// it has ended when evaluate returns; its verdict is applied later anyway.
func (p *oddProxy) evaluate(beside bool) {
	s := p.waiting()
	if s == nil {
		return
	}
	run, result, late := s.running, make(chan filter.Verdict, 1), p.over()
	s.result = result
	ended := make(chan struct{})
	p.background.Go(func() {
		defer close(ended)
		v := run()
		result <- v
		assert.False(p.t, late && !reflect.DeepEqual(v, filter.Verdict{Action: filter.Hold}), "what is over is not evaluated any more: %+v", v)
	})
	if !beside {
		<-ended
	}
}

// apply awaits the evaluation and gives effect to its verdict, unless the
// exchange was over before.
func (p *oddProxy) apply() {
	for _, s := range []*flow{&p.request, &p.response} {
		if s.result == nil {
			continue
		}
		v := <-s.result
		s.result, s.running = nil, nil
		if p.over() {
			s.lost = true
			continue
		}
		require.Contains(p.t, []filter.Action{filter.Continue, filter.Deny}, v.Action, "an evaluation decides")
		require.Nil(p.t, v.Release, "an evaluation's bytes are with the host")
		p.take(s, v, nil)
	}
}

func (p *oddProxy) close() {
	p.tx.Close()
	p.closed = true
}

// finish lets the exchange come to its end.
func (p *oddProxy) finish() {
	p.evaluate(false) // after Close too: what was handed out is run
	p.apply()
	p.tx.Close()
	p.background.Wait()
}
