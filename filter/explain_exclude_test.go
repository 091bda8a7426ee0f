package filter_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

// Each form lets pass what it says, and nothing else.
func TestExclusionsAreAsNarrowAsTheySay(t *testing.T) {
	const attack = "1%27+or+1%3D1--+"
	legitimate := sent("/comments", "comment="+attack)
	otherPath := sent("/search", "comment="+attack)
	otherTarget := sent("/comments", "title="+attack)
	e, found := explained(t, "", legitimate)
	m := matchOf(t, found, 942100)
	require.Equal(t, []string{"ARGS:comment"}, m.Targets())
	for _, c := range []struct {
		form                   filter.Form
		otherPath, otherTarget string
	}{
		{filter.TargetAtPath, "deny", "deny"},
		{filter.Target, "pass", "deny"},
		{filter.RuleAtPath, "deny", "pass"},
	} {
		t.Run(string(c.form), func(t *testing.T) {
			exclusion, ok := filter.NewExclusion(c.form, m.ID, m.Targets(), found.Path, 10001)
			require.True(t, ok)
			engine, err := e.Try("app.example.com", []filter.Exclusion{exclusion})
			require.NoError(t, err)
			for _, s := range []struct {
				what string
				x    *filter.Exchange
				want string
			}{
				{"the request", legitimate, "pass"}, {"another path", otherPath, c.otherPath}, {"another argument", otherTarget, c.otherTarget},
			} {
				assert.Equal(t, s.want, engine.Replay(s.x).Action, s.what)
				assert.Equal(t, s.want, gatewayWith(t, []filter.Exclusion{exclusion}).Replay(s.x).Action, "%s, at the gateway", s.what)
			}
		})
	}
}

// gatewayWith is what the gateway makes of exclusions that its owner has put where
// they belong; with its screen.
func gatewayWith(t *testing.T, exclusions []filter.Exclusion) *filter.Engine {
	t.Helper()
	before, after := "", ""
	for _, e := range exclusions {
		if e.Form.Before() {
			before += e.SecLang
		} else {
			after += e.SecLang
		}
	}
	config, err := filter.ParseConfig(nil)
	require.NoError(t, err)
	config.Policies[config.DefaultPolicy].Snippets = []filter.Snippet{{Text: before + "Include @seawall.conf\n" + after, Key: "directives"}}
	engine, err := filter.NewEngine(config)
	require.NoError(t, err)
	return engine
}

// An element's place in an array is no name: the exclusion is for all of them.
func TestTargetsOfStructuredBodies(t *testing.T) {
	const attack = "1 or 1=1 union select 1,2 from users--"
	post := func(contentType, body string) *filter.Exchange {
		x := sent("/api", "")
		x.Request.Method, x.Body = "POST", []byte(body)
		x.Request.Headers = func(yield func(string, string) bool) {
			_ = yield("user-agent", "x") && yield("accept", "*/*") && yield("content-type", contentType) && yield("content-length", strconv.Itoa(len(body)))
		}
		return x
	}
	for _, c := range []struct{ name, contentType, body, target, same, other string }{
		{"array", "application/json", `{"Items":[{"name":"x"},{"name":"` + attack + `"}]}`, `ARGS:/^json\.items\.\d+\.name$/`,
			`{"Items":[{"name":"` + attack + `"}]}`, `{"Items":[{"names":"` + attack + `"}]}`},
		{"array of strings", "application/json", `["` + attack + `"]`, `ARGS:/^json\.\d+$/`, `["x","` + attack + `"]`, `{"x":"` + attack + `"}`},
		{"object", "application/json", `{"a":{"b":"` + attack + `"}}`, "ARGS:json.a.b", `{"a":{"b":"` + attack + ` x"}}`, `{"a":"` + attack + `"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := post(c.contentType, c.body)
			e, found := explained(t, "", x)
			require.True(t, found.Denied())
			for _, form := range []filter.Form{filter.TargetAtPath, filter.Target} {
				var exclusions []filter.Exclusion
				for i, m := range found.Contributors() {
					assert.Equal(t, []string{c.target}, m.Targets())
					exclusion, ok := filter.NewExclusion(form, m.ID, m.Targets(), found.Path, 10001+i)
					require.True(t, ok)
					exclusions = append(exclusions, exclusion)
				}
				engine, err := e.Try("app.example.com", exclusions)
				require.NoError(t, err)
				gateway := gatewayWith(t, exclusions)
				for body, want := range map[string]string{c.body: "pass", c.same: "pass", c.other: "deny"} {
					assert.Equal(t, want, engine.Replay(post(c.contentType, body)).Action, "%s of %s", form, body)
					assert.Equal(t, want, gateway.Replay(post(c.contentType, body)).Action, "%s of %s, at the gateway", form, body)
				}
			}
		})
	}
}

// An exclusion is pasted into a rule file: nothing that a client chose may end its
// quotes, add an action or widen it.
func TestWhatAClientNamedNeverBecomesSecLang(t *testing.T) {
	for _, target := range []string{
		`ARGS:a"`, "ARGS:a'", "ARGS:a,ctl:ruleEngine=Off", "ARGS:a|!ARGS", "ARGS:a b", "ARGS:a\nSecRuleEngine Off",
		"ARGS:/.*/", "ARGS:/^.*$/", "ARGS:/^a|b$/", "ARGS:a;b", `ARGS:a\`, "ARGS:%{tx.x}", "ARGS:", "args:x",
		"ARGS", "ARGS_GET", "ARGS_POST", "ARGS_NAMES", "ARGS_GET_NAMES", "ARGS_POST_NAMES", "REQUEST_COOKIES", "REQUEST_COOKIES_NAMES",
		"REQUEST_HEADERS", "REQUEST_HEADERS_NAMES", "RESPONSE_HEADERS", "FILES", "FILES_NAMES", "MULTIPART_PART_HEADERS", "REQUEST_XML", "JSON", "MADE_UP",
	} {
		for _, form := range []filter.Form{filter.Target, filter.TargetAtPath} {
			_, ok := filter.NewExclusion(form, 1, []string{"ARGS:fine", target}, "/", 10001)
			assert.False(t, ok, "%s of %q", form, target)
		}
	}
	for _, path := range []string{`/a"`, "/a\n", `/a\`, "/%{tx.x}", "/a'b", "", "a", "/a b", "/ä"} {
		for _, form := range []filter.Form{filter.RuleAtPath, filter.TargetAtPath} {
			_, ok := filter.NewExclusion(form, 1, []string{"ARGS:fine"}, path, 10001)
			assert.False(t, ok, "%s of %q", form, path)
		}
	}
}

// The engine names a field with an empty name as it names all of its kind.
func TestAFieldWithoutANameHasNoExclusionByTarget(t *testing.T) {
	const attack = "1%27+or+1%3D1--+"
	for name, c := range map[string]struct {
		x          *filter.Exchange
		collection string
	}{
		"an argument of a query": {sent("/?="+attack, ""), "ARGS"},
		"an argument of a form":  {sent("/", "="+attack), "ARGS"},
		"one of two":             {sent("/?q="+attack+"&="+attack, ""), "ARGS"},
		"a cookie":               {sent("/", "", [2]string{"cookie", "=1' or 1=1--"}), "REQUEST_COOKIES"},
	} {
		t.Run(name, func(t *testing.T) {
			_, found := explained(t, "", c.x)
			m := matchOf(t, found, 942100)
			assert.Equal(t, []string{c.collection}, m.Nameless())
			for _, form := range []filter.Form{filter.Target, filter.TargetAtPath} {
				_, ok := filter.NewExclusion(form, m.ID, m.Targets(), found.Path, 10001)
				assert.False(t, ok, "%s of %v", form, m.Targets())
			}
		})
	}
	_, found := explained(t, "", sent("/?q="+attack, ""))
	assert.Empty(t, matchOf(t, found, 942100).Nameless())
}

// A variable that is one value has no fields to tell apart.
func TestASingleVariableIsItsOwnName(t *testing.T) {
	for _, target := range []string{"REQUEST_URI", "REQUEST_URI_RAW", "QUERY_STRING", "REQUEST_BODY", "REQUEST_LINE", "REQUEST_FILENAME",
		"REQUEST_BASENAME", "REQUEST_METHOD", "REQUEST_PROTOCOL", "RESPONSE_BODY", "RESPONSE_STATUS"} {
		for _, form := range []filter.Form{filter.Target, filter.TargetAtPath} {
			_, ok := filter.NewExclusion(form, 1, []string{target}, "/", 10001)
			assert.True(t, ok, "%s of %s", form, target)
		}
	}
}

func TestContributorsLeaveOutWhatOnlyDetects(t *testing.T) {
	const document = `directives: |
  SecAction "id:900000,phase:1,pass,nolog,t:none,setvar:tx.detection_paranoia_level=2"
  Include @seawall.conf`
	_, found := explained(t, document, sent("/?q=1%27+or+1=1--+", ""))
	ids := func(matches []*filter.RuleMatch) (all []int) {
		for _, m := range matches {
			all = append(all, m.ID)
		}
		return all
	}
	assert.Equal(t, []int{942100}, ids(found.Contributors()))
	assert.Contains(t, ids(found.Matches), 942130, "paranoia level 2")
	assert.Positive(t, found.Ledger.Inbound.Levels[1])
	assert.Equal(t, 5, found.Ledger.Inbound.Score)
}

func TestFreeIDPassesOverRulesThatAreThere(t *testing.T) {
	const document = "directives: |\n  SecRuleEngine On\n  SecRule ARGS \"@rx x\" \"id:10002,phase:1,deny\"\n"
	e, _ := explained(t, document, sent("/", ""))
	for n, want := range map[int]int{1: 10001, 2: 10003, 5: 10003} {
		id, err := e.FreeID("app.example.com", n)
		require.NoError(t, err)
		assert.Equal(t, want, id, "%d IDs", n)
	}
}
