package attack

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVerdictsComeFromTheReply(t *testing.T) {
	for name, tc := range map[string]struct {
		status                   int
		id                       string
		verdict                  string
		okForAttack, okForBenign bool
	}{
		"seawall's own 403":       {403, "abc", Blocked, true, false},
		"a 403 of another":        {403, "", Blocked, true, false},
		"seawall's redirect":      {302, "abc", Blocked, true, false},
		"seawall's 500":           {500, "abc", Blocked, true, false},
		"a reply of the upstream": {200, "", Passed, false, true},
		"not found upstream":      {404, "", Passed, false, true},
		"a redirect upstream":     {302, "", Passed, false, true},
		"no upstream":             {503, "", Failed, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if tc.id != "" {
					w.Header().Set(IDHeader, tc.id)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tc.status)
			}))
			defer server.Close()
			base, err := url.Parse(server.URL)
			require.NoError(t, err)
			plan := Plan{Rate: 1000, Rounds: 1, Timeout: time.Second}
			err = Send(context.Background(), base, plan, func(r Result) {
				assert.Equal(t, tc.verdict, r.Verdict)
				assert.Equal(t, tc.id, r.ID)
				assert.Equal(t, tc.verdict == Failed, r.Error != "", "a failure says why")
				if r.Class == "benign" {
					assert.Equal(t, tc.okForBenign, r.OK)
				} else {
					assert.Equal(t, tc.okForAttack, r.OK)
				}
			})
			require.NoError(t, err)
		})
	}
}

func TestADroppedConnectionIsAFailureNotAPass(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	base, err := url.Parse(server.URL)
	require.NoError(t, err)
	err = Send(context.Background(), base, Plan{Rate: 1000, Rounds: 1, Timeout: time.Second}, func(r Result) {
		assert.Equal(t, Failed, r.Verdict)
		assert.False(t, r.OK)
		assert.Equal(t, "the connection was closed without a reply (EOF)", r.Error)
	})
	require.NoError(t, err)
}

func TestStreamedCasesHaveNoContentLength(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/attack/streamed" {
			assert.Equal(t, []string{"chunked"}, r.TransferEncoding)
		} else {
			assert.Empty(t, r.TransferEncoding)
		}
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	require.NoError(t, err)
	require.NoError(t, Send(context.Background(), base, Plan{Rate: 1000, Rounds: 1, Timeout: time.Second}, func(Result) {}))
}

func TestATableNeverCarriesControlCharactersOfTheServer(t *testing.T) {
	var out bytes.Buffer
	Text{W: &out}.Row(Result{Class: "sqli", Place: "query", Verdict: Blocked, OK: true, Status: 403, ID: "a\x1b[2Jb"})
	assert.Equal(t, "sqli    query     blocked     403       0.0  a?[2Jb\n", out.String())
}
