package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A streamLine is Envoy's access log of one request.
type streamLine struct {
	Status    int    `json:"status"`
	Details   string `json:"details"`
	Protocol  string `json:"protocol"`
	Upstream  string `json:"upstream"`   // its address; empty if Envoy chose none
	RequestID string `json:"request_id"` // Envoy's own, which the upstream gets too
	Seawall   *struct {
		ID    string `json:"tx_id"`
		Rules string `json:"rule_ids"`
	} `json:"seawall"`
}

// An eventLine is the filter's own record of one transaction.
type eventLine struct {
	ID     string `json:"tx_id"`
	Client struct {
		Port int `json:"port"`
	} `json:"client"`
	Rules []struct {
		ID int `json:"id"`
	} `json:"rules"`
}

// A record is everything that was logged about one client connection. Each
// connection carries one stage; what follows its request on the same
// connection may make a further stream.
type record struct {
	streams []streamLine
	events  map[string]eventLine // by transaction
	closed  bool
}

// whole reports whether nothing more can come: the connection has ended and
// each stream that the filter saw has its event.
func (r *record) whole() bool {
	if r == nil || !r.closed {
		return false
	}
	for _, s := range r.streams {
		if s.Seawall != nil {
			if _, ok := r.events[s.Seawall.ID]; !ok {
				return false
			}
		}
	}
	return true
}

// A journal sorts Envoy's output by the client's port.
type journal struct {
	mu      sync.Mutex
	records map[string]*record
	busy    map[string]bool // ports between begin and await
	broken  []string        // lines that ought to be JSON and are not
	more    chan struct{}   // closed and replaced at each line
}

func newJournal() *journal {
	return &journal{records: map[string]*record{}, busy: map[string]bool{}, more: make(chan struct{})}
}

// line takes one line of Envoy's standard output or error.
func (j *journal) line(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer func() {
		close(j.more)
		j.more = make(chan struct{})
	}()
	if i := strings.Index(text, `{"action":`); i > 0 && strings.Contains(text, `"event":"seawall"`) {
		var e eventLine
		if err := json.Unmarshal([]byte(text[i:]), &e); err != nil {
			j.broken = append(j.broken, text)
			return
		}
		j.of(strconv.Itoa(e.Client.Port)).events[e.ID] = e
		return
	}
	if !strings.HasPrefix(text, "{") {
		return
	}
	var l struct {
		FTW  string `json:"ftw"`
		Port any    `json:"port"`
		streamLine
	}
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		j.broken = append(j.broken, text)
		return
	}
	r := j.of(fmt.Sprint(l.Port))
	switch l.FTW {
	case "stream":
		r.streams = append(r.streams, l.streamLine)
	case "closed":
		r.closed = true
	}
}

func (j *journal) of(port string) *record {
	r := j.records[port]
	if r == nil {
		r = &record{events: map[string]eventLine{}}
		j.records[port] = r
	}
	return r
}

// begin reserves a port for one exchange, and reports false if another's lines
// may still come: the kernel gives a port out again as soon as it is closed.
func (j *journal) begin(port string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.busy[port] {
		return false
	}
	j.busy[port] = true
	delete(j.records, port)
	return true
}

// await takes the port's record out of the journal once it is whole.
func (j *journal) await(port string) (*record, error) {
	deadline := time.NewTimer(answerWithin)
	defer deadline.Stop()
	for {
		j.mu.Lock()
		r, more := j.records[port], j.more
		if r.whole() {
			delete(j.records, port)
			delete(j.busy, port)
			j.mu.Unlock()
			return r, nil
		}
		j.mu.Unlock()
		select {
		case <-more:
		case <-deadline.C:
			return nil, fmt.Errorf("no end of the connection from port %s in the log within %s: %+v; %d lines are broken", port, answerWithin, r, len(j.broken))
		}
	}
}
