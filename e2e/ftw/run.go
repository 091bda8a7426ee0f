package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// connections are open at a time; more do not make two cores faster.
const connections = 8

// A result is how one test ended.
type result struct {
	Test   string    `json:"test"`
	File   string    `json:"file"`
	Class  string    `json:"class"`
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
			return finding{Class: inexpressible, Expect: st.expect.Log, Cause: x.malform.Error()}, nil
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
	x.arrived = d.backend.take(port)
	if err != nil {
		return finding{}, fmt.Errorf("sending: %w", err)
	}
	if lost != nil {
		return finding{}, lost
	}
	x.record = record
	for tx, e := range record.events {
		for _, r := range e.Rules {
			x.observed.add(r.ID, "")
		}
		if audited {
			lines, err := d.auditLines(tx)
			if err != nil {
				return finding{}, err
			}
			x.observed.lines = append(x.observed.lines, lines...)
		}
	}
	return x.judge(s), nil
}

// auditLines returns the log line of each match of a transaction whose event has
// been seen: its audit entry was written before.
func (d *door) auditLines(tx string) ([]string, error) {
	text, err := os.ReadFile(d.auditLog())
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
