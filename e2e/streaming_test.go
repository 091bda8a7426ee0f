package e2e

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// h1conn is one HTTP/1.1 connection, for requests one after another.
type h1conn struct {
	t      testing.TB
	conn   net.Conn
	reader *bufio.Reader
}

func dialH1(t testing.TB, network, address string) *h1conn {
	t.Helper()
	conn, err := net.Dial(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(exchangeTimeout)))
	return &h1conn{t: t, conn: conn, reader: bufio.NewReader(conn)}
}

func (c *h1conn) write(s string) {
	c.t.Helper()
	_, err := io.WriteString(c.conn, s)
	require.NoError(c.t, err)
}

// read returns the next response and its body.
func (c *h1conn) read(method string) (*http.Response, string) {
	c.t.Helper()
	response, err := http.ReadResponse(c.reader, &http.Request{Method: method})
	require.NoError(c.t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	return response, string(body)
}

// exchange sends a request without a body.
func (c *h1conn) exchange(method, path, headers string) (*http.Response, string) {
	c.t.Helper()
	c.write(method + " " + path + " HTTP/1.1\r\n" + hostLine + headers + "\r\n")
	return c.read(method)
}

// ended reports whether the server has closed the connection, which it is
// expected to do now.
func (c *h1conn) ended() bool {
	_, err := c.reader.ReadByte()
	return err != nil
}

// TestStreaming runs on one worker, so that whatever blocks it shows at once.
func TestStreaming(t *testing.T) {
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"]}, options{workers: 1})
	address := p.address("rules")

	t.Run("ASlowBodyBlocksNobodyElse", func(t *testing.T) {
		slow, other := dialH1(t, "tcp", address), dialH1(t, "tcp", address)
		slow.write("POST / HTTP/1.1\r\n" + hostLine + formLine + "transfer-encoding: chunked\r\n\r\n")
		for range 50 {
			slow.write("4\r\na=1&\r\n")
			response, _ := other.exchange("GET", "/", "")
			require.Equal(t, 200, response.StatusCode)
		}
		slow.write("6\r\nq=evil\r\n0\r\n\r\n")
		response, _ := slow.read("POST")
		assert.Equal(t, 403, response.StatusCode, "and it is inspected all the same")
	})

	t.Run("ConnectionIsReusedAfterAnswersWithoutABody", func(t *testing.T) {
		for path, status := range map[string]int{"/204": 204, "/304": 304, "/empty": 200} {
			p.upstream.handle(path, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(status)
			})
		}
		p.upstream.handle("/page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "5")
			_, _ = io.WriteString(w, "hello")
		})
		c := dialH1(t, "tcp", address)
		for _, step := range []struct {
			method, path string
			status       int
			body         string
		}{{"HEAD", "/page", 200, ""}, {"GET", "/204", 204, ""}, {"GET", "/304", 304, ""}, {"GET", "/empty", 200, ""},
			{"GET", "/?q=evil", 403, "Request blocked."}, {"HEAD", "/?q=evil", 403, ""}, {"GET", "/page", 200, "hello"}} {
			response, body := c.exchange(step.method, step.path, "")
			assert.Equal(t, step.status, response.StatusCode, "%s %s", step.method, step.path)
			assert.Contains(t, body, step.body)
		}
	})
}

// TestDropOnHTTP1 says what drop can do through the dynamic module; the golang door
// closes (TestContribTraps). The ABI cannot close
// a connection, and Envoy removes "connection: close" from every response that
// no upgrade asked for (ConnectionManagerUtility::mutateResponseHeaders). It
// closes by itself where the reply comes before the request's end.
func TestDropOnHTTP1(t *testing.T) {
	onlyThrough(t, doorDynamicModule, "through the golang door drop closes the connection (TestContribTraps)")
	for _, version := range versionsOf(doorDynamicModule) {
		t.Run(version, func(t *testing.T) {
			p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"]}, options{version: version})
			unfinished := dialH1(t, "tcp", p.address("rules"))
			unfinished.write("POST / HTTP/1.1\r\n" + hostLine + "x-do: drop\r\ncontent-length: 10\r\n\r\n")
			response, _ := unfinished.read("POST")
			assert.Equal(t, 403, response.StatusCode)
			assert.True(t, response.Close)
			assert.True(t, unfinished.ended())

			finished := dialH1(t, "tcp", p.address("rules"))
			response, _ = finished.exchange("GET", "/", "x-do: drop\r\n")
			assert.Equal(t, 403, response.StatusCode)
			assert.False(t, response.Close, "this Envoy can close it: say so in the documentation")
			response, _ = finished.exchange("GET", "/?q=evil", "")
			assert.Equal(t, 403, response.StatusCode, "what follows on the connection is judged")
		})
	}
}
