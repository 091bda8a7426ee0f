package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// exchangeTimeout bounds one exchange; the longest inspects 3 MB with CRS.
const exchangeTimeout = 60 * time.Second

// answer is what a client got.
type answer struct {
	Status   int
	Headers  filtertest.Fields
	Body     []byte
	Trailers filtertest.Fields
	Closed   bool // the connection was closed after it (HTTP/1 only)
}

// sendH1 writes a request byte for byte, each chunk in a write of its own, and
// reads the answer.
func sendH1(t testing.TB, address string, m filtertest.Message) answer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(exchangeTimeout)))

	go writeH1(conn, m)
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, &http.Request{Method: or(m.Method, "GET")})
	require.NoError(t, err, "reading the response's head")
	a := readAnswer(t, response)
	a.Closed = response.Close
	return a
}

// writeH1 ignores errors: a denial may close the connection in mid-body.
func writeH1(conn net.Conn, m filtertest.Message) {
	var head strings.Builder
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nhost: %s\r\n", or(m.Method, "GET"), or(m.Path, "/"), or(m.Authority, "app.example.com"))
	for _, kv := range m.Headers {
		fmt.Fprintf(&head, "%s: %s\r\n", kv[0], kv[1])
	}
	chunked := len(m.Trailers) > 0 || m.NoLength && len(m.Body) > 0
	switch {
	case chunked:
		head.WriteString("transfer-encoding: chunked\r\n")
	case len(m.Body) > 0:
		fmt.Fprintf(&head, "content-length: %d\r\n", len(m.Bytes()))
	}
	head.WriteString("\r\n")
	_, _ = io.WriteString(conn, head.String())
	for _, chunk := range m.Body {
		if chunked {
			_, _ = fmt.Fprintf(conn, "%x\r\n%s\r\n", len(chunk), chunk)
		} else {
			_, _ = io.WriteString(conn, chunk)
		}
	}
	if chunked {
		var tail strings.Builder
		tail.WriteString("0\r\n")
		for _, kv := range m.Trailers {
			fmt.Fprintf(&tail, "%s: %s\r\n", kv[0], kv[1])
		}
		tail.WriteString("\r\n")
		_, _ = io.WriteString(conn, tail.String())
	}
}

// h2cTransport speaks HTTP/2 by prior knowledge.
func h2cTransport() *http2.Transport {
	return &http2.Transport{AllowHTTP: true, DisableCompression: true,
		DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}}
}

// sendH2 sends the same over h2c.
func sendH2(t testing.TB, address string, m filtertest.Message) answer {
	t.Helper()
	transport := h2cTransport()
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), exchangeTimeout)
	defer cancel()
	request := &http.Request{Method: or(m.Method, "GET"), Header: http.Header{"User-Agent": nil}, Host: or(m.Authority, "app.example.com"),
		URL: &url.URL{Scheme: "http", Host: address, Opaque: or(m.Path, "/")}, ContentLength: -1}
	for _, kv := range m.Headers {
		name := http.CanonicalHeaderKey(kv[0])
		if name == "User-Agent" {
			request.Header.Set(name, kv[1]) // nil above keeps Go's own away
			continue
		}
		request.Header.Add(name, kv[1])
	}
	if len(m.Trailers) > 0 {
		request.Trailer = http.Header{}
		for _, kv := range m.Trailers {
			request.Trailer.Add(kv[0], kv[1])
		}
	}
	switch {
	case len(m.Body) == 0 && len(m.Trailers) == 0:
		request.ContentLength = 0
	default:
		pipeReader, pipeWriter := io.Pipe()
		go func() {
			for _, chunk := range m.Body {
				if _, err := io.WriteString(pipeWriter, chunk); err != nil {
					return
				}
			}
			_ = pipeWriter.Close()
		}()
		defer pipeReader.Close()
		request.Body = pipeReader
		if !m.NoLength {
			request.ContentLength = int64(len(m.Bytes()))
		}
	}
	response, err := transport.RoundTrip(request.WithContext(ctx))
	require.NoError(t, err)
	return readAnswer(t, response)
}

func readAnswer(t testing.TB, response *http.Response) answer {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err, "reading the response's body after %d bytes", len(body))
	return answer{Status: response.StatusCode, Headers: flat(response.Header), Body: body, Trailers: flat(response.Trailer)}
}

func flat(h http.Header) filtertest.Fields {
	var f filtertest.Fields
	for name, values := range h {
		for _, v := range values {
			f = append(f, [2]string{strings.ToLower(name), v})
		}
	}
	sort.Slice(f, func(i, j int) bool { return f[i][0] < f[j][0] })
	return f
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func itoa(n int) string { return strconv.Itoa(n) }
