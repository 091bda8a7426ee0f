package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// connections are open at a time. Each waits up to 0.1 s for its line of the access
// log, which Envoy flushes at that interval: with so many, two cores are busy.
const connections = 32

// A result is how one test ended.
type result struct {
	Test   string    `json:"test"`
	File   string    `json:"file"`
	Class  string    `json:"class"`
	Drift  string    `json:"drift,omitempty"` // from what testdata has: the test failed
	Stages []finding `json:"stages"`
}

// runSuite sends every test through the door, over HTTP/2 where h2 is set.
func runSuite(d *door, s *stock, suite []crsTest, h2 bool) []result {
	results := make([]result, len(suite))
	next := make(chan int)
	var workers sync.WaitGroup
	for range connections {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := range next {
				results[i] = runTest(d, s, suite[i], h2)
			}
		}()
	}
	for i := range suite {
		next <- i
	}
	close(next)
	workers.Wait()
	return results
}

func runTest(d *door, s *stock, t crsTest, h2 bool) result {
	r := result{Test: t.id, File: t.file}
	for _, st := range t.stages {
		f, err := runStage(d, s, t.id, st, h2)
		if err != nil {
			f = finding{Class: failed, Cause: err.Error()}
		}
		r.Stages = append(r.Stages, f)
	}
	r.Class = slices.MaxFunc(r.Stages, func(a, b finding) int {
		return slices.Index(classes, a.Class) - slices.Index(classes, b.Class)
	}).Class
	return r
}

func runStage(d *door, s *stock, id string, st stage, h2 bool) (finding, error) {
	x := exchange{id: id, stage: st, h2: h2}
	x.sent, x.malform = parse(st.bytes)
	if h2 {
		if x.malform != nil {
			return finding{Class: inexpressible, Expect: expectationOf(st), Cause: x.malform.Error()}, nil
		}
		x.fields = translate(x.sent)
	}
	audited := reads(st.expect)
	conn, port, err := d.dial(audited)
	if err != nil {
		return finding{}, err
	}
	if h2 {
		x.answer, err = sendH2(conn, x.fields, x.sent.body)
	} else {
		x.answer, err = sendH1(conn, st.bytes, x.sent.method, x.malform != nil || x.sent.complete)
	}
	conn.Close()
	record, lost := d.await(port)
	arrivals := d.backend.take(port)
	if err != nil {
		return finding{}, fmt.Errorf("sending: %w", err)
	}
	if lost != nil {
		return finding{}, lost
	}
	if x.streams, err = pair(record, arrivals); err != nil {
		return finding{}, err
	}
	if first := x.streams[0]; audited && first.event != nil {
		if x.lines, err = d.auditLines(first.event.ID); err != nil {
			return finding{}, err
		}
	}
	return x.judge(s), nil
}

// auditLines returns the log line of each match of a transaction whose event has
// been seen: its audit entry was written before.
func (d *door) auditLines(tx string) ([]string, error) {
	text, err := os.ReadFile(auditLog(d.dir))
	if err != nil {
		return nil, err
	}
	for entry := range strings.Lines(string(text)) {
		if !strings.Contains(entry, tx) {
			continue
		}
		var audit struct {
			Transaction struct {
				ID string `json:"id"`
			} `json:"transaction"`
			Messages []struct {
				Line string `json:"error_message"`
			} `json:"messages"`
		}
		if err := json.Unmarshal([]byte(entry), &audit); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if audit.Transaction.ID != tx {
			continue
		}
		var lines []string
		for _, m := range audit.Messages {
			lines = append(lines, m.Line)
		}
		return lines, nil
	}
	return nil, fmt.Errorf("the audit log has no transaction %s", tx)
}
