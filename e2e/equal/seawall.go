package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/filter"
)

var (
	clientEndpoint = filter.Endpoint{Addr: netip.MustParseAddrPort("192.0.2.7:40000")}
	serverEndpoint = filter.Endpoint{Addr: netip.MustParseAddrPort("192.0.2.80:443")}
)

// throughSeawall drives a Transaction as a door would, every body in two pieces.
func throughSeawall(s *ruleSet, e *exchange) outcome {
	o := outcome{}
	host := &lines{}
	tx := s.engine.NewTransaction(host)
	var id string
	over := make(chan struct{})
	tx.Observe(func(engine types.Transaction) {
		if engine == nil {
			close(over)
			return
		}
		id = engine.ID()
		o.describe(engine)
	})
	denied := drive(tx, e)
	tx.Close()
	<-over
	o["event"] = ""
	o["verdict"] = "pass"
	host.read(o, denied)
	if denied != nil && o["verdict"] == "pass" {
		o["verdict"] = fmt.Sprintf("a reply of %d without an event", denied.Status)
	}
	o.takeAudit(id)
	return o
}

// lines keeps what a Transaction logs.
type lines struct {
	mu  sync.Mutex
	all []string
}

// Log implements filter.Host.
func (l *lines) Log(_ slog.Level, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

// Count implements filter.Host.
func (l *lines) Count(filter.Counter, string) {}

// Observe implements filter.Host.
func (l *lines) Observe(uint64, string) {}

// event is what these tests read of an event's line.
type event struct {
	Event, Action, Details, Error string
	Phase, Status                 int
	Rules                         []struct{ ID int }
	Scores                        map[string]int
}

// read adds what the log and the reply say.
func (l *lines) read(o outcome, denied *filter.Reply) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		var e event
		if json.Unmarshal([]byte(line), &e) != nil || e.Event != "seawall" {
			o["log"] += line + "\n"
			continue
		}
		var ids []string
		for _, r := range e.Rules {
			ids = append(ids, fmt.Sprint(r.ID))
		}
		o["event"] = strings.TrimSpace(strings.Join(ids, " "))
		if len(ids) > 0 {
			o["event"] += " " + scoresOf(e.Scores)
		}
		switch e.Action {
		case "deny":
			o["verdict"] = replied(e, denied)
		case "would_deny":
			o["verdict"] = denial(e.Action, e.Phase, e.Status, e.Details, "", false)
		case "fault":
			o["verdict"] = fmt.Sprintf("phase %d: fault %s", e.Phase, e.Error)
		}
	}
}

// replied holds the event against the reply that the client got.
func replied(e event, r *filter.Reply) string {
	if r == nil || r.Status != e.Status || r.Details != e.Details {
		return fmt.Sprintf("the event says %d %s, the reply is %+v", e.Status, e.Details, r)
	}
	location := ""
	for _, h := range r.Headers {
		if h[0] == "location" {
			location = h[1]
		}
	}
	return denial("deny", e.Phase, r.Status, r.Details, location, r.CloseConnection)
}

func scoresOf(m map[string]int) string {
	var all []string
	for name, n := range m {
		all = append(all, fmt.Sprintf("%s=%d", name, n))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// drive returns the reply that ended the exchange, nil if it passed.
func drive(tx *filter.Transaction, e *exchange) *filter.Reply {
	v := tx.RequestHeaders(filter.Request{Method: e.method, Path: e.target, Authority: e.host, Protocol: e.protocol,
		Headers: fields(e.headers), Client: clientEndpoint, Server: serverEndpoint}, len(e.body) == 0)
	v = decide(v)
	if v.Reply == nil && len(e.body) > 0 {
		v = inTwo(e.body, tx.RequestBody)
	}
	if v.Reply != nil {
		return v.Reply
	}
	v = decide(tx.ResponseHeaders(filter.Response{Status: e.status, Headers: fields(e.answerHeaders)}, len(e.answer) == 0))
	if v.Reply == nil && len(e.answer) > 0 {
		v = inTwo(e.answer, tx.ResponseBody)
	}
	return v.Reply
}

func fields(all [][2]string) filter.Headers {
	return func(yield func(string, string) bool) {
		for _, h := range all {
			if !yield(h[0], h[1]) {
				return
			}
		}
	}
}

func decide(v filter.Verdict) filter.Verdict {
	if v.Evaluate != nil {
		return v.Evaluate()
	}
	return v
}

func inTwo(body []byte, event func([][]byte, bool) filter.Verdict) filter.Verdict {
	half := len(body) / 2
	v := decide(event([][]byte{slices.Clone(body[:half])}, false))
	if v.Reply != nil {
		return v
	}
	return decide(event([][]byte{slices.Clone(body[half:])}, true))
}
