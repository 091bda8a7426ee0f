package replay

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/filter"
)

func engine(t *testing.T, document string) *filter.Engine {
	t.Helper()
	config, err := filter.ParseConfig([]byte(document))
	require.NoError(t, err)
	e, err := filter.NewEngine(config)
	require.NoError(t, err)
	return e
}

const rules = `directives: |
  SecRuleEngine On
  SecRequestBodyAccess On
  SecResponseBodyAccess On
  SecResponseBodyMimeType text/plain
  SecRule ARGS "@contains evil" "id:1,phase:2,deny,log,msg:'found'"
  SecRule REQUEST_HEADERS:X-A "@streq 1" "id:2,phase:1,pass,log"
  SecRule RESPONSE_BODY "@contains secret" "id:3,phase:4,deny,log"
`

func TestARecordIsWhatTheCoreMakesOfAnExchange(t *testing.T) {
	e := engine(t, rules)
	ask := func(path, body string) *exchange.Exchange {
		x := &exchange.Exchange{Method: "POST", Path: path, Host: "h", Protocol: "HTTP/1.1", Body: []byte(body),
			Headers: [][2]string{{"content-type", "application/x-www-form-urlencoded"}, {"x-a", "1"}}}
		return x
	}
	passed := Send(e, ask("/?a=1", "b=2"))
	assert.Equal(t, "pass", passed.Action)
	assert.Equal(t, 2, passed.Rules[0].ID)
	for _, x := range []*exchange.Exchange{ask("/a?a=evil", ""), ask("/a", "b=evil")} {
		denied := Send(e, x)
		assert.True(t, denied.Denied())
		assert.Equal(t, 1, denied.Rule)
		assert.Equal(t, "/a", denied.Path)
	}
	leaking := ask("/", "")
	leaking.Response = &exchange.Response{Status: 200, Headers: [][2]string{{"content-type", "text/plain"}}, Body: []byte("a secret")}
	assert.Equal(t, 3, Send(e, leaking).Rule)

	quiet := ask("/", "")
	quiet.Headers = nil
	assert.Equal(t, "pass", Send(e, quiet).Action, "an exchange without an event passed")
}

func TestAllKeepsTheOrderAndEndsWithItsContext(t *testing.T) {
	e := engine(t, rules)
	var all []*exchange.Exchange
	for i := range 40 {
		all = append(all, &exchange.Exchange{Method: "GET", Path: []string{"/?a=evil", "/?a=fine"}[i%2], Host: "h", Protocol: "HTTP/1.1"})
	}
	records, err := All(t.Context(), e, all)
	require.NoError(t, err)
	for i, r := range records {
		assert.Equal(t, i%2 == 0, r.Denied(), i)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = All(ended, e, all)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestEveryAttackHasAClassAndAnAnswer(t *testing.T) {
	attacks, err := Attacks()
	require.NoError(t, err)
	assert.Greater(t, len(attacks), 3500)
	seen := map[string]bool{}
	for _, a := range attacks {
		assert.NotNil(t, a.Request.Response, a.Test)
		seen[ClassOf(a.Rule)] = true
		if a.Rule/1000 == 951 {
			assert.NotEmpty(t, a.Request.Response.Body, "%s: its leak is in an answer", a.Test)
		}
	}
	for _, class := range classes {
		assert.True(t, seen[class] || class == "leak", class)
	}
	assert.Empty(t, ClassOf(949110))
}
