package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2"
)

// corpus is a folder of others' inputs, which is not part of this repository.
func corpus(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(root, "..", "shared", "corpora", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no corpus: %v", err)
	}
	return dir
}

// witness is an upstream that remembers what arrived, by the request's number.
type witness struct {
	mu   sync.Mutex
	seen map[string]arrival
}

type arrival struct{ digest string }

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		w.mu.Lock()
		w.seen[r.Header.Get("x-number")] = arrival{digest(body)}
		w.mu.Unlock()
	}
	rw.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(rw, "ok")
}

func (w *witness) saw(number string) (arrival, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.seen[number]
	return a, ok
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// clients send over HTTP/1.1 and over h2c.
func clients(t *testing.T) map[string]*http.Client {
	t.Helper()
	dial := func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	h1 := &http.Transport{DisableCompression: true}
	h2 := &http2.Transport{AllowHTTP: true, DisableCompression: true, DialTLSContext: dial}
	t.Cleanup(func() { h1.CloseIdleConnections(); h2.CloseIdleConnections() })
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return map[string]*http.Client{"h1": {Transport: h1, Timeout: time.Minute, CheckRedirect: stay},
		"h2": {Transport: h2, Timeout: time.Minute, CheckRedirect: stay}}
}

// tally counts what became of a corpus.
type tally struct{ passed, denied, byEnvoy, inexpressible int }

// count checks one answer. Whatever was sent, it is passed on as it was sent, or
// denied, or Envoy refused it; nothing else.
func (c *tally) count(t *testing.T, w *witness, number string, r *http.Response, body []byte) {
	t.Helper()
	answer, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	arrived, ok := w.saw(number)
	switch {
	case r.Header.Get("x-seawall-id") != "":
		assert.False(t, ok, "%s: denied, and the upstream saw it", number)
		assert.NotEqual(t, 500, r.StatusCode, "%s: a fault", number)
		c.denied++
	case r.StatusCode == 200:
		require.True(t, ok, "%s: %q from whom?", number, answer)
		assert.Equal(t, digest(body), arrived.digest, "%s: the body, byte for byte", number)
		c.passed++
	default:
		assert.Equal(t, 400, r.StatusCode, "%s: %q", number, answer)
		assert.False(t, ok, "%s: refused, and the upstream saw it", number)
		c.byEnvoy++
	}
}

// TestJSONTestSuite sends each of JSONTestSuite's files as a body. Which of them
// is JSON is the engine's affair.
func TestJSONTestSuite(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus(t, "json"), "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	w := &witness{seen: map[string]arrival{}}
	p := startProxy(t, seawall, serve(t, w))
	for protocol, client := range clients(t) {
		var c tally
		for _, file := range files {
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			number := protocol + " " + filepath.Base(file)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.address+"/", bytes.NewReader(body))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("x-number", number)
			answer, err := client.Do(r)
			require.NoError(t, err, "%s: an answer to each", number)
			c.count(t, w, number, answer, body)
		}
		p.alive(t)
		t.Logf("JSONTestSuite %s: %d files, %d passed byte for byte, %d denied, 0 without an answer", protocol, len(files), c.passed, c.denied)
	}
}

// placed is a string in a request.
type placed struct{ uri, header, value, contentType, body string }

func atURI(uri string) placed            { return placed{uri: uri} }
func atHeader(name, value string) placed { return placed{uri: "/", header: name, value: value} }
func atBody(kind, body string) placed    { return placed{uri: "/", contentType: kind, body: body} }

// places are where a string can stand: encoded as the place asks, and raw.
var places = map[string]func(s string) placed{
	"argument":     func(s string) placed { return atURI("/?q=" + url.QueryEscape(s)) },
	"raw argument": func(s string) placed { return atURI("/?q=" + s) },
	"path":         func(s string) placed { return atURI("/a/" + url.PathEscape(s)) },
	"raw path":     func(s string) placed { return atURI("/a/" + s) },
	"form":         func(s string) placed { return atBody("application/x-www-form-urlencoded", "q="+url.QueryEscape(s)) },
	"raw form":     func(s string) placed { return atBody("application/x-www-form-urlencoded", "q="+s) },
	"json": func(s string) placed {
		b, _ := json.Marshal(map[string]string{"q": s})
		return atBody("application/json", string(b))
	},
	"raw json":   func(s string) placed { return atBody("application/json", `{"q":"`+s+`"}`) },
	"cookie":     func(s string) placed { return atHeader("Cookie", "q="+url.QueryEscape(s)) },
	"raw cookie": func(s string) placed { return atHeader("Cookie", "q="+s) },
	"header":     func(s string) placed { return atHeader("X-Naughty", s) },
}

// expressible: neither a space nor a control byte can stand in a request line,
// and no control byte in a field (RFC 9112, 3; RFC 9110, 5.5).
func (p placed) expressible() bool {
	line := strings.ContainsFunc(p.uri, func(r rune) bool { return r <= ' ' || r == 0x7f })
	return !line && httpguts.ValidHeaderFieldValue(p.value)
}

func (p placed) request(t *testing.T, address, number string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address, strings.NewReader(p.body))
	require.NoError(t, err)
	r.URL.Opaque = p.uri // as it is, where Go would encode it
	r.Header.Set("x-number", number)
	r.Header.Set("User-Agent", "conformance")
	if p.header != "" {
		r.Header.Set(p.header, p.value)
	}
	if p.contentType != "" {
		r.Header.Set("Content-Type", p.contentType)
	}
	return r
}

// TestNaughtyStrings puts each of the big list of naughty strings into each
// place that can hold it, encoded as the place asks and raw.
func TestNaughtyStrings(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(corpus(t, "naughty-strings"), "blns.json"))
	require.NoError(t, err)
	var all []string
	require.NoError(t, json.Unmarshal(data, &all))
	require.NotEmpty(t, all)
	w := &witness{seen: map[string]arrival{}}
	p := startProxy(t, seawall, serve(t, w))
	for protocol, client := range clients(t) {
		var c tally
		for place, put := range places {
			for i, s := range all {
				number := strings.Join([]string{protocol, place, strconv.Itoa(i)}, " ")
				sent := put(s)
				if !sent.expressible() {
					c.inexpressible++
					continue
				}
				answer, err := client.Do(sent.request(t, p.address, number))
				require.NoError(t, err, "%s: an answer to each", number)
				c.count(t, w, number, answer, []byte(sent.body))
			}
		}
		p.alive(t)
		t.Logf("naughty strings %s: %d strings in %d places: %d passed byte for byte, %d denied, %d refused by Envoy, %d that HTTP cannot say, 0 without an answer",
			protocol, len(all), len(places), c.passed, c.denied, c.byEnvoy, c.inexpressible)
	}
}
