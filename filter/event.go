package filter

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
)

// The actions that events and dynamic metadata report.
const (
	actionPassed    = "pass"
	actionDenied    = "deny"
	actionWouldDeny = "would_deny" // SecRuleEngine DetectionOnly
	actionFaulted   = "fault"      // passed under on_error: open
)

// record gathers what the event and the metadata say about an exchange. Its
// strings are copies.
type record struct {
	method, host, path, protocol, requestID string
	client                                  Endpoint
	status                                  int // the upstream's, 0 before it
	action                                  string
	phase                                   int       // that denied
	at                                      time.Time // when action, or fault, was decided; zero: no such moment
	denial                                  denial
	wouldDeny                               bool
	fault                                   error
	matches                                 []match
	from                                    types.Transaction // that matches are of
	collected                               int               // its matched rules, those without a log too
	scores                                  map[string]int
	withData                                bool
}

// match is one rule that matched and was meant to be logged.
type match struct {
	ID       int     `json:"id"`
	Phase    int     `json:"phase"`
	Severity string  `json:"severity,omitempty"`
	Message  string  `json:"msg,omitempty"`
	File     string  `json:"file,omitempty"`
	Line     int     `json:"line,omitempty"`
	On       []datum `json:"matched,omitempty"`
}

// datum is one variable that a rule matched on.
type datum struct {
	Variable string `json:"variable"`
	Value    string `json:"value,omitempty"`
}

func (r *record) begin(q *Request, withData bool) {
	r.withData = withData
	r.method = strings.Clone(q.Method)
	r.host = strings.Clone(q.Authority)
	r.protocol = strings.Clone(q.Protocol)
	r.requestID = strings.Clone(q.RequestID)
	r.client = q.Client
	path, _, _ := strings.Cut(q.Path, "?") // a query may hold secrets
	r.path = strings.Clone(path)
	r.action = actionPassed
}

func (r *record) denied(phase int, d denial) {
	r.action, r.phase, r.denial, r.at = actionDenied, phase, d, time.Now()
}

// noteWouldDeny records the interruption that DetectionOnly held back.
func (t *Transaction) noteWouldDeny() {
	d, ok := engineOf(t.tx).(interface {
		DetectionOnlyInterruption() *types.Interruption
	})
	if !ok || t.record.wouldDeny {
		return
	}
	if it := d.DetectionOnlyInterruption(); it != nil {
		t.record.wouldDeny, t.record.at = true, time.Now()
		t.record.action, t.record.phase, t.record.denial = actionWouldDeny, t.phase, denialOf(it)
	}
}

// collect reads the engine's matches and scores; the last call wins. Where no rule
// has matched since the last one, nothing has changed.
func (r *record) collect(tx types.Transaction, places map[int]source) {
	matched := tx.MatchedRules()
	if from := engineOf(tx); from != r.from || len(matched) != r.collected {
		r.from, r.collected = from, len(matched)
	} else {
		return
	}
	r.matches = r.matches[:0]
	for _, m := range matched {
		if l, ok := m.(interface{ Log() bool }); !ok || !l.Log() {
			continue // control rules: CRS has some 75 that match on every request
		}
		rule := m.Rule()
		e := match{ID: rule.ID(), Phase: int(rule.Phase()), Severity: rule.Severity().String(),
			Message: printable(r.message(m, places[rule.ID()].macro), 200)}
		if e.Severity == "unknown" {
			e.Severity = ""
		}
		e.File, e.Line = places[e.ID].file, places[e.ID].line
		for _, d := range m.MatchedDatas() {
			e.On = append(e.On, r.datum(d))
			if len(e.On) == maxMatched {
				break
			}
		}
		r.matches = append(r.matches, e)
	}
	if len(r.matches) > 0 {
		r.scores = scores(tx)
	}
}

// macro matches what a rule's msg takes from the exchange, CRS's scores apart.
var macro = regexp.MustCompile(`(?i)msg:'[^']*%\{[^}]*\}`)

// message is a rule's message. One that the rule fills with what it matched
// shows only the fixed part where that is a secret, or nothing is to be shown.
func (r *record) message(m types.MatchedRule, written string) string {
	if written == "" || strings.Contains(strings.ToLower(written), "score") {
		return m.Message()
	}
	hidden := !r.withData
	if strings.Contains(strings.ToUpper(written), "%{MATCHED_VAR") {
		for _, d := range m.MatchedDatas() {
			hidden = hidden || secret(d.Variable().Name(), d.Key())
		}
	}
	if !hidden {
		return m.Message()
	}
	fixed, _, _ := strings.Cut(written[len("msg:'"):], "%{")
	return fixed + "..."
}

// maxMatched bounds an event's size: one rule may match on a thousand arguments.
const maxMatched = 5

func (r *record) datum(d types.MatchData) datum {
	e := datum{Variable: d.Variable().Name()}
	if d.Key() != "" {
		e.Variable += ":" + printable(d.Key(), 60)
	}
	if r.withData && !secret(d.Variable().Name(), d.Key()) {
		e.Value = printable(d.Value(), 120)
	}
	return e
}

// shown are the variables whose values events may hold: one field each, never a
// whole message (a body, a query, XML), which may have a secret anywhere.
var shown = map[string]bool{
	"ARGS": true, "ARGS_GET": true, "ARGS_POST": true, "ARGS_PATH": true,
	"ARGS_NAMES": true, "ARGS_GET_NAMES": true, "ARGS_POST_NAMES": true,
	"REQUEST_HEADERS": true, "REQUEST_HEADERS_NAMES": true, "REQUEST_COOKIES_NAMES": true,
	"REQUEST_FILENAME": true, "REQUEST_BASENAME": true, "REQUEST_METHOD": true, "REQUEST_PROTOCOL": true,
	"FILES": true, "FILES_NAMES": true, "MULTIPART_PART_HEADERS": true,
	"RESPONSE_HEADERS": true, "RESPONSE_STATUS": true, "REMOTE_ADDR": true,
}

// secretKey matches names of headers and arguments whose values are, or hold,
// credentials: a Referer and a Location have a query of their own.
var secretKey = regexp.MustCompile(`(?i)pass|pwd|secret|token|auth|session|api[-_]?key|credential|cookie|jwt|bearer|` +
	`signature|otp|card|cvv|cvc|iban|ssn|referer|location|(^|[-_.])(pin|sid|sig|key|code)([-_.]|$)`)

// secret reports whether a variable's value must stay out of logs.
func secret(variable, key string) bool {
	return !shown[variable] || secretKey.MatchString(key)
}

// points are CRS's settings of what a match of each severity costs, no scores.
var points = map[string]bool{"critical_anomaly_score": true, "error_anomaly_score": true,
	"warning_anomaly_score": true, "notice_anomaly_score": true}

// scores returns CRS's anomaly scores, by their TX names, that are not zero.
func scores(tx types.Transaction) map[string]int {
	state, ok := engineOf(tx).(plugintypes.TransactionState)
	if !ok {
		return nil
	}
	var found map[string]int
	for _, m := range state.Variables().TX().FindAll() {
		if !strings.HasSuffix(m.Key(), "_score") && !strings.Contains(m.Key(), "_anomaly_score_pl") || points[m.Key()] {
			continue
		}
		if n, err := strconv.Atoi(m.Value()); err == nil && n != 0 {
			if found == nil {
				found = make(map[string]int)
			}
			found[printable(m.Key(), 60)] = n
		}
	}
	return found
}

// metadata is what access logs and later filters see of the verdict so far.
func (t *Transaction) metadata() map[string]any {
	r := &t.record
	m := map[string]any{"action": r.action, "policy": t.policy, "tx_id": t.id, "took_us": int(t.took.Microseconds())}
	if t.tx != nil && !t.busy {
		r.collect(t.tx, t.set.places)
	}
	if len(r.matches) > 0 {
		ids := make([]string, len(r.matches))
		for i, e := range r.matches {
			ids[i] = strconv.Itoa(e.ID)
		}
		m["rule_ids"] = strings.Join(ids, ",")
		m["score_inbound"] = r.scores["blocking_inbound_anomaly_score"]
		m["score_outbound"] = r.scores["blocking_outbound_anomaly_score"]
	}
	if r.phase > 0 {
		m["phase"] = r.phase
		m["rule_id"] = r.denial.rule
	}
	return m
}

// line is the exchange's event as one line of JSON; empty where nothing
// happened that is worth a line.
func (r *record) line(id, policy string, took time.Duration) string {
	if len(r.matches) == 0 && r.action == actionPassed && r.fault == nil || r.action == "" {
		return ""
	}
	if r.fault != nil && r.action == actionPassed {
		r.action = actionFaulted
	}
	if r.at.IsZero() {
		r.at = time.Now()
	}
	e := map[string]any{
		"event":   "seawall",
		"time":    stamp(r.at),
		"tx_id":   id,
		"action":  r.action,
		"policy":  policy,
		"took_us": took.Microseconds(),
		"client":  map[string]any{"address": printable(r.client.host(), 120), "port": r.client.port()},
		"request": map[string]any{"method": printable(r.method, 40), "host": printable(r.host, 260),
			"path": printable(r.path, 400), "protocol": r.protocol},
	}
	if r.requestID != "" {
		e["request_id"] = printable(r.requestID, 80)
	}
	if r.status != 0 {
		e["upstream_status"] = r.status
	}
	if r.phase > 0 || r.action == actionDenied {
		e["phase"], e["status"], e["details"] = r.phase, r.denial.status, r.denial.details()
	}
	if r.denial.rule != 0 {
		e["rule_id"] = r.denial.rule
	}
	if len(r.matches) > 0 {
		e["rules"] = r.matches
	}
	if len(r.scores) > 0 {
		e["scores"] = r.scores
	}
	if r.fault != nil {
		e["error"] = printable(r.fault.Error(), 400)
	}
	return encode(e)
}

func faultLine(id, policy string, phase int, err error) string {
	return encode(map[string]any{"event": "seawall_error", "time": stamp(time.Now()), "tx_id": id, "policy": policy, "phase": phase,
		"error": printable(err.Error(), 400)})
}

// stamp is a moment in RFC 3339, in UTC: Envoy's log lines have no zone, and what
// collects them cuts them off.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

func encode(e map[string]any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return fmt.Sprintf(`{"event":"seawall_error","error":%q}`, "encoding an event: "+err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// printable makes a client's bytes fit for a log line and a terminal: at most
// limit bytes of s, with everything that does not print as \x.. or \u.....
func printable(s string, limit int) string {
	cut := len(s) > limit
	if cut {
		s = s[:limit]
	}
	clean := func(r rune) bool { return r != unicode.ReplacementChar && unicode.IsPrint(r) }
	if !cut && strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case clean(r):
			b.WriteRune(r)
		case r == unicode.ReplacementChar || r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	if cut {
		b.WriteString("...")
	}
	return b.String()
}
