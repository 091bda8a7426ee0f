package main

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/filter"
)

// stockIDs numbers stock's transactions.
var stockIDs atomic.Int64

// throughStock feeds Coraza as its documentation has it, phase after phase until
// one interrupts, every body whole.
func throughStock(s *ruleSet, e *exchange) (o outcome) {
	o = outcome{}
	id := fmt.Sprintf("stock-%d", stockIDs.Add(1))
	defer func() {
		if r := recover(); r != nil {
			o["verdict"] = fmt.Sprint("panic: ", r)
		}
	}()
	tx := s.stock.NewTransactionWithID(id)
	defer func() { _ = tx.Close() }()
	run := stockRun{tx: tx, outcome: o}
	// Coraza's own middleware feeds nothing once the engine is off.
	if run.request(e) && !tx.IsRuleEngineOff() {
		run.response(e)
	}
	if o["verdict"] == "" {
		o["verdict"] = "pass"
	}
	tx.ProcessLogging()
	o.describe(tx)
	o.takeAudit(id)
	return o
}

type stockRun struct {
	tx      types.Transaction
	outcome outcome
}

// request runs phases 1 and 2 and reports whether the request passes.
func (r stockRun) request(e *exchange) bool {
	tx := r.tx
	tx.ProcessConnection("192.0.2.7", 40000, "192.0.2.80", 443)
	tx.ProcessURI(e.target, e.method, e.protocol)
	tx.AddRequestHeader("host", e.host)
	name := e.host
	if host, ok := filter.NormalizeHost(name); ok {
		name = host
	}
	tx.SetServerName(name)
	for _, h := range e.headers {
		tx.AddRequestHeader(h[0], h[1])
	}
	if len(e.body) > 0 && e.header("content-length") == "" && strings.HasPrefix(e.protocol, "HTTP/1") {
		tx.AddRequestHeader("transfer-encoding", "chunked") // there was no other way to send it
	}
	if !r.settle(1, tx.ProcessRequestHeaders(), nil) {
		return false
	}
	if len(e.body) > 0 {
		if it, _, err := tx.WriteRequestBody(e.body); it != nil || err != nil {
			return r.settle(2, it, err)
		}
	}
	it, err := tx.ProcessRequestBody()
	return r.settle(2, it, err)
}

// response runs phases 3 and 4.
func (r stockRun) response(e *exchange) {
	tx := r.tx
	for _, h := range e.answerHeaders {
		tx.AddResponseHeader(h[0], h[1])
	}
	if !r.settle(3, tx.ProcessResponseHeaders(e.status, e.protocol), nil) {
		return
	}
	if len(e.answer) > 0 && tx.IsResponseBodyAccessible() && tx.IsResponseBodyProcessable() {
		if it, _, err := tx.WriteResponseBody(e.answer); it != nil || err != nil {
			r.settle(4, it, err)
			return
		}
	}
	it, err := tx.ProcessResponseBody()
	r.settle(4, it, err)
}

// settle notes how a phase ended and reports whether the exchange goes on.
func (r stockRun) settle(phase int, it *types.Interruption, err error) bool {
	if err != nil {
		r.outcome["verdict"] = fmt.Sprintf("phase %d: fault", phase)
		return false
	}
	if it != nil {
		r.outcome["verdict"] = reply("deny", phase, it)
		return false
	}
	d := r.tx.(interface {
		DetectionOnlyInterruption() *types.Interruption
	}).DetectionOnlyInterruption()
	if d != nil && r.outcome["verdict"] == "" {
		r.outcome["verdict"] = reply("would_deny", phase, d)
	}
	return true
}

// reply says what a client must get for an interruption, and what logs must show.
func reply(action string, phase int, it *types.Interruption) string {
	status, details, location := it.Status, strconv.Itoa(it.RuleID), ""
	switch {
	case it.Action == "redirect":
		location = it.Data
	case it.RuleID == 0:
		details = "body_limit"
	}
	if it.Action == "drop" || status < 200 || status > 599 { // no proxy could send it
		status = 403
	}
	return denial(action, phase, status, "seawall_denied{"+details+"}", location, it.Action == "drop")
}

// denial is a verdict that is not to pass; where nothing was really denied, there
// is no reply to have a location or to close a connection.
func denial(action string, phase, status int, details, location string, drop bool) string {
	said := fmt.Sprintf("%s: phase %d, status %d, %s", action, phase, status, details)
	if action == "deny" {
		said += fmt.Sprintf(", location %q, closes %t", location, drop)
	}
	return said
}
