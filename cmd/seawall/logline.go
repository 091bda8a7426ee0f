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

// What everybody who runs Seawall sees, and none can act on: README says why the
// library has that ABI version; the signal is our own.
var knownLine = regexp.MustCompile(`Dynamic module ABI version \S+ is deprecated|caught ENVOY_SIGTERM`)

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
	if knownLine.MatchString(line) {
		return "", false
	}
	if troubleLine.MatchString(line) || strings.Contains(line, "seawall") {
		return terminal.Printable(line), true
	}
	return "", false
}
