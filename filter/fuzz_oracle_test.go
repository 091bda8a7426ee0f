package filter_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/types"
)

// expected is what must become of one direction.
type expected struct {
	decided bool
	status  int    // 0: it passes
	details string // of a denial
	rules   string // the IDs that matched and log; "?" where nothing says
}

var undecided = expected{}

func passes(rules string) expected { return expected{decided: true, rules: rules} }

func refused(status int, reason string) expected {
	return expected{decided: true, status: status, details: "seawall_denied{" + reason + "}", rules: "?"}
}

// oracle gives stock Coraza the same exchange: each body whole, at once, and in
// the order of the phases. What is Seawall's own (its cap, tunnels, gRPC's
// framing, hosts) is stated here a second time, in the plainest way.
type oracle struct {
	config *fuzzConfig
	tx     types.Transaction
	broken bool // passed under on_error: open
}

// guarded runs one phase; a panic becomes the failure policy's outcome.
func (o *oracle) guarded(phase int, run func() (*types.Interruption, error)) (e expected, goOn bool) {
	it, panicked := func() (it *types.Interruption, panicked bool) {
		defer func() { panicked = recover() != nil }()
		it, err := run()
		if err != nil {
			panic(err)
		}
		return it, false
	}()
	switch {
	case panicked && o.config.open:
		o.broken = true
		return passes("?"), false
	case panicked:
		return expected{decided: true, status: 500, details: fmt.Sprintf("seawall_error{phase_%d}", phase), rules: "?"}, false
	case it != nil:
		return o.interrupted(it), false
	}
	return passes(o.ids()), true
}

func (o *oracle) interrupted(it *types.Interruption) expected {
	e := expected{decided: true, status: it.Status, details: "seawall_denied{" + strconv.Itoa(it.RuleID) + "}", rules: o.ids()}
	switch {
	case it.Action == "redirect" && (it.Status < 300 || it.Status > 399):
		e.status = 302
	case it.Action == "drop":
		e.status = 403
	case it.RuleID == 0:
		e.details = "seawall_denied{body_limit}"
	}
	return e
}

func (o *oracle) ids() string {
	var ids []string
	for _, m := range o.tx.MatchedRules() {
		if l, ok := m.(interface{ Log() bool }); ok && l.Log() {
			ids = append(ids, strconv.Itoa(m.Rule().ID()))
		}
	}
	return strings.Join(ids, ",")
}

func (o *oracle) request(s *script, f *flow) expected {
	policy, ok := o.config.policyFor(s.request.Authority)
	if !ok {
		return refused(400, "invalid_host")
	}
	o.tx = o.config.stock[policy].NewTransaction()
	o.tx.ProcessURI(s.request.Path, s.request.Method, s.request.Protocol)
	if s.request.Path == "" {
		o.tx.ProcessURI(s.request.Authority, s.request.Method, s.request.Protocol)
	}
	for name, value := range s.request.Headers {
		o.tx.AddRequestHeader(name, value)
	}
	if o.config.heavy {
		return o.heavy(s, f)
	}
	e, goOn := o.phase1()
	switch {
	case !goOn, o.tx.IsRuleEngineOff(), o.config.responseOnly:
		return e
	case s.ends, !o.tx.IsRequestBodyAccessible():
		e, _ = o.guarded(2, o.tx.ProcessRequestBody)
		return e
	case s.upgrade || s.connect:
		e, goOn = o.guarded(2, o.tx.ProcessRequestBody)
		if goOn && f.early > 0 {
			return refused(400, "tunnel_not_accepted")
		}
		return e
	case s.grpc:
		e, goOn = o.guarded(2, o.tx.ProcessRequestBody)
		if goOn && !framed(f.framed, f.framedWhole) {
			return refused(400, "not_grpc")
		}
		return e
	}
	return o.body(f, 2, o.limit(s), o.tx.WriteRequestBody, o.tx.ProcessRequestBody, o.tx.AddRequestHeader)
}

func (o *oracle) phase1() (expected, bool) {
	return o.guarded(1, func() (*types.Interruption, error) { return o.tx.ProcessRequestHeaders(), nil })
}

// limit is SecLang's for a request that has passed phase 1.
func (o *oracle) limit(s *script) int {
	if strings.Contains(strings.Join(s.headers, "\n"), "small-limit") {
		return 20
	}
	return o.config.limit
}

// heavy is request where phase 1 is put off until the body has ended, or our own
// bounds have ended it: what the rules say of bodies is not known before, so all
// of it is held, and what is never held must be fit.
func (o *oracle) heavy(s *script, f *flow) expected {
	tunnel := s.upgrade || s.connect
	held := !s.ends && !tunnel && !s.grpc && !o.config.responseOnly
	body, cut, refusal := f.sent, false, undecided
	if held {
		body, cut, refusal = o.cut(f, 2)
		if !cut && !f.whole {
			return undecided
		}
	}
	e, goOn := o.phase1()
	switch {
	case !goOn, o.tx.IsRuleEngineOff(), o.config.responseOnly:
		return e
	case cut && o.config.rejects && o.tx.IsRequestBodyAccessible() && len(body) < o.limit(s):
		return refusal
	}
	for i := 0; i < len(f.trailers) && held && !cut; i += 2 {
		if f.trailers[i] != "content-type" {
			o.tx.AddRequestHeader(f.trailers[i], f.trailers[i+1])
		}
	}
	e, goOn = o.guarded(2, func() (*types.Interruption, error) {
		if held && len(body) > 0 {
			if it, _, err := o.tx.WriteRequestBody(body); it != nil || err != nil {
				return it, err
			}
		}
		return o.tx.ProcessRequestBody()
	})
	switch {
	case !goOn, o.tx.IsRuleEngineOff(), s.ends:
	case tunnel && f.early > 0:
		return refused(400, "tunnel_not_accepted")
	case !tunnel && s.grpc && !framed(f.framed, f.framedWhole):
		return refused(400, "not_grpc")
	}
	return e
}

func (o *oracle) response(s *script, f *flow) expected {
	if o.config.requestOnly || o.broken || o.tx.IsRuleEngineOff() {
		return passes("?")
	}
	contentType := ""
	for name, value := range s.answer.Headers {
		o.tx.AddResponseHeader(name, value)
		if name == "content-type" {
			contentType = value
		}
	}
	e, goOn := o.guarded(3, func() (*types.Interruption, error) {
		return o.tx.ProcessResponseHeaders(s.answer.Status, s.request.Protocol), nil
	})
	if !goOn {
		return e
	}
	streams := contentType == "text/event-stream" || contentType == "application/grpc"
	if f.bodiless || s.accepts(s.answer.Status) || streams || !o.tx.IsResponseBodyAccessible() || !o.tx.IsResponseBodyProcessable() {
		e, _ = o.guarded(4, o.tx.ProcessResponseBody)
		return e
	}
	return o.body(f, 4, o.config.limit, o.tx.WriteResponseBody, o.tx.ProcessResponseBody, o.tx.AddResponseHeader)
}

// body judges a whole body, whatever pieces it came in.
func (o *oracle) body(f *flow, phase, limit int, write func([]byte) (*types.Interruption, int, error),
	process func() (*types.Interruption, error), addHeader func(string, string)) expected {
	body, full := f.sent, len(f.sent) >= limit
	if held, cut, refusal := o.cut(f, phase); cut && !full {
		if o.config.rejects {
			return refusal
		}
		body, full = held, true
	}
	if !full && !f.whole {
		return undecided
	}
	if !full {
		for i := 0; i < len(f.trailers); i += 2 {
			if phase == 4 || f.trailers[i] != "content-type" {
				addHeader(f.trailers[i], f.trailers[i+1])
			}
		}
	}
	e, _ := o.guarded(phase, func() (*types.Interruption, error) {
		if it, _, err := write(body); it != nil || err != nil {
			return it, err
		}
		return process()
	})
	return e
}

// cut is what of a body our own bounds let be held, and what Reject makes of it
// where that is less than all.
func (o *oracle) cut(f *flow, phase int) (body []byte, cut bool, refusal expected) {
	for i, n := 0, 0; i < len(f.chunks) && o.config.held > 0; i++ {
		if n += len(f.chunks[i]); n <= o.config.held {
			continue
		}
		if o.config.budget {
			return f.sent[:n], true, refused(503, "held_budget")
		}
		return f.sent[:n], true, refused(map[int]int{2: 413, 4: 500}[phase], "held_limit")
	}
	return f.sent, false, undecided
}

func (o *oracle) close() {
	if o.tx != nil {
		_ = o.tx.Close()
	}
}
