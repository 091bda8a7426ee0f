package filter

import (
	"strings"
	"sync"
	"time"

	"github.com/corazawaf/coraza/v3/types"
)

// stage is where one direction of an exchange stands.
type stage uint8

const (
	// idle: the head has not been seen. A response in this stage whose request
	// was never judged is the proxy's own (431, 408, a redirect) and passes.
	idle stage = iota
	// holding: the head is judged, the body is collected, nothing has gone on.
	holding
	// evaluating: Evaluate was handed out; the engine belongs to it until it ends.
	evaluating
	// passing: judged; everything goes on untouched.
	passing
	// framed: judged by its head, a gRPC body that must look like one.
	framed
	// tunnel: judged by its head, an upgrade or CONNECT that the upstream has not
	// accepted. Bytes before that would reach the upstream as an uninspected body.
	tunnel
	// ended: denied; nothing goes on any more.
	ended
)

// direction is the half of an exchange that flows one way.
type direction struct {
	stage stage
	held  [][]byte // copies, in order
	size  int      // bytes in held
	limit int      // SecLang's body limit for this transaction
	// rejects is SecLang's limit action: Reject, else ProcessPartial.
	rejects  bool
	reserved int // bytes counted in heldBytes
	// next is, while evaluating, the stage after it. refusal is why the exchange is
	// denied all the same, unless rules decide first; the zero value if it is not.
	next    stage
	refusal denial
}

// blockBytes is the largest block that hold allocates ahead of need.
const blockBytes = 64 << 10

// hold copies the chunks, which are borrowed from the host, into blocks: a
// client that sends one byte a frame must not cost a slice a byte.
func (d *direction) hold(chunks [][]byte) {
	for _, c := range chunks {
		for len(c) > 0 {
			last := len(d.held) - 1
			if last < 0 || len(d.held[last]) == cap(d.held[last]) {
				// As much again as is held, so that blocks stay few and small bodies small.
				d.held = append(d.held, make([]byte, 0, max(len(c), min(d.size, blockBytes), 512)))
				last++
			}
			n := min(len(c), cap(d.held[last])-len(d.held[last]))
			d.held[last] = append(d.held[last], c[:n]...)
			d.size += n
			c = c[n:]
		}
	}
}

// release gives the held bytes away; nil if nothing was held.
func (d *direction) release() [][]byte {
	held := d.held
	d.held, d.size = nil, 0
	return held
}

// Transaction is one HTTP exchange. Its methods are the stream's events in the
// order in which a proxy produces them; each returns what to do with the event.
// It tolerates what proxies really do: a response without a request, a response
// before the request has ended, events after a denial, Close in mid-body.
//
// Methods may be called from several goroutines; each call is serialised. Close
// must be called once the stream is over.
type Transaction struct {
	engine *Engine
	host   Host
	id     string

	mu       sync.Mutex
	request  direction
	response direction
	policy   string
	set      *ruleSet
	tx       types.Transaction // nil before the request's head and after a fault
	traits   traits
	frames   grpcFrames
	phase    int // the SecLang phase in progress: for events and fault reports
	// phase1Due: phase 1 was postponed to the request's evaluation.
	phase1Due bool
	// capped says by which of our own bounds the body of a postponed head was cut
	// off; the zero value where it was not.
	capped denial
	// trailers are the request's, for phase 2: phase 1 may still be due.
	trailers [][2]string
	closed   bool
	gone     chan struct{} // closed by Close; nil where no evaluation was handed out
	busy     bool          // an evaluation has the engine, even if nobody waits for it any more
	took     time.Duration // engine time, all phases
	record   record        // for the event
	observer func(types.Transaction)
}

// RequestHeaders judges the request's head (phase 1) and, where no body
// follows or none is to be inspected, the request (phase 2).
func (t *Transaction) RequestHeaders(r Request, endStream bool) (v Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.guard(&t.request, &v)
	if t.closed || t.request.stage != idle || t.engine.config.Disabled {
		return t.unexpected(&t.request)
	}
	name, ok := t.engine.config.PolicyFor(r.Authority)
	t.policy, t.set = name, t.engine.sets[name]
	if !ok {
		t.policy = t.engine.config.DefaultPolicy // for metrics; it judges nothing
	}
	t.traits = r.traits()
	t.record.begin(&r, t.engine.config.LogMatchedData)
	t.host.Count(CounterTransactions, t.policy)
	if !ok {
		// Hosts choose policies, and this names none: passing it to the default
		// policy would let a client choose (invariant 4).
		return t.deny(&t.request, denial{status: 400, reason: "invalid_host"})
	}

	t.phase = 1
	t.feedRequestHead(&r, endStream)
	if t.postpones() {
		return t.postpone(endStream)
	}
	if it := t.runPhase1(); it != nil {
		return t.deny(&t.request, denialOf(it))
	}
	t.noteWouldDeny()

	switch {
	case t.tx.IsRuleEngineOff(), t.engine.config.ResponseOnly:
		t.request.stage = passing
		return Verdict{}
	case endStream, !t.tx.IsRequestBodyAccessible():
		return t.judge(&t.request, nil, passing)
	case t.traits.upgrade || t.traits.connect:
		return t.judge(&t.request, nil, tunnel)
	case t.traits.grpc:
		return t.judge(&t.request, nil, framed)
	}
	t.request.limit, t.request.rejects = bodyLimit(t.tx, "Request")
	t.request.stage = holding
	return Verdict{Action: Hold}
}

// RequestBody takes the next piece of the body, in chunks that are borrowed for
// the call. Phase 2 runs when the body ends or reaches its limit.
func (t *Transaction) RequestBody(chunks [][]byte, endStream bool) (v Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.guard(&t.request, &v)
	if reason := t.unfit(chunks, endStream); reason != "" {
		return t.refuse(reason)
	}
	return t.body(&t.request, chunks, endStream)
}

// RequestTrailers ends the body. Where that was held, the trailers are inspected
// as request headers: an upstream may merge them. Otherwise phase 2 has run, and
// no rule sees them.
func (t *Transaction) RequestTrailers(trailers Headers) (v Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.guard(&t.request, &v)
	if reason := t.unfit(nil, true); reason != "" {
		return t.refuse(reason)
	}
	if t.request.stage != holding {
		return t.unexpected(&t.request)
	}
	for name, value := range trailers {
		if name == "content-type" {
			// It is inspected, but must not choose how the body before it is parsed.
			name = "trailer-content-type"
		}
		t.trailers = append(t.trailers, [2]string{strings.Clone(name), strings.Clone(value)})
		t.traits.cost += len(value)
	}
	return t.flush(&t.request)
}

// unfit says why a request body that is never held must not go on. A gRPC body
// that ends within a message is as bad as one that is none: with any length in
// its first five bytes, anything at all could call itself one.
func (t *Transaction) unfit(chunks [][]byte, endStream bool) (reason string) {
	s := t.request.stage
	if s == evaluating {
		s = t.request.next
	}
	switch {
	case s == tunnel && total(chunks) > 0:
		reason = "tunnel_not_accepted"
	case s == framed:
		for _, c := range chunks {
			if !t.frames.feed(c) {
				reason = "not_grpc"
			}
		}
		if endStream && !t.frames.complete() {
			reason = "not_grpc"
		}
	}
	return reason
}

// refuse denies an unfit body. While the head is evaluated the host keeps the
// bytes, and the evaluation's verdict would let them go on: so it denies then.
func (t *Transaction) refuse(reason string) Verdict {
	unfit := denial{status: 400, reason: reason}
	if t.request.stage == evaluating {
		t.request.refusal = unfit
		return Verdict{Action: Wait}
	}
	return t.deny(&t.request, unfit)
}

// ResponseHeaders judges the response's head (phase 3) and, where its body is
// not to be inspected, the response (phase 4).
func (t *Transaction) ResponseHeaders(r Response, endStream bool) (v Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.guard(&t.response, &v)
	if t.tx == nil || t.response.stage != idle || !t.requestJudged() || t.tx.IsRuleEngineOff() {
		return t.unexpected(&t.response)
	}
	t.record.status = r.Status
	accepted := t.acceptsTunnel(r.Status)
	if t.request.stage == tunnel && accepted {
		t.request.stage = passing
	}
	if t.engine.config.RequestOnly {
		t.response.stage = passing
		return Verdict{}
	}

	it, contentType := t.runResponseHead(&r)
	if it != nil {
		return t.deny(&t.response, denialOf(it))
	}
	t.noteWouldDeny()
	held := !endStream && !accepted && !streams(contentType) &&
		t.tx.IsResponseBodyAccessible() && t.tx.IsResponseBodyProcessable()
	if !held {
		return t.judge(&t.response, nil, passing)
	}
	t.response.limit, t.response.rejects = bodyLimit(t.tx, "Response")
	t.response.stage = holding
	return Verdict{Action: Hold}
}

// ResponseBody takes the next piece of the response's body; see RequestBody.
func (t *Transaction) ResponseBody(chunks [][]byte, endStream bool) (v Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.guard(&t.response, &v)
	return t.body(&t.response, chunks, endStream)
}

// ResponseTrailers ends the response's body; its trailers are inspected as
// response headers.
func (t *Transaction) ResponseTrailers(trailers Headers) (v Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.guard(&t.response, &v)
	if t.response.stage != holding {
		return t.unexpected(&t.response)
	}
	for name, value := range trailers {
		t.tx.AddResponseHeader(strings.Clone(name), strings.Clone(value))
	}
	return t.flush(&t.response)
}

// Close ends the exchange: phase 5, the audit log, the event, and the engine's
// resources. It may be called at any time, and more than once.
func (t *Transaction) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	t.closed = true
	t.request.stage, t.response.stage = ended, ended
	if t.gone != nil {
		close(t.gone)
	}
	if !t.busy {
		t.finish()
	} // else the evaluation does, when it ends
	t.count()
}

// body is RequestBody and ResponseBody for a direction that may be holding.
func (t *Transaction) body(d *direction, chunks [][]byte, endStream bool) Verdict {
	if d.stage != holding {
		return t.unexpected(d)
	}
	more := total(chunks)
	size := d.size + more
	if endStream && d.size == 0 && !t.offloads(d, chunks) && size <= t.options(d).MaxHeldBytes {
		return t.judge(d, chunks, passing) // in one piece: no copy is needed
	}
	full := size >= d.limit // Coraza's limits are inclusive: at the limit is over it
	if !full {
		// Our own bounds. NewEngine lets SecLang's limit be higher than our cap only
		// if nobody wrote that limit; SecLang's action holds for ours too.
		var reason denial
		reason, full = t.exceeds(d, size, more)
		if full && d == &t.request && t.phase1Due {
			t.capped = reason // phase 1 may yet say that the body need not be held
		} else if full && d.rejects {
			return t.deny(d, reason)
		}
	}
	d.account(more)
	d.hold(chunks)
	if !endStream && !full {
		return Verdict{Action: Hold}
	}
	return t.flush(d)
}

// exceeds checks a body of size bytes, more of which are new, against what we
// hold at most for one body and for all.
func (t *Transaction) exceeds(d *direction, size, more int) (denial, bool) {
	switch {
	case size > t.options(d).MaxHeldBytes && d == &t.request:
		return denial{status: 413, reason: "held_limit"}, true
	case size > t.options(d).MaxHeldBytes:
		return denial{status: 500, reason: "held_limit"}, true
	case !t.affords(more):
		return denial{status: 503, reason: "held_budget"}, true
	}
	return denial{}, false
}

// flush judges everything that is held and gives it back with the verdict.
func (t *Transaction) flush(d *direction) Verdict {
	v := t.judge(d, d.held, passing)
	if v.Action != Deny && v.Release == nil {
		v.Release = d.release()
	}
	return v
}

// unexpected answers an event for which the stage leaves nothing to decide.
func (t *Transaction) unexpected(d *direction) Verdict {
	switch d.stage {
	case idle:
		d.stage = passing
	case evaluating:
		return Verdict{Action: Wait}
	case ended:
		return Verdict{Action: Hold}
	}
	return Verdict{}
}

// requestJudged reports whether the request's verdict was given and was to
// pass. Until then nothing went upstream, so a response is the proxy's own.
func (t *Transaction) requestJudged() bool {
	switch t.request.stage {
	case passing, framed, tunnel:
		return true
	}
	return false
}

// acceptsTunnel reports whether a status accepts the request's upgrade (RFC
// 9110, 7.8) or CONNECT (9.3.6).
func (t *Transaction) acceptsTunnel(status int) bool {
	return t.traits.upgrade && status == 101 || t.traits.connect && status >= 200 && status <= 299
}

// streams reports whether a response of this type must never be held: its end
// may be hours away.
func streams(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	return mediaType == "text/event-stream" || isGRPCContentType(mediaType)
}

func (t *Transaction) options(d *direction) BodyOptions {
	if d == &t.request {
		return t.engine.config.RequestBody
	}
	return t.engine.config.ResponseBody
}
