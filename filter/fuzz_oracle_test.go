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
	limit := o.config.limit
	if strings.Contains(strings.Join(s.headers, "\n"), "small-limit") {
		limit = 20
	}
	return o.body(f, 2, limit, o.tx.WriteRequestBody, o.tx.ProcessRequestBody, o.tx.AddRequestHeader)
}

func (o *oracle) phase1() (expected, bool) {
	return o.guarded(1, func() (*types.Interruption, error) { return o.tx.ProcessRequestHeaders(), nil })
}

// heavy is request where phase 1 is put off until the body has ended: what the
// rules say of bodies is not known before, so all of it is held, and what is
// never held must be fit.
func (o *oracle) heavy(s *script, f *flow) expected {
	tunnel := s.upgrade || s.connect
	stream := tunnel || s.grpc
	if !s.ends && !stream && !f.whole {
		return undecided // our own cap is beyond what scripts send
	}
	e, goOn := o.phase1()
	for i := 0; i < len(f.trailers) && !stream && goOn; i += 2 {
		if f.trailers[i] != "content-type" {
			o.tx.AddRequestHeader(f.trailers[i], f.trailers[i+1])
		}
	}
	if goOn && !o.tx.IsRuleEngineOff() {
		e, goOn = o.guarded(2, func() (*types.Interruption, error) {
			if !stream && len(f.sent) > 0 {
				if it, _, err := o.tx.WriteRequestBody(f.sent); it != nil || err != nil {
					return it, err
				}
			}
			return o.tx.ProcessRequestBody()
		})
	}
	switch {
	case o.tx.IsRuleEngineOff():
	case goOn && !s.ends && tunnel && f.early > 0:
		return refused(400, "tunnel_not_accepted")
	case goOn && !s.ends && !tunnel && s.grpc && !framed(f.framed, f.framedWhole):
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
	full := len(f.sent) >= limit
	body := f.sent
	if !full && o.config.held > 0 {
		for i, n := 0, 0; i < len(f.chunks); i++ {
			if n += len(f.chunks[i]); n > o.config.held {
				switch {
				case o.config.budget:
					return refused(503, "held_budget")
				case o.config.rejects:
					return refused(map[int]int{2: 413, 4: 500}[phase], "held_limit")
				}
				full, body = true, f.sent[:n]
				break
			}
		}
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

func (o *oracle) close() {
	if o.tx != nil {
		_ = o.tx.Close()
	}
}
