package filter_test

import (
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
