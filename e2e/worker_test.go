package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestALargeInspectionLeavesTheWorker: invariant 5. On a single worker, small
// requests on another connection are answered while a large body is inspected;
// with offload_bytes 0 they are not, which shows that the test can tell.
func TestALargeInspectionLeavesTheWorker(t *testing.T) {
	p := startProxy(t, map[string]string{
		"small":   "directives: SecRuleEngine Off",
		"offload": `screen: "off"`, // else the inspection is over in an instant
		"inline":  "screen: \"off\"\nrequest_body: {offload_bytes: 0}",
	}, options{workers: 1})
	var body strings.Builder // 100 KB of JSON, within CRS's limit of 1000 arguments
	body.WriteString("[")
	for body.Len() < 100_000 {
		fmt.Fprintf(&body, `"%s",`, strings.Repeat("lorem ipsum dolor sit amet ", 8))
	}
	body.WriteString(`"end"]`)

	request := fmt.Sprintf("POST / HTTP/1.1\r\n"+curlLines+"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s", body.Len(), body.String())
	offloaded, took, status := answeredMeanwhile(t, p, "offload", request)
	require.Equal(t, 200, status)
	inline, inlineTook, status := answeredMeanwhile(t, p, "inline", request)
	require.Equal(t, 200, status)
	t.Logf("small requests answered meanwhile: %d in %s off the worker, %d in %s on it", offloaded, took, inline, inlineTook)
	assert.Greater(t, offloaded, 5, "the worker keeps answering")
	assert.Greater(t, offloaded, 5*(inline+1), "and does not where the inspection runs on it")
}

// curlLines are headers that give CRS nothing to remark on.
const curlLines = hostLine + "user-agent: curl/8\r\naccept: */*\r\n"

// answeredMeanwhile sends a request, byte for byte, and counts the small requests
// answered on another connection from its last byte to its answer.
func answeredMeanwhile(t *testing.T, p *proxy, config, request string) (answered int, took time.Duration, status int) {
	t.Helper()
	small, large := dial(t, p.address("small")), dial(t, p.address(config))
	smallReader := bufio.NewReader(small)
	get := func() {
		_, err := io.WriteString(small, "GET / HTTP/1.1\r\nhost: small.example.com\r\n\r\n")
		require.NoError(t, err)
		readOK(t, smallReader)
	}
	get() // both ends are connected, up to the upstream

	_, err := io.WriteString(large, request[:len(request)-1])
	require.NoError(t, err)
	get() // the worker has read what was sent before
	_, err = io.WriteString(large, request[len(request)-1:])
	require.NoError(t, err)
	begun := time.Now()
	done := make(chan error, 1)
	go func() {
		response, err := http.ReadResponse(bufio.NewReader(large), nil)
		if err == nil {
			response.Body.Close()
			status = response.StatusCode
		}
		done <- err
	}()
	for ; ; answered++ {
		get()
		select {
		case err := <-done:
			require.NoError(t, err)
			return answered, time.Since(begun), status
		default:
		}
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(exchangeTimeout)))
	t.Cleanup(func() { conn.Close() })
	return conn
}

func readOK(t *testing.T, reader *bufio.Reader) {
	t.Helper()
	response, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, 200, response.StatusCode)
}

// beat makes a function that returns when the worker has read all that was sent
// to it before.
func (p *proxy) beat(t *testing.T) func() {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	address := "http://" + p.address("beat")
	return func() {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
		if err != nil {
			panic(err)
		}
		if response, err := transport.RoundTrip(request); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	}
}
