package filter_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

// sent is a request as a browser sends it.
func sent(path, body string, headers ...[2]string) *filter.Exchange {
	headers = append([][2]string{{"user-agent", "Mozilla/5.0"}, {"accept", "*/*"}}, headers...)
	r := filter.Request{Method: "GET", Path: path, Authority: "app.example.com", Protocol: "HTTP/1.1",
		Client: filter.Endpoint{Addr: netip.MustParseAddrPort("192.0.2.7:40000")},
		Headers: func(yield func(string, string) bool) {
			for _, h := range headers {
				if !yield(h[0], h[1]) {
					return
				}
			}
		}}
	if body != "" {
		r.Method = "POST"
		headers = append(headers, [2]string{"content-type", "application/x-www-form-urlencoded"}, [2]string{"content-length", strconv.Itoa(len(body))})
	}
	return &filter.Exchange{Request: r, Body: []byte(body)}
}

func explained(t *testing.T, document string, x *filter.Exchange) (*filter.Explainer, *filter.Explanation) {
	t.Helper()
	config, err := filter.ParseConfig([]byte(document))
	require.NoError(t, err)
	e := filter.NewExplainer(config)
	found, err := e.Explain(x)
	require.NoError(t, err)
	return e, found
}

func matchOf(t *testing.T, found *filter.Explanation, id int) *filter.RuleMatch {
	t.Helper()
	for _, m := range found.Matches {
		if m.ID == id {
			return m
		}
	}
	require.Fail(t, "no such match", "rule %d; there are %v", id, found.Rules)
	return nil
}

func TestExplainGivesTheGatewaysVerdictAndEveryPoint(t *testing.T) {
	x := sent("/comments", "comment=1%27+or+1%3D1--+&page=3")
	_, found := explained(t, "", x)
	config, err := filter.ParseConfig(nil)
	require.NoError(t, err)
	gateway, err := filter.NewEngine(config) // with its screen
	require.NoError(t, err)
	assert.Equal(t, gateway.Replay(x), found.Outcome)
	assert.Equal(t, "deny", found.Action)
	assert.Equal(t, []any{403, 949110, 2}, []any{found.Status, found.Rule, found.Phase})

	assert.Equal(t, []any{5, 5, 0}, []any{found.Ledger.Inbound.Score, found.Ledger.Inbound.Threshold, found.Ledger.Inbound.Unaccounted})
	assert.Equal(t, []filter.Entry{{Rule: 942100, Points: 5, Times: 1, Level: 1}}, found.Ledger.Inbound.By)
	require.Len(t, found.Ledger.Categories, 1)
	assert.Equal(t, "sql_injection_score", found.Ledger.Categories[0].Name)

	m := matchOf(t, found, 942100)
	assert.Equal(t, []any{"critical", 1, 5, true}, []any{m.Severity, m.Level, m.Points, m.Contributes()})
	assert.Regexp(t, `^@owasp_crs/REQUEST-942-.*\.conf:\d+$`, m.Place)
	require.Len(t, m.On, 1)
	assert.Equal(t, "ARGS:comment", m.On[0].Variable)
	assert.Equal(t, "fingerprint s&1c", m.On[0].How)
	blocked := matchOf(t, found, 949110)
	assert.True(t, blocked.Decided)
	assert.False(t, blocked.Contributes(), "it sums up what others found")
}

func TestExplainShowsTheValueBeforeItsTransformationsAndThePartThatMatched(t *testing.T) {
	const document = `directives: |
  SecRuleEngine On
  SecRequestBodyAccess On
  SecRule ARGS:rx "@rx evil\d" "id:1,phase:2,t:none,t:lowercase,t:removeWhitespace,deny"
  SecRule ARGS:pm "@pm bad badder" "id:2,phase:2,t:urlDecodeUni,deny"
  SecRule ARGS:bytes "@validateByteRange 32-126" "id:3,phase:2,deny"
  SecRule ARGS:multi "@streq AB" "id:4,phase:2,t:uppercase,t:lowercase,multiMatch,deny"
  SecRule &ARGS:count "@ge 2" "id:5,phase:2,deny"
  SecRule REQUEST_METHOD "@streq GET" "id:6,phase:2,chain,deny"
    SecRule ARGS:chain "!@rx ^\d+$" "t:trim"
  SecRule ARGS:end "@endsWith tail" "id:7,phase:2,deny"`
	type value struct{ before, after, part, how, operator string }
	for _, c := range []struct {
		query string
		rule  int
		link  int
		want  value
	}{
		{"rx=an+EVIL+9+day", 1, 0, value{"an EVIL 9 day", "anevil9day", "evil9", "", `@rx evil\d`}},
		{"pm=x%2562adder", 2, 0, value{"x%62adder", "xbadder", "badder", `word "badder"`, "@pm bad badder"}},
		{"bytes=ab%01c", 3, 0, value{"ab\x01c", "ab\x01c", "\x01", "", "@validateByteRange 32-126"}},
		{"multi=ab", 4, 0, value{"ab", "AB", "AB", "", "@streq AB"}},
		{"count=1&count=2", 5, 0, value{"2", "2", "", "", "@ge 2"}},
		{"chain=+x+", 6, 1, value{" x ", "x", "", "", `!@rx ^\d+$`}},
		{"end=a+tail", 7, 0, value{"a tail", "a tail", "tail", "", "@endsWith tail"}},
	} {
		t.Run(c.query, func(t *testing.T) {
			_, found := explained(t, document, sent("/?"+c.query, ""))
			assert.Equal(t, c.rule, found.Rule)
			m := matchOf(t, found, c.rule)
			assert.Equal(t, "directives (line "+strconv.Itoa(3+c.rule+max(0, c.rule-6))+")", m.Place)
			for _, v := range m.On {
				if v.Link == c.link {
					assert.Equal(t, c.want, value{v.Before, v.After, v.After[v.Start:v.End], v.How, v.Operator})
					return
				}
			}
			t.Error("no value of that link")
		})
	}
}

func TestExplainKeepsOfALongValueWhatMatched(t *testing.T) {
	const document = "directives: |\n  SecRuleEngine On\n  SecRule ARGS \"@contains needle\" \"id:1,phase:2,deny\"\n"
	for _, at := range []int{0, 300, 5000, 9994} {
		long := strings.Repeat("x", at) + "needle" + strings.Repeat("x", 9994-at)
		_, found := explained(t, document, sent("/?q="+long, ""))
		v := matchOf(t, found, 1).On[0]
		assert.Equal(t, "needle", v.After[v.Start:v.End], "at %d", at)
		assert.Less(t, len(v.After), 1000)
		assert.Less(t, len(v.Before), 1000)
	}
}

// A rule that denies in phase 1 hides what phase 2 would have found.
func TestExplainGoesOnBehindTheDenial(t *testing.T) {
	const document = `directives: |
  SecRule ARGS:token "@streq stolen" "id:1,phase:1,deny,status:401"
  Include @seawall.conf`
	_, found := explained(t, document, sent("/?token=stolen&q=1%27+or+1=1--+", ""))
	assert.Equal(t, []any{1, 1, 401, "deny"}, []any{found.Rule, found.Phase, found.Status, found.Action})
	assert.False(t, matchOf(t, found, 1).AfterDenial)
	assert.True(t, matchOf(t, found, 942100).AfterDenial)
	assert.True(t, matchOf(t, found, 1).Contributes(), "it looks at the request itself")
	assert.Equal(t, "On", found.Engine)
}

func TestExplainJudgesByTheHostsPolicyInItsOwnMode(t *testing.T) {
	const document = `
policies:
  strict: {directives: Include @seawall.conf}
  watch: {directives: ["Include @seawall.conf", "SecRuleEngine DetectionOnly"]}
  off: {directives: "SecRuleEngine Off"}
hosts: {watch.example.com: watch, off.example.com: off}
default_policy: strict`
	for _, c := range []struct{ host, action, policy, engine string }{
		{"app.example.com", "deny", "strict", "On"},
		{"WATCH.example.com:8443", "would_deny", "watch", "DetectionOnly"},
		{"off.example.com", "pass", "off", "Off"},
		{"no host", "deny", "", "On"},
	} {
		x := sent("/?q=1%27+or+1=1--+", "")
		x.Request.Authority = c.host
		e, found := explained(t, document, x)
		assert.Equal(t, c, struct{ host, action, policy, engine string }{c.host, found.Action, found.Policy, found.Engine})
		_, err := e.Time(x)
		assert.NoError(t, err, c.host)
	}
}

func TestExplainWritesNoAuditLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "audit.log")
	document := "directives: |\n  Include @seawall.conf\n  SecAuditEngine On\n  SecAuditLogParts ABZ\n  SecAuditLog " + log + "\n"
	e, found := explained(t, document, sent("/?q=1%27+or+1=1--+", ""))
	assert.True(t, found.Denied())
	_, err := e.Time(sent("/", ""))
	require.NoError(t, err)
	_, err = os.Stat(log)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestTimeCountsEachPhaseAndNamesTheDearestRules(t *testing.T) {
	e, _ := explained(t, "", sent("/", ""))
	timing, err := e.Time(sent("/?q=sea+wall", ""))
	require.NoError(t, err)
	assert.Positive(t, timing.Phases[0])
	assert.Positive(t, timing.Phases[1])
	assert.Zero(t, timing.Phases[3], "there was no response")
	assert.Greater(t, timing.Rules, 100)
	require.Len(t, timing.Dearest, 5)
	for i := range 4 {
		assert.GreaterOrEqual(t, timing.Dearest[i].Took, timing.Dearest[i+1].Took)
	}
}
