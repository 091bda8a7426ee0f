package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A passage is one stream through Envoy: its access log, the filter's event if the
// filter saw it, and what arrived at the upstream if anything did.
type passage struct {
	line    streamLine
	event   *eventLine
	arrived *arrival
}

// pair joins what was logged about each stream of a connection with what arrived
// of it. What belongs to no stream is a fault.
func pair(r *record, arrivals []arrival) ([]passage, error) {
	events := maps.Clone(r.events)
	arrivals = slices.Clone(arrivals)
	var all []passage
	for _, line := range r.streams {
		p := passage{line: line}
		if line.Seawall != nil {
			if e, ok := events[line.Seawall.ID]; ok {
				p.event = &e
				delete(events, e.ID)
			}
		}
		if i := slices.IndexFunc(arrivals, func(a arrival) bool { return a.id == line.RequestID }); i >= 0 {
			a := arrivals[i]
			p.arrived = &a
			arrivals = slices.Delete(arrivals, i, i+1)
		}
		all = append(all, p)
	}
	switch {
	case len(all) == 0:
		return nil, errors.New("Envoy's access log has no stream of the connection")
	case len(events) > 0:
		return nil, fmt.Errorf("events without metadata in the access log: %v", events)
	case len(arrivals) > 0:
		return nil, fmt.Errorf("requests at the upstream that are not in the access log: %v", arrivals)
	}
	return all, nil
}

// logged are the rules in the filter's event.
func (p passage) logged() findings {
	var f findings
	if p.event != nil {
		for _, r := range p.event.Rules {
			f.add(r.ID, "")
		}
	}
	return f
}

// fault says what of a stream is wrong whatever a test expects. sent is the
// request that the client wrote. Stock contradicts itself on rare inputs: it is
// asked a few times before that counts.
func (p passage) fault(s *stock, sent message) string {
	if p.event == nil {
		if p.arrived != nil {
			return "it reached the upstream past the filter"
		}
		return ""
	}
	if p.arrived == nil || !p.arrived.request.complete {
		return "the filter saw it, but it did not all reach the upstream: " + p.line.Details
	}
	logged := p.logged().ids
	var stocks []int
	for range 5 {
		if stocks = s.find(p.given(sent), p.line.Protocol, p.arrived.reply).ids; slices.Equal(stocks, logged) {
			return ""
		}
	}
	return fmt.Sprintf("of what reached the upstream the filter logs %v, but stock Coraza %v", logged, stocks)
}

// given is the request as the filter was given it: as it arrived at the upstream,
// without the "Content-Length: 0" that Envoy's codec writes behind the filters.
func (p passage) given(sent message) message {
	m := p.arrived.request
	m.version = p.line.Protocol
	if len(m.body) == 0 && sent.get("content-length") == "" {
		return m.with("content-length", nil)
	}
	return m
}

// A shown message is one in the report.
type shown struct {
	Line      string      `json:"line"`
	Headers   [][2]string `json:"headers"`
	BodyBytes int         `json:"body_bytes"` // they are what was sent
}

func show(m message) *shown {
	headers := slices.SortedFunc(slices.Values(m.headers), func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return &shown{Line: m.method + " " + m.target + " " + m.version, Headers: headers, BodyBytes: len(m.body)}
}
