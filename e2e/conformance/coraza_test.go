package conformance

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3/http/e2e"
	"github.com/mccutchen/go-httpbin/v2/httpbin"
	"github.com/stretchr/testify/require"
)

// TestCorazasOwnCases runs the cases that Coraza has for its connectors, on the
// directives that they ask for, with its own httpbin as the upstream.
func TestCorazasOwnCases(t *testing.T) {
	upstream := serve(t, httpbin.New().Handler())
	document := "directives: |\n  " + strings.ReplaceAll(strings.TrimSpace(e2e.Directives), "\n", "\n  ") + "\n"
	p := startProxy(t, document, upstream)
	front := serve(t, withoutBlockPages(p.address))
	t.Cleanup(http.DefaultClient.CloseIdleConnections) // the cases' and the relay's
	require.NoError(t, e2e.Run(e2e.Config{ProxiedEntrypoint: "http://" + front, HttpbinEntrypoint: "http://" + upstream}))
	p.alive(t)
	t.Log("coraza http/e2e: every case as expected")
}

// withoutBlockPages relays to Seawall and empties its denials, after a look at
// what they are: Coraza's cases want them empty, and Seawall's never are.
func withoutBlockPages(address string) http.Handler {
	relay := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	relay.FlushInterval = -1 // event streams
	relay.ModifyResponse = func(r *http.Response) error {
		id := r.Header.Get("x-seawall-id")
		if id == "" {
			return nil
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		if want := "Request blocked.\nID: " + id + "\n"; string(body) != want {
			return fmt.Errorf("a denial with the body %q, not %q", body, want)
		}
		r.Body, r.ContentLength = http.NoBody, 0
		r.Header.Set("Content-Length", "0")
		return nil
	}
	return relay
}
