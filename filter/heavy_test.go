package filter_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// heavy is a query whose many arguments make even phase 1 too much for the
// event thread, though its bytes are few.
var heavy = "/?" + strings.Repeat("a&", 510) + "a"

func TestAHeavyHeadIsJudgedOffTheEventThreadInBothPhases(t *testing.T) {
	e := engine(t, filtertest.Configs["rules"])
	for name, c := range map[string]struct {
		headers []string
		body    string
		details string // "" passes
		phase   any
	}{
		"Innocent":         {nil, "", "", nil},
		"InnocentWithBody": {nil, "b=1", "", nil},
		"Phase1":           {[]string{"x-phase-1", "evil"}, "", "seawall_denied{1101}", 1},
		"Phase1WithBody":   {[]string{"x-phase-1", "evil"}, "b=1", "seawall_denied{1101}", 1},
		"Phase2":           {[]string{"x-late", "evil"}, "", "seawall_denied{1102}", 2},
		"Body":             {nil, "b=evil", "seawall_denied{1102}", 2},
		"EngineOff":        {[]string{"x-do", "engine-off"}, "b=evil", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			tx := e.NewTransaction(newRecorder())
			defer tx.Close()
			r := post(append([]string{"content-type", formType}, c.headers...)...)
			r.Path = heavy
			v := tx.RequestHeaders(r, c.body == "")
			if c.body != "" {
				require.Equal(t, filter.Verdict{Action: filter.Hold}, v, "no rule runs before the body has ended")
				v = tx.RequestBody(chunk(c.body), true)
			}
			require.Equal(t, filter.Wait, v.Action)
			require.NotNil(t, v.Evaluate)
			v = v.Evaluate()
			if c.details == "" {
				assert.Equal(t, filter.Continue, v.Action)
				return
			}
			require.Equal(t, filter.Deny, v.Action)
			assert.Equal(t, c.details, v.Reply.Details)
			assert.Equal(t, c.phase, v.Metadata["phase"])
		})
	}
}

func TestAHeavyHeadDoesNotLowerTheBodysLimit(t *testing.T) {
	e := engine(t, filtertest.Configs["partial"]) // 1000 bytes
	tx := e.NewTransaction(newRecorder())
	defer tx.Close()
	r := post("content-type", "text/plain")
	r.Path = heavy
	require.Equal(t, filter.Hold, tx.RequestHeaders(r, false).Action)
	require.Equal(t, filter.Hold, tx.RequestBody(chunk(strings.Repeat("x", 5000)), false).Action, "a rule may yet raise the limit")
	v := tx.RequestBody(chunk("end"), true)
	require.NotNil(t, v.Evaluate)
	assert.Equal(t, filter.Continue, v.Evaluate().Action)
}

func TestAHeavyHeadOfATunnelIsStillATunnel(t *testing.T) {
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(newRecorder())
	defer tx.Close()
	v := tx.RequestHeaders(filter.Request{Method: "GET", Path: heavy, Authority: "a", Protocol: "HTTP/1.1", Headers: headers("upgrade", "websocket", "connection", "upgrade")}, false)
	require.NotNil(t, v.Evaluate)
	assert.Equal(t, filter.Continue, v.Evaluate().Action)
	assert.Equal(t, filter.Deny, tx.RequestBody(chunk("early"), false).Action)
}

// What a rule of phase 1 decides by a header, no trailer may decide, however
// heavy the head.
func TestTrailersNeverReachPhase1(t *testing.T) {
	e := engine(t, filtertest.Configs["rules"])
	for _, path := range []string{"/", heavy} {
		for _, trailer := range [][2]string{{"x-do", "allow"}, {"x-do", "engine-off"}, {"x-do", "status"}, {"x-phase-1", "evil"}} {
			tx := e.NewTransaction(newRecorder())
			r := post("content-type", formType)
			r.Path = path
			require.Equal(t, filter.Hold, tx.RequestHeaders(r, false).Action)
			require.Equal(t, filter.Hold, tx.RequestBody(chunk("b=evil"), false).Action)
			v := tx.RequestTrailers(headers(trailer[0], trailer[1]))
			if v.Evaluate != nil {
				v = v.Evaluate()
			}
			require.Equal(t, filter.Deny, v.Action, "%v", trailer)
			assert.Equal(t, "seawall_denied{1102}", v.Reply.Details, "%v", trailer)
			tx.Close()
		}
	}
}

func TestAHeavyHeadDoesNotMakeUninspectedBodiesCount(t *testing.T) {
	const (
		capped   = "request_body: {max_held_bytes: 4KiB}\n"
		budget   = "held_bytes_budget: 4KiB\n"
		rejects  = "  SecRequestBodyAccess On\n  SecRequestBodyLimitAction Reject\n"
		accesses = "  SecRequestBodyAccess On\n"
	)
	for name, c := range map[string]struct {
		options, rules string
		details        string // "" passes
		status         int
	}{
		"BodyAccessOff":      {options: capped, rules: "  SecRequestBodyAccess Off\n"},
		"EngineOff":          {options: capped, rules: accesses + "  SecAction \"id:1,phase:1,pass,ctl:ruleEngine=Off\"\n"},
		"DetectionOnly":      {options: capped, rules: accesses + "  SecRuleEngine DetectionOnly\n"},
		"BodyAccessOffTotal": {options: budget, rules: "  SecRequestBodyAccess Off\n"},
		// As where the head is light: the bound that was met answers.
		"Inspected":      {options: capped, rules: rejects, details: "seawall_denied{held_limit}", status: 413},
		"InspectedTotal": {options: budget, rules: rejects, details: "seawall_denied{held_budget}", status: 503},
		// A limit that phase 1 set below what is held is met first.
		"OwnLimit": {options: capped, rules: rejects + "  SecAction \"id:1,phase:1,pass,ctl:requestBodyLimit=1000\"\n",
			details: "seawall_denied{body_limit}", status: 413},
		"Phase1": {options: capped, rules: rejects + "  SecAction \"id:1,phase:1,deny\"\n", details: "seawall_denied{1}", status: 403},
	} {
		t.Run(name, func(t *testing.T) {
			tx := engine(t, c.options+"directives: |\n  SecRuleEngine On\n"+c.rules).NewTransaction(newRecorder())
			defer tx.Close()
			r := post("content-type", "text/plain")
			r.Path = heavy
			v := tx.RequestHeaders(r, false)
			require.Equal(t, filter.Hold, v.Action)
			body := strings.Repeat("x", 5000)
			v = tx.RequestBody(chunk(body), false)
			require.NotNil(t, v.Evaluate)
			require.Len(t, bytes.Join(v.Release, nil), len(body))
			assert.NotZero(t, filter.HeldBytes(), "what waits for its evaluation counts")
			v = v.Evaluate()
			assert.Zero(t, filter.HeldBytes())
			if c.details != "" {
				require.Equal(t, filter.Deny, v.Action)
				assert.Equal(t, c.details, v.Reply.Details)
				assert.Equal(t, c.status, v.Reply.Status)
				return
			}
			assert.Equal(t, filter.Continue, v.Action)
			assert.Equal(t, filter.Verdict{}, tx.RequestBody(chunk("rest"), true))
		})
	}
}
