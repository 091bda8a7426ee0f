package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve returns the address of a demo upstream that ends with the test.
func serve(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener) }()
	t.Cleanup(func() { cancel(); assert.NoError(t, <-done) })
	return "http://" + listener.Addr().String()
}

func TestTheEchoTellsWhatArrivedOverHTTP1AndH2C(t *testing.T) {
	base := serve(t)
	for name, configure := range map[string]func(*http.Protocols){
		"HTTP/1.1": func(p *http.Protocols) { p.SetHTTP1(true) },
		"HTTP/2.0": func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) },
	} {
		t.Run(name, func(t *testing.T) {
			var protocols http.Protocols
			configure(&protocols)
			client := &http.Client{Transport: &http.Transport{Protocols: &protocols}}
			defer client.CloseIdleConnections()
			request, err := http.NewRequest(http.MethodPost, base+"/a//../b?q=1", strings.NewReader("hello"))
			require.NoError(t, err)
			request.Header.Set("X-One", "1")
			request.Trailer = http.Header{"X-Last": {"9"}}
			response, err := client.Do(request)
			require.NoError(t, err)
			defer response.Body.Close()

			var echo Echo
			require.NoError(t, json.NewDecoder(response.Body).Decode(&echo))
			sum := sha256.Sum256([]byte("hello"))
			assert.Equal(t, name, echo.Protocol)
			assert.Equal(t, "POST", echo.Method)
			assert.Equal(t, "/a//../b?q=1", echo.Path)
			assert.Equal(t, []string{"1"}, echo.Headers["X-One"])
			assert.EqualValues(t, 5, echo.BodyLength)
			assert.Equal(t, hex.EncodeToString(sum[:]), echo.BodySHA256)
			if name == "HTTP/2.0" { // HTTP/1.1 trailers need a chunked body
				assert.Equal(t, []string{"9"}, echo.Trailers["X-Last"])
			}
		})
	}
}

func TestThePageIsServedAtTheRootOnly(t *testing.T) {
	base := serve(t)
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/healthz": "text/plain; charset=utf-8",
		"/?q=1": "application/json", "/other": "application/json",
	} {
		response, err := http.Get(base + path)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		assert.Equal(t, http.StatusOK, response.StatusCode, path)
		assert.Equal(t, want, response.Header.Get("Content-Type"), path)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestThePageWorksOffline(t *testing.T) {
	assert.NotRegexp(t, `(?i)(src|href)="(https?:)?//|@import|url\(`, string(page()))
}
