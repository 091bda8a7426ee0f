package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The classes. Every test ends in exactly one; the worst of its stages counts.
const (
	// matched: the filter's log is what CRS expects.
	matched = "matched"
	// refused: Envoy answered by itself, or took the bytes that matter out before
	// any filter. Either way the upstream got nothing of them.
	refused = "refused"
	// inexpressible: the protocol has no such bytes.
	inexpressible = "inexpressible"
	// engine: Coraza by itself, on the same bytes, does not do what CRS expects.
	engine = "engine"
	// failed: none of the above could be shown.
	failed = "failed"
)

var classes = []string{matched, refused, inexpressible, engine, failed}

// A finding is how one stage ended, with what proves its class.
type finding struct {
	Class string `json:"class"`
	// Cause is why the class is not matched, or what beside the log differs from
	// CRS's expectation. It is pinned in testdata.
	Cause  string `json:"cause,omitempty"`
	Status int    `json:"status,omitempty"`
	// Details are Envoy's response code details.
	Details string   `json:"details,omitempty"`
	TX      string   `json:"tx,omitempty"`
	Expect  any      `json:"expect,omitempty"` // CRS's
	Unmet   []string `json:"unmet,omitempty"`  // of it
	Logged  []int    `json:"logged,omitempty"` // by the filter
	// StockAgrees: stock Coraza logs the same rules for the bytes that reached the
	// backend. Nothing reaches it of a request that was refused.
	StockAgrees bool  `json:"stock_agrees,omitempty"`
	Stock       []int `json:"stock,omitempty"` // what it logs for the bytes as CRS wrote them
}

// An exchange is one stage's request and all that is known about it.
type exchange struct {
	id       string // the test's
	stage    stage
	h2       bool
	sent     message
	malform  error       // why the bytes are no HTTP/1 request
	fields   [][2]string // over HTTP/2
	lost     []string    // by the translation to HTTP/2
	answer   answer
	record   *record
	arrived  *arrival // at the backend
	observed findings
}

// sawIt reports whether the filter was given the request.
func (x *exchange) sawIt() bool {
	return len(x.record.events) > 0 || slices.ContainsFunc(x.record.streams, func(s streamLine) bool { return s.Seawall != nil })
}

// judge finds the class of an exchange that took place.
func (x *exchange) judge(s *stock) finding {
	f := finding{Status: x.answer.status, Expect: x.stage.expect.Log, Logged: x.observed.ids}
	if len(x.record.streams) > 0 {
		f.Details = x.record.streams[0].Details
	}
	for id := range maps.Keys(x.record.events) {
		f.TX = id
	}
	if !x.sawIt() {
		return x.judgeRefusal(f)
	}
	if x.arrived != nil && len(x.record.streams) > 0 {
		if stockIDs, same := x.sameAsStock(s); !same {
			f.Class, f.Stock = failed, stockIDs
			f.Cause = "on the bytes that reached the upstream, the filter logs other rules than stock Coraza"
			return f
		}
		f.StockAgrees = true
	}
	f.Unmet = x.observed.unmet(x.stage.expect)
	if len(f.Unmet) == 0 {
		f.Class = matched
		if want := x.stage.expect.Status; want != 0 && want != x.answer.status {
			// With CRS's setup no rule decides a status: it is the web server's own.
			f.Cause = fmt.Sprintf("status %d, where CRS's web server answers %d", x.answer.status, want)
		}
		return f
	}
	return x.judgeUnmet(s, f)
}

// envoysOwn are the response code details of what Envoy refuses by itself, as
// its codecs and its connection manager write them.
var envoysOwn = regexp.MustCompile(`^(http[12]\.|path_normalization_failed$|absolute_path_rejected$|missing_host_header$)`)

func (x *exchange) judgeRefusal(f finding) finding {
	f.Class = refused
	f.Cause = "answered " + f.Details
	if x.answer.status != 0 {
		f.Cause = fmt.Sprintf("answered %d %s", x.answer.status, f.Details)
	} else if x.answer.reason != "" {
		f.Cause = strings.TrimSpace(x.answer.reason + " " + f.Details)
	}
	if !envoysOwn.MatchString(f.Details) {
		f.Class, f.Cause = failed, "the filter saw nothing, and this is no refusal of Envoy's: "+f.Cause
		return f
	}
	if x.arrived != nil || x.answer.status != 0 && x.answer.status < 400 {
		f.Class, f.Cause = failed, "the filter saw nothing, but it was not refused: "+f.Cause
	}
	return f
}

// sameAsStock asks stock Coraza about the first request on the connection, as it
// reached the backend. Stock contradicts itself on rare inputs: it is asked
// a few times before that counts.
func (x *exchange) sameAsStock(s *stock) (ids []int, same bool) {
	first := x.record.streams[0]
	if first.Seawall == nil {
		return nil, len(x.record.events) == 0 // an event without metadata is a fault
	}
	var logged findings
	for _, r := range x.record.events[first.Seawall.ID].Rules {
		logged.add(r.ID, "")
	}
	for range 5 {
		ids = s.find(x.given(), first.Protocol, x.arrived.reply).ids
		if slices.Equal(ids, logged.ids) {
			return ids, true
		}
	}
	return ids, false
}

// given is the request as the filter was given it: as it arrived at the backend,
// without the "Content-Length: 0" that Envoy's codec writes behind the filters.
func (x *exchange) given() message {
	m := x.arrived.request
	if len(m.body) == 0 && x.sent.get("content-length") == "" {
		return m.with("content-length", nil)
	}
	return m
}

// judgeUnmet looks for the reason of an unmet expectation by giving stock Coraza
// the request at each step of its way: as written, as HTTP/2 has it, as Envoy
// handed it on. The first step that loses the expectation is the cause.
func (x *exchange) judgeUnmet(s *stock, f finding) finding {
	f.Class, f.Cause = failed, strings.Join(f.Unmet, "; ")
	if x.arrived == nil {
		return f
	}
	written := s.find(x.sent, x.sent.version, x.arrived.reply)
	f.Stock = written.ids
	if len(written.unmet(x.stage.expect)) > 0 {
		if cause, known := engineCauses[x.id]; known {
			f.Class, f.Cause = engine, cause
		}
		return f
	}
	lost := func(m message) bool {
		return len(s.find(m, m.version, x.arrived.reply).unmet(x.stage.expect)) > 0
	}
	before := x.sent
	if x.h2 {
		before = asH2(x.fields, x.sent.body)
		if lost(before) {
			f.Class, f.Cause = inexpressible, "HTTP/2 has no "+culprits(x.sent, before, lost)
			return f
		}
	}
	after := x.given()
	after.version = x.record.streams[0].Protocol
	if !lost(after) {
		return f
	}
	f.Class, f.Cause = refused, "Envoy let no filter see "+culprits(before, after, lost)
	return f
}
