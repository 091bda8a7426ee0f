package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

// accessLine is what worthShowing reads of the bootstrap's access log.
type accessLine struct {
	Method   string `json:"method"`
	Path     string `json:"path"`
	Status   int    `json:"status"`
	Details  string `json:"details"`
	Duration int    `json:"duration_ms"`
}

// [2026-11-23 05:50:14.601][7020][critical][main] [source/server/...] text
var troubleLine = regexp.MustCompile(`^\[[^]]*\]\[\d+\]\[(warning|error|critical)\]`)

// eventLine is what worthShowing reads of Seawall's own record of an exchange.
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
	} `json:"rules"`
}

// worthShowing shortens a line of the access log or an event of Seawall's, and lets
// Envoy's warnings and whatever else speaks of Seawall pass as they are. Other
// lines are not shown.
// Nothing that a client sent reaches the terminal raw.
func worthShowing(line string) (string, bool) {
	if strings.HasPrefix(line, "{") {
		var access accessLine
		if json.Unmarshal([]byte(line), &access) == nil && access.Method != "" {
			text := fmt.Sprintf("%d %s %s %d ms", access.Status, access.Method, access.Path, access.Duration)
			if access.Details != "via_upstream" {
				text += " " + access.Details
			}
			return terminal.Printable(text), true
		}
	}
	if text, ok := shortEvent(line); ok {
		return terminal.Printable(text), true
	}
	if troubleLine.MatchString(line) || strings.Contains(line, "seawall") {
		return terminal.Printable(line), true
	}
	return "", false
}

// shortEvent finds the JSON of an event at the end of one of Envoy's log lines:
// "    deny GET /search: 942100 SQL Injection ...; ... (id)".
func shortEvent(line string) (string, bool) {
	start := strings.Index(line, "] {")
	if start < 0 {
		return "", false
	}
	var event eventLine
	if json.Unmarshal([]byte(line[start+2:]), &event) != nil || event.Event != "seawall" {
		return "", false
	}
	rules := make([]string, len(event.Rules))
	for i, rule := range event.Rules {
		rules[i] = fmt.Sprintf("%d %s", rule.ID, rule.Message)
	}
	return fmt.Sprintf("    %s %s %s: %s (%s)", event.Action, event.Request.Method, event.Request.Path,
		strings.Join(rules, "; "), event.ID), true
}
