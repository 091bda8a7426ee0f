package filter

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/corazawaf/coraza/v3/types"
)

// judge runs the phase that decides a direction (2 or 4) over its whole body
// and answers with next as the new stage, with a denial, or, where the body is
// large, with an Evaluate that does so elsewhere.
func (t *Transaction) judge(d *direction, body [][]byte, next stage) Verdict {
	if !t.offloads(d, body) {
		start := time.Now()
		it, err := t.inspect(d, body, &t.phase)
		t.took += time.Since(start)
		return t.settle(d, it, err, next)
	}
	d.stage, d.next = evaluating, next
	if t.gone == nil {
		t.gone = make(chan struct{})
	}
	return Verdict{Action: Wait, Evaluate: func() Verdict { return t.evaluate(d, body, next) }}
}

// evaluate is judge's second half on another goroutine. While it runs, the
// stage keeps every other method away from the engine.
func (t *Transaction) evaluate(d *direction, body [][]byte, next stage) (v Verdict) {
	queue := queueFor(t.cost(d, body, largeCost))
	err := queue.enter(t.gone)
	if err == nil {
		defer queue.leave()
	}
	if !t.begin(d) {
		return Verdict{Action: Hold} // nobody is left to apply it
	}
	var it *types.Interruption
	phase := 2 // of ours alone: the other direction may be judged meanwhile
	if d == &t.response {
		phase = 4
	}
	start := time.Now()
	if err == nil {
		it, err = t.inspectGuarded(d, body, &phase)
	}

	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.guard(d, &v)
	t.busy = false
	t.took += time.Since(start)
	v = Verdict{Action: Hold} // denied, or closed, meanwhile
	if d.stage == evaluating {
		t.phase = phase
		v = t.settle(d, it, err, next)
	}
	if t.closed {
		t.finish()
	}
	return v
}

// begin gives the engine to an evaluation, unless the exchange was over before
// its turn came: Close has then let go of everything. Who sends and hangs up
// must not keep the slots from others.
func (t *Transaction) begin(d *direction) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy = d.stage == evaluating
	return t.busy
}

// inspectGuarded is inspect where no guard stands above it.
func (t *Transaction) inspectGuarded(d *direction, body [][]byte, phase *int) (it *types.Interruption, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicError(r)
		}
	}()
	return t.inspect(d, body, phase)
}

// inspect gives the engine a direction's whole body and runs its phase, and
// phase 1 before it where that is still due. phase says which one is running.
func (t *Transaction) inspect(d *direction, body [][]byte, phase *int) (*types.Interruption, error) {
	if d == &t.request {
		if t.phase1Due {
			*phase = 1
			t.phase1Due = false
			if it := t.tx.ProcessRequestHeaders(); it != nil || t.tx.IsRuleEngineOff() || t.engine.config.ResponseOnly {
				return it, nil
			}
			if t.capped.status != 0 && t.tx.IsRequestBodyAccessible() {
				if limit, rejects := bodyLimit(t.tx, "Request"); rejects && total(body) < limit {
					d.refusal = t.capped
					return nil, nil
				}
			}
		}
		*phase = 2
		for _, field := range t.trailers {
			t.tx.AddRequestHeader(field[0], field[1])
		}
		return feedBody(body, t.tx.WriteRequestBody, t.tx.ProcessRequestBody)
	}
	*phase = 4
	return feedBody(body, t.tx.WriteResponseBody, t.tx.ProcessResponseBody)
}

func feedBody(body [][]byte, write func([]byte) (*types.Interruption, int, error),
	process func() (*types.Interruption, error)) (*types.Interruption, error) {
	for _, chunk := range body {
		// At the limit, write runs the phase itself and a later process does nothing.
		if it, _, err := write(chunk); it != nil || err != nil {
			return it, err
		}
	}
	return process()
}

// settle turns the engine's answer into the direction's verdict.
func (t *Transaction) settle(d *direction, it *types.Interruption, err error, next stage) Verdict {
	d.unreserve()
	if err != nil {
		return t.fault(d, err)
	}
	if it != nil {
		return t.deny(d, denialOf(it))
	}
	t.noteWouldDeny()
	if t.tx.IsRuleEngineOff() {
		// As where phase 1 turned it off before a body came: nothing is inspected,
		// and the response, which is not looked at, could accept no tunnel.
		d.refusal, next = denial{}, passing
	}
	if d.refusal.status != 0 {
		return t.deny(d, d.refusal)
	}
	d.stage = next
	return Verdict{Metadata: t.metadata()}
}

// deny ends the exchange with a reply.
func (t *Transaction) deny(d *direction, reason denial) Verdict {
	d.stage = ended
	d.release()
	d.unreserve()
	if d == &t.request {
		t.response.stage = passing // what follows is our own reply
	} else {
		t.request.stage = ended
	}
	t.record.denied(t.phase, reason)
	return Verdict{Action: Deny, Reply: t.engine.pages.reply(reason, t.id, &t.traits), Metadata: t.metadata()}
}

// fault answers an error of ours by the failure policy. The engine is left
// alone afterwards: its state is unknown.
func (t *Transaction) fault(d *direction, err error) Verdict {
	t.record.fault, t.record.at = err, time.Now()
	t.host.Log(slog.LevelError, faultLine(t.id, t.policy, t.phase, err))
	t.abandon()
	reason := denial{status: 500, fault: true, reason: fmt.Sprintf("phase_%d", t.phase)}
	if errors.Is(err, errBusy) {
		reason = denial{status: 503, fault: true, reason: "busy"}
	}
	if t.engine.config.OnError == FailClosed {
		return t.deny(d, reason)
	}
	t.request.stage, t.response.stage = passing, passing
	d.unreserve()
	return Verdict{Release: d.release(), Metadata: t.metadata()}
}

// guard turns a panic into the failure policy's verdict: neither SDK recovers
// everywhere, and an unrecovered panic ends Envoy.
func (t *Transaction) guard(d *direction, v *Verdict) {
	if r := recover(); r != nil {
		*v = t.fault(d, panicError(r))
	}
}

// distrust says that the screen was wrong about an exchange of this rule set.
// It may come from an evaluation's goroutine, where only Log is allowed.
func (t *Transaction) distrust(why string) {
	t.host.Log(slog.LevelError, encode(map[string]any{"event": "seawall_error", "time": stamp(time.Now()), "tx_id": t.id, "policy": t.policy,
		"error": "the screen is off for this policy from now on: " + why}))
}

// panicError keeps where a panic came from. Values of the request never enter
// it: a runtime error's text and the stack's function names are ours.
func panicError(r any) error {
	text := "panic"
	if err, ok := r.(runtime.Error); ok {
		text = "panic: " + err.Error()
	}
	return fmt.Errorf("%s at %s", text, panicSite(string(debug.Stack())))
}

// panicSite names the function below the panic call in a stack trace.
func panicSite(stack string) string {
	_, below, ok := strings.Cut(stack, "\npanic(")
	if !ok {
		return "unknown"
	}
	lines := strings.SplitN(below, "\n", 4)
	if len(lines) < 3 {
		return "unknown"
	}
	site, _, _ := strings.Cut(lines[2], "(0x")
	return site
}

// abandon gives the engine's transaction back without running anything more.
func (t *Transaction) abandon() {
	if t.tx == nil || t.busy {
		return
	}
	tx := t.tx
	t.tx = nil
	func() {
		defer func() { _ = recover() }() // it panicked before; it may again
		t.record.collect(tx, t.set.places)
	}()
	if strings.HasPrefix(strings.ToLower(t.traits.contentType), "multipart/") {
		// Each part that is a file was written to disk, and goes now: 40,000 small
		// ones took half a second.
		go release(tx)
		return
	}
	release(tx)
}

// release gives an engine's transaction back.
func release(tx types.Transaction) {
	defer func() { _ = recover() }()
	_ = tx.Close()
}

// finish runs phase 5 and lets go of everything.
func (t *Transaction) finish() {
	for _, d := range []*direction{&t.request, &t.response} {
		d.release()
		d.unreserve()
	}
	if t.tx == nil || !t.set.audits {
		t.finishEngine()
		return
	}
	// An audit log is a file: its disk must not stall the event thread.
	go func() {
		defer func() { _ = recover() }() // the host's logger; the engine is guarded
		t.mu.Lock()
		defer t.mu.Unlock()
		t.finishEngine()
	}()
}

func (t *Transaction) finishEngine() {
	defer t.observe(nil)
	if t.tx != nil {
		t.phase = 5
		if err := t.runLogging(); err != nil {
			t.record.fault = err
			t.host.Log(slog.LevelError, faultLine(t.id, t.policy, t.phase, err))
		}
		t.observe(engineOf(t.tx))
		t.abandon()
	}
	if line := t.record.line(t.id, t.policy, t.took); line != "" {
		t.host.Log(slog.LevelWarn, line)
	}
}

func (t *Transaction) runLogging() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicError(r)
		}
	}()
	start := time.Now()
	defer func() { t.took += time.Since(start) }()
	t.tx.ProcessLogging()
	return nil
}

// count publishes the exchange's outcome, as far as it is known when the stream
// ends, as metrics.
func (t *Transaction) count() {
	if t.policy == "" {
		return // never began, or named no policy
	}
	if t.record.action == actionDenied {
		t.host.Count(CounterDenied, t.policy)
	}
	if t.record.wouldDeny {
		t.host.Count(CounterWouldDeny, t.policy)
	}
	if t.record.fault != nil {
		t.host.Count(CounterErrors, t.policy)
	}
	t.host.Observe(uint64(t.took.Microseconds()), t.policy)
}

// bodyLimit reads the limit that is in force for this transaction, which a rule
// may have changed (ctl:requestBodyLimit), and whether passing it rejects. side
// is "Request" or "Response". Coraza has the fields but no accessors;
// TestBodyLimitIsReadable fails if an update renames them.
func bodyLimit(tx types.Transaction, side string) (limit int, rejects bool) {
	v := reflect.Indirect(reflect.ValueOf(engineOf(tx)))
	if v.Kind() != reflect.Struct {
		return math.MaxInt, true
	}
	limit, rejects = math.MaxInt, true
	if f := v.FieldByName(side + "BodyLimit"); f.IsValid() && f.CanInt() {
		limit = int(f.Int())
	}
	if waf := reflect.Indirect(v.FieldByName("WAF")); waf.Kind() == reflect.Struct {
		if f := waf.FieldByName(side + "BodyLimitAction"); f.IsValid() && f.CanInt() {
			rejects = types.BodyLimitAction(f.Int()) == types.BodyLimitActionReject
		}
	}
	return limit, rejects
}
