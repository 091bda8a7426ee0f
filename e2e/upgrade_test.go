package e2e

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// startUpgradeProxy starts a proxy with WebSocket, by HTTP/1.1 and by HTTP/2,
// and CONNECT. Paths below /raw and every CONNECT go to a raw upstream.
func startUpgradeProxy(t *testing.T, version string) (*proxy, *rawUpstream) {
	t.Helper()
	raw := startRawUpstream(t, "raw")
	edit := func(t *testing.T, b *launch.Bootstrap) {
		addCluster(t, b, "raw", raw.address, speaksHTTP1)
		addRoute(t, b, prefix("/raw/"), "route", to("raw"))
		addRoute(t, b, map[string]any{"connect_matcher": map[string]any{}}, "route", to("raw"))
		for _, m := range managers(t, b) {
			m["upgrade_configs"] = append(m["upgrade_configs"].([]any), map[string]any{"upgrade_type": "CONNECT"})
			m["http2_protocol_options"].(map[string]any)["allow_connect"] = true
		}
	}
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"]}, options{version: version, edit: edit})
	return p, raw
}

// exchangeRaw writes bytes in one piece and reads one response. The connection
// is open still.
func exchangeRaw(t testing.TB, address, method, bytes string) (*http.Response, net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(exchangeTimeout)))
	_, err = io.WriteString(conn, bytes)
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, &http.Request{Method: method})
	require.NoError(t, err)
	return response, conn, reader
}

const (
	hostLine    = "host: app.example.com\r\n"
	upgradeHead = "upgrade: websocket\r\nconnection: Upgrade\r\n"
	formLine    = "content-type: application/x-www-form-urlencoded\r\n"
)

// TestUpgradeSwitchesNoInspectionOff: whatever claims to be an upgrade, no byte
// after its head reaches the upstream before the upstream has accepted it.
func TestUpgradeSwitchesNoInspectionOff(t *testing.T) {
	cases := []struct {
		name, request string
		status        int
		byEnvoy       bool // refused before or without Seawall
	}{
		{"PostWithLength", "POST /raw/silent HTTP/1.1\r\n" + hostLine + upgradeHead + formLine + "content-length: 6\r\n\r\nq=evil", 400, false},
		{"PostWithLengthToARefusal", "POST /raw/refuse HTTP/1.1\r\n" + hostLine + upgradeHead + formLine + "content-length: 6\r\n\r\nq=evil", 400, false},
		{"PostChunked", "POST /raw/silent HTTP/1.1\r\n" + hostLine + upgradeHead + formLine + "transfer-encoding: chunked\r\n\r\n6\r\nq=evil\r\n0\r\n\r\n", 400, false},
		{"PostWithTokensInConnection", "POST /raw/silent HTTP/1.1\r\n" + hostLine + "upgrade: WebSocket\r\nconnection: keep-alive, Upgrade\r\ncontent-length: 6\r\n\r\nq=evil", 400, false},
		{"BytesBeforeThe101", "GET /raw/accept HTTP/1.1\r\n" + hostLine + upgradeHead + "\r\nq=evil", 400, false},
		{"UpgradeWithoutConnection", "POST /raw/accept HTTP/1.1\r\n" + hostLine + "upgrade: websocket\r\n" + formLine + "content-length: 6\r\n\r\nq=evil", 403, false},
		{"ConnectionWithoutUpgrade", "POST /raw/accept HTTP/1.1\r\n" + hostLine + "connection: Upgrade\r\n" + formLine + "content-length: 6\r\n\r\nq=evil", 403, false},
		{"AttackInTheQuery", "GET /raw/accept?q=evil HTTP/1.1\r\n" + hostLine + upgradeHead + "\r\n", 403, false},
		{"UnknownProtocol", "POST /raw/accept HTTP/1.1\r\n" + hostLine + "upgrade: foo\r\nconnection: Upgrade\r\n" + formLine + "content-length: 6\r\n\r\nq=evil", 403, true},
		{"BytesBeforeTheAnswerToConnect", "CONNECT accept.example.com:443 HTTP/1.1\r\nhost: accept.example.com:443\r\n\r\nq=evil", 400, false},
	}
	versions := versionsOf(asked())
	for _, version := range slices.Compact([]string{versions[0], versions[len(versions)-1]}) {
		t.Run(version, func(t *testing.T) {
			p, raw := startUpgradeProxy(t, version)
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) {
					method, _, _ := strings.Cut(c.request, " ")
					response, _, _ := exchangeRaw(t, p.address("rules"), method, c.request)
					defer response.Body.Close()
					assert.Equal(t, c.status, response.StatusCode)
					assert.Equal(t, c.byEnvoy, response.Header.Get("x-seawall-id") == "", "who refused it: %v", response.Header)
				})
			}
			assert.NotContains(t, raw.everything(t, p), "evil")
		})
	}
}

func TestTunnels(t *testing.T) {
	p, raw := startUpgradeProxy(t, "")
	address := p.address("rules")
	ctx, cancel := context.WithTimeout(context.Background(), exchangeTimeout)
	defer cancel()

	t.Run("WebSocketEchoes", func(t *testing.T) {
		p.upstream.handle("/echo", func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer c.CloseNow() //nolint:errcheck // the test has its answers by then
			for {
				kind, message, err := c.Read(ctx)
				if err != nil || c.Write(ctx, kind, message) != nil {
					return
				}
			}
		})
		c, _, err := websocket.Dial(ctx, "ws://"+address+"/echo", nil)
		require.NoError(t, err)
		// An accepted tunnel's bytes are no HTTP: no rule applies to them.
		for _, sent := range []string{"one", "evil", strings.Repeat("x", 20_000)} {
			require.NoError(t, c.Write(ctx, websocket.MessageText, []byte(sent)))
			_, got, err := c.Read(ctx)
			require.NoError(t, err)
			assert.Equal(t, sent, string(got))
		}
		require.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
	})
	for _, c := range []struct {
		name     string
		upstream int
		body     string
		status   int
		want     string
	}{
		{"RefusedWebSocketGetsTheUpstreamsAnswer", 400, "no websockets here", 400, "no websockets here"},
		// Envoy's router withholds what follows a 2xx to a WebSocket handshake.
		{"WebSocketAnsweredWithAPageGetsItsStatus", 200, "an evil page", 200, ""},
		{"RefusalIsInspected", 400, "an evil page", 403, "Request blocked."},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.upstream.handle("/no", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(c.upstream)
				_, _ = io.WriteString(w, c.body)
			})
			_, response, err := websocket.Dial(ctx, "ws://"+address+"/no", nil)
			require.Error(t, err)
			require.NotNil(t, response)
			body, _ := io.ReadAll(response.Body)
			assert.Equal(t, c.status, response.StatusCode)
			assert.Contains(t, string(body), c.want)
			assert.NotContains(t, string(body), "evil")
		})
	}
	t.Run("ConnectEchoes", func(t *testing.T) {
		response, conn, reader := exchangeRaw(t, address, "CONNECT", "CONNECT accept.example.com:443 HTTP/1.1\r\nhost: accept.example.com:443\r\n\r\n")
		require.Equal(t, 200, response.StatusCode)
		_, err := io.WriteString(conn, "ping")
		require.NoError(t, err)
		echo := make([]byte, 4)
		_, err = io.ReadFull(reader, echo)
		require.NoError(t, err)
		assert.Equal(t, "ping", string(echo))
	})
	t.Run("WebSocketOverHTTP2Echoes", func(t *testing.T) {
		c := dialH2(t, address)
		c.headers(1, false, extendedConnect("/raw/accept")...)
		require.Equal(t, "200", c.awaitHeaders(1)[":status"])
		c.data(1, false, "ping")
		assert.Equal(t, "ping", c.awaitData(1))
		c.reset(1)
	})
	t.Run("BytesBeforeTheAnswerToExtendedConnect", func(t *testing.T) {
		c := dialH2(t, address)
		c.together(func() {
			c.headers(1, false, extendedConnect("/raw/accept")...)
			c.data(1, false, "q=evil")
		})
		assert.Equal(t, "400", c.awaitHeaders(1)[":status"])
		_ = c.conn.Close()
		assert.NotContains(t, raw.everything(t, p), "evil")
	})
}

func extendedConnect(path string) filtertest.Fields {
	return filtertest.Fields{{":method", "CONNECT"}, {":protocol", "websocket"}, {":scheme", "http"},
		{":path", path}, {":authority", "app.example.com"}, {"sec-websocket-version", "13"}}
}
