package e2e

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// smuggled is the request that every attempt tries to hide from the rules, which
// would deny it, inside another.
const smuggled = "GET /smuggled?q=evil HTTP/1.1\r\nhost: app.example.com\r\n\r\n"

// startSmuggling starts a proxy before an HTTP/1 upstream whose bytes are kept.
func startSmuggling(t *testing.T) (*proxy, *rawUpstream) {
	raw := startRawUpstream(t, "raw")
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"], "hosts": filtertest.Configs["hosts"]},
		options{edit: func(t *testing.T, b *launch.Bootstrap) {
			addCluster(t, b, "raw", raw.address, speaksHTTP1)
			addRoute(t, b, prefix("/raw/"), "route", to("raw"))
		}})
	return p, raw
}

// requestLines are the request lines among the bytes that arrived.
func requestLines(received string) (lines []string) {
	for line := range strings.Lines(received) {
		if line = strings.TrimSpace(line); strings.HasSuffix(line, " HTTP/1.1") {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestSeamSmugglingByHTTP2: nothing in an HTTP/2 request becomes a second request
// on the HTTP/1 connection to the upstream, or a header that frames one.
func TestSeamSmugglingByHTTP2(t *testing.T) {
	p, raw := startSmuggling(t)
	base := func(extra ...[2]string) filtertest.Fields {
		return append(filtertest.Fields{{":method", "POST"}, {":scheme", "http"}, {":path", "/raw/refuse"}, {":authority", "app.example.com"}}, extra...)
	}
	t.Run("Attempts", func(t *testing.T) {
		for name, head := range map[string]filtertest.Fields{
			"TransferEncoding":           base([2]string{"transfer-encoding", "chunked"}),
			"ShortContentLength":         base([2]string{"content-length", "0"}),
			"LongContentLength":          base([2]string{"content-length", "4000"}),
			"TwoContentLengths":          base([2]string{"content-length", "0"}, [2]string{"content-length", "56"}),
			"ContentLengthList":          base([2]string{"content-length", "0, 56"}),
			"SignedContentLength":        base([2]string{"content-length", "+56"}),
			"Connection":                 base([2]string{"connection", "content-length"}),
			"ProxyConnection":            base([2]string{"proxy-connection", "keep-alive"}),
			"KeepAlive":                  base([2]string{"keep-alive", "1"}),
			"TEThatIsNotTrailers":        base([2]string{"te", "chunked"}),
			"LineBreakInAValue":          base([2]string{"x-a", "1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled}),
			"LineFeedInAValue":           base([2]string{"x-a", "1\ntransfer-encoding: chunked"}),
			"NULInAValue":                base([2]string{"x-a", "1\x00transfer-encoding: chunked"}),
			"LineBreakInAName":           base([2]string{"x-a: 1\r\ntransfer-encoding: chunked\r\nx-b", "1"}),
			"ColonInAName":               base([2]string{"transfer-encoding: chunked, x", "1"}),
			"SpaceInAName":               base([2]string{"transfer-encoding ", "chunked"}),
			"UpperCaseName":              base([2]string{"Transfer-Encoding", "chunked"}),
			"LineBreakInThePath":         set(base(), ":path", "/raw/refuse HTTP/1.1\r\n\r\n"+smuggled),
			"SpaceInThePath":             set(base(), ":path", "/raw/refuse HTTP/1.1 "),
			"LineBreakInTheMethod":       set(base(), ":method", "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\nPOST"),
			"SpaceInTheMethod":           set(base(), ":method", "GET /smuggled"),
			"LineBreakInTheAuthority":    set(base(), ":authority", "app.example.com\r\ntransfer-encoding: chunked"),
			"PathInTheAuthority":         set(base(), ":authority", "app.example.com/smuggled"),
			"LineBreakInTheScheme":       set(base(), ":scheme", "http://a/smuggled\r\n"),
			"TwoPaths":                   append(base(), [2]string{":path", "/smuggled?q=evil"}),
			"TwoMethods":                 append(base(), [2]string{":method", "GET"}),
			"PseudoHeaderAfterAHeader":   append(base([2]string{"x-a", "1"}), [2]string{":path", "/smuggled?q=evil"}),
			"UnknownPseudoHeader":        append(base(), [2]string{":odd", "1"}),
			"NoPath":                     {{":method", "POST"}, {":scheme", "http"}, {":authority", "app.example.com"}},
			"EmptyPath":                  set(base(), ":path", ""),
			"RelativePath":               set(base(), ":path", "raw/refuse"),
			"UpgradeHeaders":             base([2]string{"upgrade", "websocket"}, [2]string{"connection", "upgrade"}),
			"TrailerThatFrames":          nil, // below, with trailers
			"ABodyThatLooksLikeARequest": base(),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // Envoy takes a second to close a connection whose stream it reset
				c := dialH2(t, p.address("rules"))
				c.together(func() {
					if head == nil {
						c.headers(1, false, base()...)
						c.data(1, false, smuggled)
						c.headers(1, true, [2]string{"transfer-encoding", "chunked"}, [2]string{"content-length", "0"})
						return
					}
					c.headers(1, false, head...)
					c.data(1, true, smuggled)
				})
				got := c.awaitHeaders(1)
				assert.NotEqual(t, "200", got[":status"], "the attack is in the body: refused by Envoy, or denied")
				_ = c.conn.Close()
			})
		}
	})
	t.Run("AndABenignBodyStaysABody", func(t *testing.T) {
		c := dialH2(t, p.address("rules"))
		c.headers(1, false, base([2]string{"content-length", itoa(len(smuggled))})...)
		c.data(1, true, strings.ReplaceAll(smuggled, "evil", "good"))
		assert.Equal(t, "200", c.awaitHeaders(1)[":status"])
		_ = c.conn.Close()
	})
	received := raw.everything(t, p)
	assert.NotContains(t, received, "evil")
	head, _, ok := strings.Cut(received, "\r\n\r\n")
	require.True(t, ok)
	assert.Equal(t, []string{"POST /raw/refuse HTTP/1.1"}, requestLines(head), "one request, the benign one")
	assert.Equal(t, 1, strings.Count(received, "POST /raw/refuse"))
}

// TestSeamSmugglingByHTTP1: the same with HTTP/1's ways to end a body in two
// places. After each attempt the connection either is closed or answers exactly as
// many requests as were sent.
func TestSeamSmugglingByHTTP1(t *testing.T) {
	p, raw := startSmuggling(t)
	const post = "POST /raw/refuse HTTP/1.1\r\n" + hostLine
	for name, request := range map[string]string{
		"LengthAndChunked":       post + "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"ChunkedAndLength":       post + "transfer-encoding: chunked\r\ncontent-length: 62\r\n\r\n0\r\n\r\n" + smuggled,
		"ChunkedTwice":           post + "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n" + smuggled,
		"ChunkedOfAnOddKind":     post + "transfer-encoding: xchunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n" + smuggled,
		"ChunkedByVerticalTab":   post + "transfer-encoding: \x0bchunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n" + smuggled,
		"SpaceBeforeTheColon":    post + "transfer-encoding : chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n" + smuggled,
		"FoldedHeader":           post + "x-a: 1\r\n transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n" + smuggled,
		"TwoLengths":             post + "content-length: 0\r\ncontent-length: 57\r\n\r\n" + smuggled,
		"LengthList":             post + "content-length: 0, 57\r\n\r\n" + smuggled,
		"SignedLength":           post + "content-length: +0\r\n\r\n" + smuggled,
		"HexLength":              post + "content-length: 0x0\r\n\r\n" + smuggled,
		"ChunkSizeWithASign":     post + "transfer-encoding: chunked\r\n\r\n+0\r\n\r\n" + smuggled,
		"ChunkSizeThatOverflows": post + "transfer-encoding: chunked\r\n\r\n10000000000000000\r\n\r\n" + smuggled,
		"LineFeedInAnExtension":  post + "transfer-encoding: chunked\r\n\r\n0;a\n\r\n\r\n" + smuggled,
		"BareLineFeedsInChunks":  post + "transfer-encoding: chunked\n\n0\n\n" + smuggled,
		"NULInAHeader":           post + "x-a: \x00\r\ncontent-length: 0\r\n\r\n" + smuggled,
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, p.address("rules"))
			_, err := io.WriteString(conn, request)
			require.NoError(t, err)
			require.NoError(t, conn.(interface{ CloseWrite() error }).CloseWrite())
			reader := bufio.NewReader(conn)
			for {
				response, err := http.ReadResponse(reader, nil)
				if err != nil {
					break // Envoy has closed the connection
				}
				body, err := io.ReadAll(response.Body)
				if err != nil {
					break
				}
				if response.StatusCode == 200 {
					assert.Contains(t, string(body), "no, no.", "the outer request's answer")
				}
			}
		})
	}
	received := raw.everything(t, p)
	assert.NotContains(t, received, "evil", "the inner request is a body or a request: denied as either")
	assert.NotContains(t, received, "smuggled")
	assert.Equal(t, len(requestLines(received)), strings.Count(received, "POST /raw/refuse HTTP/1.1"), "no request but the outer ones")
}
