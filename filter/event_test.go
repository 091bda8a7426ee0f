package filter_test

import (
	"io/fs"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/filter/filtertest"
	"github.com/seawall-waf/seawall/rules"
)

func TestInnocentExchangeLogsNothing(t *testing.T) {
	h := newRecorder()
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(h)
	v := tx.RequestHeaders(post(), true)
	tx.Close()
	assert.Empty(t, h.lines)
	assert.Equal(t, "pass", v.Metadata["action"])
	assert.Equal(t, "default", v.Metadata["policy"])
	assert.Len(t, v.Metadata["tx_id"], 24)
}

func TestEventSaysWhyARequestWasBlocked(t *testing.T) {
	h := newRecorder()
	tx := engine(t, `{}`).NewTransaction(h)
	r := filter.Request{Method: "GET", Path: "/search?id=1%27%20or%201=1--%20", Authority: "shop.example.com", Protocol: "HTTP/2",
		Headers: headers("user-agent", "curl/8", "accept", "*/*"), RequestID: "abc",
		Client: filter.Endpoint{Addr: netip.MustParseAddrPort("192.0.2.7:4711")}}
	v := tx.RequestHeaders(r, true)
	tx.Close()
	require.Equal(t, filter.Deny, v.Action)
	assert.Equal(t, 949110, v.Metadata["rule_id"])
	assert.Equal(t, 2, v.Metadata["phase"])
	assert.Contains(t, v.Metadata["rule_ids"], "942100")
	assert.Equal(t, 5, v.Metadata["score_inbound"])

	events := h.events(t)
	require.Len(t, events, 1)
	e := events[0]
	assert.Equal(t, "deny", e["action"])
	assert.Equal(t, v.Metadata["tx_id"], e["tx_id"], "the block ID finds the event")
	assert.EqualValues(t, 949110, e["rule_id"])
	assert.Equal(t, map[string]any{"method": "GET", "host": "shop.example.com", "path": "/search", "protocol": "HTTP/2"}, e["request"])
	assert.Equal(t, map[string]any{"address": "192.0.2.7", "port": float64(4711)}, e["client"])
	assert.Equal(t, "abc", e["request_id"])
	assert.EqualValues(t, 5, e["scores"].(map[string]any)["blocking_inbound_anomaly_score"])
	first := e["rules"].([]any)[0].(map[string]any)
	assert.EqualValues(t, 942100, first["id"])
	assert.Equal(t, "ARGS:id", first["matched"].([]any)[0].(map[string]any)["variable"])
	assert.Equal(t, "@owasp_crs/REQUEST-942-APPLICATION-ATTACK-SQLI.conf", first["file"])
	source, err := fs.ReadFile(rules.FS(), first["file"].(string))
	require.NoError(t, err)
	lines := strings.Split(string(source), "\n")
	at := int(first["line"].(float64))
	assert.Contains(t, strings.Join(lines[at-1:at+3], ""), "942100", "the line is the file's own, where the rule begins")
}

func TestDetectionOnlyReportsWhatItWouldDeny(t *testing.T) {
	h := newRecorder()
	tx := engine(t, filtertest.Configs["detect"]).NewTransaction(h)
	v := tx.RequestHeaders(post("x-phase-1", "evil"), true)
	tx.Close()
	assert.Equal(t, filter.Continue, v.Action)
	assert.Equal(t, "would_deny", v.Metadata["action"])
	assert.Equal(t, 1101, v.Metadata["rule_id"])
	assert.Equal(t, 1, h.counts[filter.CounterWouldDeny])
	assert.Zero(t, h.counts[filter.CounterDenied])
	assert.Equal(t, "would_deny", h.events(t)[0]["action"])
}

// hostile is what a client may put into anything that is logged.
const hostile = "\r\n{\"event\":\"seawall\"}\x1b[31m\u009b31m\u2028\u202e\xff\"'"

func TestLoggedFieldsCannotForgeALine(t *testing.T) {
	h := newRecorder()
	tx := engine(t, filtertest.Configs["rules"]).NewTransaction(h)
	tx.RequestHeaders(filter.Request{Method: "GET" + hostile, Path: "/" + hostile + "?q=evil", Authority: "a" + hostile, Protocol: "HTTP/1.1",
		Headers: headers("x-late", "evil"+hostile), RequestID: hostile, Client: filter.Endpoint{Name: "@" + hostile}}, true)
	tx.Close()
	require.Len(t, h.events(t), 1)
	for _, r := range h.lines[0] {
		assert.False(t, r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u202e' || r == '\ufffd', "%U in a log line", r)
	}
}

func TestSecretsStayOutOfEvents(t *testing.T) {
	h := newRecorder()
	tx := engine(t, `{}`).NewTransaction(h)
	const secret = "hunter2secret"
	attack := "1' or 1=1-- " + secret
	v := tx.RequestHeaders(filter.Request{Method: "POST", Path: "/login?token=" + secret, Authority: "a.example", Protocol: "HTTP/1.1",
		Headers: headers("user-agent", "curl/8", "accept", "*/*", "content-type", formType, "authorization", "Bearer "+attack,
			"cookie", "sid="+attack, "x-api-key", attack)}, false)
	require.Equal(t, filter.Hold, v.Action)
	v = tx.RequestBody(chunk("user=ada&password="+attack+"&comment="+"1' or 1=1-- "), true)
	require.Equal(t, filter.Deny, v.Action)
	tx.Close()
	line := strings.Join(h.lines, "")
	assert.NotContains(t, line, secret)
	assert.Contains(t, line, "ARGS:password", "which variable matched is said all the same")
	assert.Contains(t, line, "1' or 1=1", "and the value, where it is no secret")
}

func TestSecretsInOtherPlacesStayOutOfEvents(t *testing.T) {
	const secret = "hunter2secret"
	attack := secret + "' or 1=1-- "
	for name, c := range map[string]struct {
		header []string
		body   string
	}{
		"XML":     {[]string{"content-type", "text/xml"}, "<login><password>" + attack + "</password></login>"},
		"JSON":    {[]string{"content-type", "application/json"}, `{"user":{"password":"` + attack + `"}}`},
		"Referer": {[]string{"content-type", formType, "referer", "https://a.example/?token=" + attack}, "a=1' or 1=1-- "},
		"JWT":     {[]string{"content-type", formType, "x-jwt", attack}, "a=1' or 1=1-- "},
		"PIN":     {[]string{"content-type", formType}, "pin=" + attack},
		"Card":    {[]string{"content-type", formType}, "card_number=" + attack},
		"Code":    {[]string{"content-type", formType}, "code=" + attack},
		"Upload":  {[]string{"content-type", "multipart/form-data; boundary=b"}, "--b\r\ncontent-disposition: form-data; name=\"password\"\r\n\r\n" + attack + "\r\n--b--\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newRecorder()
			tx := engine(t, "request_body: {offload_bytes: 0}").NewTransaction(h)
			tx.RequestHeaders(post(append([]string{"user-agent", "curl/8", "accept", "*/*"}, c.header...)...), false)
			require.Equal(t, filter.Deny, tx.RequestBody(chunk(c.body), true).Action)
			tx.Close()
			assert.NotContains(t, strings.Join(h.lines, ""), secret)
		})
	}
}

func TestAMessagesMacroDoesNotBringASecret(t *testing.T) {
	h := newRecorder()
	tx := engine(t, "directives: |\n  SecRuleEngine On\n  SecRule REQUEST_HEADERS:Authorization \"@contains evil\" \"id:1,phase:1,deny,log,msg:'bad %{MATCHED_VAR}'\"\n").NewTransaction(h)
	tx.RequestHeaders(post("authorization", "Bearer evil-hunter2"), true)
	tx.Close()
	require.Len(t, h.events(t), 1)
	assert.NotContains(t, h.lines[0], "hunter2")
	assert.Contains(t, h.lines[0], `"msg":"bad ..."`)
}

func TestAMessagesMacroIsShownWhereItIsNoSecret(t *testing.T) {
	for doc, want := range map[string]string{"": `"msg":"at /p"`, "log_matched_data: false\n": `"msg":"at ..."`} {
		h := newRecorder()
		tx := engine(t, doc+"directives: |\n  SecRuleEngine On\n  SecAction \"id:1,phase:1,pass,log,msg:'at %{REQUEST_FILENAME}'\"\n").NewTransaction(h)
		tx.RequestHeaders(filter.Request{Method: "GET", Path: "/p", Authority: "a", Protocol: "HTTP/1.1", Headers: headers()}, true)
		tx.Close()
		require.Len(t, h.events(t), 1)
		assert.Contains(t, h.lines[0], want)
	}
}

func TestMatchedDataCanBeLeftOut(t *testing.T) {
	h := newRecorder()
	tx := engine(t, "log_matched_data: false").NewTransaction(h)
	tx.RequestHeaders(filter.Request{Method: "GET", Path: "/?q=%3Cscript%3Ealert(1)%3C/script%3E", Authority: "a.example", Protocol: "HTTP/1.1", Headers: headers("accept", "*/*")}, true)
	tx.Close()
	require.NotEmpty(t, h.lines)
	assert.NotContains(t, strings.Join(h.lines, ""), "alert(")
}

func TestTransactionIDIsNeverTheClients(t *testing.T) {
	seen := map[any]bool{}
	e := engine(t, filtertest.Configs["rules"])
	for range 100 {
		tx := e.NewTransaction(newRecorder())
		r := post("x-request-id", "../../etc/passwd")
		r.RequestID = "../../etc/passwd"
		id := tx.RequestHeaders(r, true).Metadata["tx_id"]
		assert.Regexp(t, `^[0-9A-HJKMNP-TV-Z]{24}$`, id)
		assert.False(t, seen[id], "IDs do not repeat")
		seen[id] = true
		tx.Close()
	}
}

// Envoy's own lines have no zone, and what collects them cuts them off. The moment is
// the decision's: the stream may go on for minutes.
func TestAnEventSaysWhenItsDecisionWasMade(t *testing.T) {
	for name, tc := range map[string]struct{ config, action string }{
		"denied":           {filtertest.Configs["rules"], "deny"},
		"would be":         {filtertest.Configs["detect"], "would_deny"},
		"no such decision": {`{"directives": "SecRuleEngine On\nSecRule REQUEST_HEADERS:x-phase-1 \"evil\" \"id:1,phase:1,pass,log,msg:'m'\""}`, "pass"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newRecorder()
			tx := engine(t, tc.config).NewTransaction(h)
			before := time.Now().Truncate(time.Millisecond)
			tx.RequestHeaders(post("x-phase-1", "evil"), true)
			after := time.Now()
			for !time.Now().Truncate(time.Millisecond).After(after) { // the end can be told from the decision
				runtime.Gosched()
			}
			tx.Close()
			e := h.events(t)[0]
			require.Equal(t, tc.action, e["action"])
			require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, e["time"])
			at, err := time.Parse(time.RFC3339, e["time"].(string))
			require.NoError(t, err)
			assert.False(t, at.Before(before), "%s, not before %s", at, before)
			if tc.action == "pass" {
				assert.True(t, at.After(after), "where nothing was decided, the end of the exchange")
			} else {
				assert.False(t, at.After(after), "%s, not after %s", at, after)
			}
		})
	}
}
