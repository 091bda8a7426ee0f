package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// The classes, from the best to the worst; doc.go says what each means.
const (
	matched       = "matched"
	refused       = "refused"
	inexpressible = "inexpressible"
	engine        = "engine"
	failed        = "failed"
)

var classes = []string{matched, refused, inexpressible, engine, failed}

// A finding is how one stage ended, with what proves its class.
type finding struct {
	Class string `json:"class"`
	// Cause is why the class is not matched. It is pinned in testdata.
	Cause  string `json:"cause,omitempty"`
	Status int    `json:"status,omitempty"`
	// Details are Envoy's response code details.
	Details string      `json:"details,omitempty"`
	TX      string      `json:"tx,omitempty"`
	Expect  expectation `json:"expect"`           // CRS's
	Unmet   []string    `json:"unmet,omitempty"`  // of it
	Logged  []int       `json:"logged,omitempty"` // by the filter
	// StockAgrees: stock Coraza logs the same rules for what reached the upstream.
	// Nothing reaches it of a request that was refused.
	StockAgrees bool   `json:"stock_agrees,omitempty"`
	Stock       []int  `json:"stock,omitempty"`   // what it logs for the bytes as CRS wrote them
	Arrived     *shown `json:"arrived,omitempty"` // where it decides the class
}

// An expectation is what CRS states of one stage.
type expectation struct {
	Log    any `json:"log"`
	Status int `json:"status,omitempty"`
}

func expectationOf(s stage) expectation {
	return expectation{Log: s.expect.Log, Status: s.expect.Status}
}

// An exchange is one stage's request and all that is known about it.
type exchange struct {
	id      string // the test's
	stage   stage
	h2      bool
	sent    message
	malform error       // why the bytes are no HTTP/1 request
	fields  [][2]string // over HTTP/2
	answer  answer
	streams []passage // what followed the request on its connection makes further ones
	lines   []string  // the log line of each match, where the expectation reads them
}

// judge finds the class of an exchange that took place: by its first stream, the
// test's own.
func (x *exchange) judge(s *stock) finding {
	first := x.streams[0]
	f := finding{Status: x.answer.status, Details: first.line.Details, Expect: expectationOf(x.stage)}
	sent := x.sent
	for _, p := range x.streams {
		if fault := p.fault(s, sent); fault != "" {
			f.Class, f.Cause, f.Logged = failed, fault, p.logged().ids
			return f
		}
		sent, _ = parse(sent.rest)
	}
	if first.event == nil {
		return x.judgeRefusal(f)
	}
	observed := first.logged().with(x.lines)
	f.TX, f.Logged, f.StockAgrees = first.event.ID, observed.ids, true
	if !bytes.Equal(x.sent.body, first.arrived.request.body) {
		f.Class, f.Cause = failed, fmt.Sprintf("of a body of %d bytes %d arrived, or other ones", len(x.sent.body), len(first.arrived.request.body))
		return f
	}
	f.Unmet = observed.unmet(x.stage.expect)
	if want := x.stage.expect.Status; want != 0 && want != x.answer.status {
		f.Unmet = append(f.Unmet, fmt.Sprintf("the status is %d, not %d", x.answer.status, want))
	}
	if len(f.Unmet) == 0 {
		f.Class = matched
		return f
	}
	return x.judgeUnmet(s, f)
}

// envoysOwn are the response code details of what Envoy refuses by itself, as
// its codecs and its connection manager write them.
var envoysOwn = regexp.MustCompile(`^(http[12]\.|path_normalization_failed$|absolute_path_rejected$|missing_host_header$)`)

// judgeRefusal is for a request that the filter did not see.
func (x *exchange) judgeRefusal(f finding) finding {
	first := x.streams[0]
	f.Class = refused
	f.Cause = "answered " + f.Details
	if x.answer.status != 0 {
		f.Cause = fmt.Sprintf("answered %d %s", x.answer.status, f.Details)
	} else if x.answer.reason != "" {
		f.Cause = strings.TrimSpace(x.answer.reason + " " + f.Details)
	}
	switch {
	case !envoysOwn.MatchString(f.Details):
		f.Class, f.Cause = failed, "the filter saw nothing, and this is no refusal of Envoy's: "+f.Cause
	case first.line.Upstream != "" || first.arrived != nil || x.answer.status != 0 && x.answer.status < 400:
		f.Class, f.Cause = failed, "the filter saw nothing, but it was not refused: "+f.Cause
	}
	return f
}

// judgeUnmet looks for the reason of an unmet expectation by giving stock Coraza
// the request at each step of its way: as written, as HTTP/2 has it, as Envoy
// handed it on. The first step that loses the expectation is the cause.
func (x *exchange) judgeUnmet(s *stock, f finding) finding {
	first := x.streams[0]
	f.Class, f.Cause = failed, strings.Join(f.Unmet, "; ")
	written := s.find(x.sent, x.sent.version, first.arrived.reply)
	after := first.given(x.sent)
	f.Stock, f.Arrived = written.ids, show(after)
	own := func() finding {
		if cause, known := engineCauses[x.id]; known {
			f.Class, f.Cause = engine, cause
		}
		return f
	}
	// No rule of CRS's setup decides a status: that is its web server's own. What
	// the rules say of the bytes shows then whether they are still the same.
	onlyStatus := len(first.logged().with(x.lines).unmet(x.stage.expect)) == 0
	if !onlyStatus && len(written.unmet(x.stage.expect)) > 0 {
		return own()
	}
	lost := func(m message) bool {
		found := s.find(m, m.version, first.arrived.reply)
		if onlyStatus {
			return !found.covers(written)
		}
		return len(found.unmet(x.stage.expect)) > 0
	}
	before := x.sent
	if x.h2 {
		before = asH2(x.fields, x.sent.body)
		if lost(before) {
			f.Class, f.Cause = inexpressible, "HTTP/2 has "+culprits(x.sent, before, lost)
			return f
		}
	}
	if lost(after) {
		f.Class, f.Cause = inexpressible, "Envoy gives its filters "+culprits(before, after, lost)
		return f
	}
	if onlyStatus {
		return own()
	}
	return f
}
