package attack

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	corazahttp "github.com/corazawaf/coraza/v3/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The table is judged by Coraza itself, so that a failure of `seawall attack`
// is never the table's.
func TestTheCoreRuleSetAtParanoiaLevel1BlocksEachAttackAndNoBenignCase(t *testing.T) {
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithRootFS(coreruleset.FS).WithDirectives(`
		Include @coraza.conf-recommended
		Include @crs-setup.conf.example
		Include @owasp_crs/*.conf
		SecRuleEngine On`))
	require.NoError(t, err)
	protected := corazahttp.WrapHandler(waf, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 { // net/http takes it out; rule 920180 wants to see it
			r.Header.Set("Transfer-Encoding", r.TransferEncoding[0])
		}
		protected.ServeHTTP(w, r)
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	require.NoError(t, err)

	seen := 0
	// Under -race on a busy machine the streamed case takes Coraza more than 10 s.
	err = Send(context.Background(), base, Plan{Rate: 1000, Rounds: 1, Timeout: 3 * time.Minute}, func(r Result) {
		seen++
		assert.True(t, r.OK, "%s in %s: %s, status %d after %.0f ms: %s", r.Class, r.Place, r.Verdict, r.Status, r.Millis, r.Error)
	})

	require.NoError(t, err)
	assert.Equal(t, len(classes)*len(places)+len(benign), seen)
}
