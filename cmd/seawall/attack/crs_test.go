package attack

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCRSsAttacksArriveAsTheyAreWritten(t *testing.T) {
	cases, err := FromCRS(t.Context(), 1)
	require.NoError(t, err)
	assert.Greater(t, len(cases), 1500)
	classes := map[string]bool{}
	for _, c := range cases {
		classes[c.Class] = true
	}
	for _, class := range []string{"sqli", "xss", "lfi", "rfi", "rce", "php", "java", "ssrf", "scanner", "protocol", "smuggling", "multipart", "session"} {
		assert.True(t, classes[class], class)
	}
	assert.False(t, classes["leak"], "what a test of an answer sends is no attack by itself")

	some := Spread(cases, 60)
	require.Len(t, some, 60)
	next := 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		x := some[next].exchange
		next++
		body, _ := io.ReadAll(r.Body)
		assert.Equal(t, x.Path, r.RequestURI)
		assert.Equal(t, x.Method, r.Method)
		assert.Equal(t, string(x.Body), string(body))
		sent := http.Header{}
		for _, h := range x.Headers {
			if h[0] != "content-length" {
				sent.Add(h[0], h[1])
			}
		}
		got := r.Header.Clone()
		got.Del("Content-Length")
		assert.Equal(t, sent, got, "no header is added")
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	require.NoError(t, err)
	require.NoError(t, Send(context.Background(), base, Plan{Cases: some, Rate: 1000, Rounds: 1, Timeout: 10 * time.Second}, func(r Result) {
		assert.Equal(t, Passed, r.Verdict, r.Place)
	}))
	assert.Equal(t, 60, next)
}

func TestASpreadTakesFromEachClassWhatItHas(t *testing.T) {
	var cases []Case
	for class, n := range map[string]int{"few": 2, "many": 100} {
		for range n {
			cases = append(cases, Case{Class: class})
		}
	}
	count := func(n int) map[string]int {
		of := map[string]int{}
		for _, c := range Spread(cases, n) {
			of[c.Class]++
		}
		return of
	}
	assert.Equal(t, map[string]int{"few": 2, "many": 8}, count(10))
	assert.Equal(t, map[string]int{"few": 2, "many": 100}, count(1000))
	assert.Empty(t, count(0))
}

func TestAClassIsSummedUp(t *testing.T) {
	r := &Report{}
	for i := range 100 {
		r.Add(Result{Class: "sqli", Verdict: Blocked, Millis: float64(100 - i)})
	}
	r.Add(Result{Class: "benign", Verdict: Passed, Millis: 7})
	r.Add(Result{Class: "benign", Verdict: Failed, Millis: 10_000})
	r.Sum()
	assert.Equal(t, []Class{
		{Name: "sqli", Count: Count{Total: 100, Blocked: 100}, P50: 50, P95: 95},
		{Name: "benign", Count: Count{Total: 2, Passed: 1, Failed: 1}, P50: 7, P95: 7},
	}, r.Classes)
}
