package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// eventLine is what shortEvent reads of Seawall's own record of an exchange.
type eventLine struct {
	Event   string `json:"event"`
	Action  string `json:"action"`
	ID      string `json:"tx_id"`
	Request struct {
		Method string `json:"method"`
		Path   string `json:"path"`
	} `json:"request"`
	Rules []struct {
		ID      int    `json:"id"`
		Message string `json:"msg"`
		Matched []struct {
			Variable string `json:"variable"`
		} `json:"matched"`
	} `json:"rules"`
}

// eventIn finds the JSON of an event, or of a fault, at the end of one of Envoy's
// log lines: "[2026-11-23 05:50:14.601][7020][warning][...] [...] {".
func eventIn(line string) (text string, event eventLine, ok bool) {
	start := strings.Index(line, "] {")
	if start < 0 {
		return "", event, false
	}
	text = line[start+2:]
	ok = json.Unmarshal([]byte(text), &event) == nil && (event.Event == "seawall" || event.Event == "seawall_error")
	return text, event, ok
}

// shortEvent is an event for people:
// "    deny GET /search: 942100 at ARGS:q SQL Injection ...; ... (id)".
func shortEvent(line string) (string, bool) {
	_, event, ok := eventIn(line)
	if !ok || event.Event != "seawall" {
		return "", false
	}
	rules := make([]string, len(event.Rules))
	for i, rule := range event.Rules {
		rules[i] = fmt.Sprint(rule.ID)
		for j, matched := range rule.Matched {
			rules[i] += []string{" at ", ", "}[min(j, 1)] + matched.Variable
		}
		rules[i] += " " + rule.Message
	}
	return fmt.Sprintf("    %s %s %s: %s (%s)", event.Action, event.Request.Method, event.Request.Path,
		strings.Join(rules, "; "), event.ID), true
}

// eventsFile keeps whole events, one line of JSON each. A nil one keeps nothing.
type eventsFile struct {
	file *os.File
	full bool // a write failed; it is told once
}

// openEvents opens a file to append to, readable by its owner only: events say
// what clients sent. "" opens none.
func openEvents(name string) (*eventsFile, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--events: %w", err)
	}
	return &eventsFile{file: file}, nil
}

// take keeps a line of Envoy's if it is an event. The error comes once.
func (e *eventsFile) take(line string) error {
	if e == nil || e.full {
		return nil
	}
	text, _, ok := eventIn(line)
	if !ok {
		return nil
	}
	if _, err := fmt.Fprintln(e.file, text); err != nil {
		e.full = true
		return fmt.Errorf("--events: %w; further events are not kept", err)
	}
	return nil
}

func (e *eventsFile) Close() {
	if e != nil {
		_ = e.file.Close()
	}
}
