package attack

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlyWhatIsThisMachineIsLoopback(t *testing.T) {
	hosts := map[string][]string{"localhost": {"::1", "127.0.0.1"}, "mine.example.com": {"127.0.0.1"}}
	for name, tc := range map[string]struct {
		host  string
		is    []string // what localhost is, where another
		want  []string
		fault string
	}{
		"an address":                {host: "127.1.2.3", want: []string{"127.1.2.3"}},
		"an IPv6 address":           {host: "::1", want: []string{"::1"}},
		"an IPv4 address in IPv6":   {host: "::ffff:127.0.0.1", want: []string{"::ffff:127.0.0.1"}},
		"localhost, IPv4 first":     {host: "localhost", want: []string{"127.0.0.1", "::1"}},
		"another's address":         {host: "10.0.0.1", fault: "10.0.0.1 is not this machine"},
		"any address":               {host: "0.0.0.0", fault: "0.0.0.0 is not this machine"},
		"another's name":            {host: "localhost.example.com", fault: "localhost.example.com is not this machine"},
		"an address's name":         {host: "127.0.0.1.example.com", fault: "is not this machine"},
		"a name that says loopback": {host: "mine.example.com", fault: "is not this machine"},
		"none":                      {host: "", fault: "is not this machine"},
		"localhost is elsewhere":    {host: "localhost", is: []string{"192.0.2.7"}, fault: "localhost is 192.0.2.7 here, which is not this machine"},
		"localhost is elsewhere, too": {host: "localhost", is: []string{"127.0.0.1", "192.0.2.7"},
			fault: "localhost is 192.0.2.7 here, which is not this machine"},
		"localhost is nowhere": {host: "localhost", is: []string{}, fault: "localhost has no address here"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Loopback(t.Context(), tc.host, func(_ context.Context, _, host string) (found []netip.Addr, _ error) {
				is := hosts[host]
				if tc.is != nil {
					is = tc.is
				}
				for _, address := range is {
					found = append(found, netip.MustParseAddr(address))
				}
				return found, nil
			})
			if tc.fault != "" {
				assert.ErrorContains(t, err, tc.fault)
				assert.Empty(t, got)
				return
			}
			require.NoError(t, err)
			var want []netip.Addr
			for _, address := range tc.want {
				want = append(want, netip.MustParseAddr(address))
			}
			assert.Equal(t, want, got)
		})
	}
	_, err := Loopback(t.Context(), "localhost", func(context.Context, string, string) ([]netip.Addr, error) { return nil, errors.New("no answer") })
	assert.ErrorContains(t, err, "looking up localhost: no answer")
}

// A name that is checked, and then looked up again to connect, may be another's by then.
func TestTheAddressThatWasCheckedIsTheOneDialled(t *testing.T) {
	for name, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				w.WriteHeader(http.StatusForbidden)
			}))
			defer server.Close()
			base, err := url.Parse(server.URL)
			require.NoError(t, err)
			base.Host = "no-such-host.invalid:" + base.Port() // never resolves (RFC 6761)
			if name == "https" {
				// It gets as far as the certificate, which is none of that name's.
				err := Send(t.Context(), base, Plan{Rate: 1000, Rounds: 1, Timeout: time.Minute, Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}, func(Result) {})
				require.ErrorContains(t, err, "certificate")
				return
			}
			plan := Plan{Rate: 1000, Rounds: 1, Timeout: time.Minute, Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.1")}}
			require.NoError(t, Send(t.Context(), base, plan, func(r Result) { assert.Equal(t, Blocked, r.Verdict, r.Error) }))
			assert.Equal(t, len(Cases()), asked)
		})
	}
}
