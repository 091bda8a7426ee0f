package rules

import (
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/stretchr/testify/require"
)

// A request is what the tests send through Coraza, without a proxy in between.
type request struct {
	method, uri, version string
	client               string // an address; "" is 127.0.0.1
	headers              [][2]string
	body                 string
}

// browserLike is a GET with what a browser sends, so that no protocol rule of
// CRS adds to the score.
func browserLike(uri string) request {
	return request{method: "GET", uri: uri, headers: [][2]string{
		{"Host", "shop.example.com"},
		{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
		{"Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"},
		{"Accept-Language", "en-US,en;q=0.5"},
	}}
}

// An answer is what the rules made of a request.
type answer struct {
	status int // of the interruption; 200 where there is none
	rule   int // that interrupted; 0
	logged []int
}

// send runs the request phases and the logging phase.
func send(t *testing.T, waf coraza.WAF, r request) answer {
	t.Helper()
	tx := waf.NewTransaction()
	defer func() { require.NoError(t, tx.Close()) }()
	if r.client == "" {
		r.client = "127.0.0.1"
	}
	if r.version == "" {
		r.version = "HTTP/1.1"
	}
	tx.ProcessConnection(r.client, 40000, "127.0.0.1", 80)
	tx.ProcessURI(r.uri, r.method, r.version)
	for _, header := range r.headers {
		tx.AddRequestHeader(header[0], header[1])
		if strings.EqualFold(header[0], "host") {
			tx.SetServerName(header[1])
		}
	}
	interruption := tx.ProcessRequestHeaders()
	if interruption == nil {
		var err error
		interruption, _, err = tx.WriteRequestBody([]byte(r.body))
		require.NoError(t, err)
	}
	if interruption == nil {
		var err error
		interruption, err = tx.ProcessRequestBody()
		require.NoError(t, err)
	}
	tx.ProcessLogging()
	a := answer{status: 200}
	if interruption != nil {
		a.status, a.rule = interruption.Status, interruption.RuleID
	}
	for _, matched := range tx.MatchedRules() {
		if logs(matched) {
			a.logged = append(a.logged, matched.Rule().ID())
		}
	}
	return a
}

func logs(matched types.MatchedRule) bool {
	m, ok := matched.(interface{ Log() bool })
	return !ok || m.Log()
}

// compiled compiles text over FS and closes the WAF with the test.
func compiled(t testing.TB, text string) coraza.WAF {
	t.Helper()
	waf, err := Compile(FS(), text, coraza.NewWAFConfig())
	require.NoError(t, err)
	t.Cleanup(func() { closeWAF(t, waf) })
	return waf
}

func closeWAF(t testing.TB, waf coraza.WAF) {
	require.NoError(t, waf.(experimental.WAFCloser).Close())
}

// captures returns the log data of each rule that matches the argument.
func captures(t *testing.T, waf coraza.WAF, argument string) map[int]string {
	t.Helper()
	tx := waf.NewTransaction()
	defer func() { require.NoError(t, tx.Close()) }()
	tx.ProcessURI("/?q="+argument, "GET", "HTTP/1.1")
	tx.ProcessRequestHeaders()
	data := map[int]string{}
	for _, matched := range tx.MatchedRules() {
		data[matched.Rule().ID()] = matched.Data()
	}
	return data
}
