package e2e

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// settleWithin bounds waits for a state that Envoy reports but does not announce.
const settleWithin = 30 * time.Second

// pollStats is how often such a state is asked for.
const pollStats = 20 * time.Millisecond

// rawUpstream is a TCP server that records every byte of every connection. Its
// request line tells it what to do: "accept" answers 101 (200 to a CONNECT) and
// then echoes, "refuse" answers 200 with a body, "silent" never answers. A request
// with a case's name is answered 200 whatever its line says.
type rawUpstream struct {
	cluster string
	address string

	mu       sync.Mutex
	heads    map[string]string // by the case's name; before the answer is sent
	received []string          // by connection, once it has ended
}

func startRawUpstream(t testing.TB, cluster string) *rawUpstream {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	u := &rawUpstream{cluster: cluster, address: listener.Addr().String(), heads: map[string]string{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { u.serve(conn) })
		}
	})
	// Runs after Envoy's own end, which closes the connections.
	t.Cleanup(func() { _ = listener.Close(); running.Wait() })
	return u
}

func (u *rawUpstream) serve(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(exchangeTimeout))
	var all bytes.Buffer
	defer func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.received = append(u.received, all.String())
	}()
	reader := bufio.NewReader(io.TeeReader(conn, &all))
	first, _ := reader.ReadString('\n')
	head, id := first, ""
	for line := first; strings.TrimSpace(line) != ""; {
		var err error
		if line, err = reader.ReadString('\n'); err != nil {
			return
		}
		head += line
		if value, ok := strings.CutPrefix(line, caseHeader+": "); ok {
			id = strings.TrimSpace(value)
		}
	}
	if id != "" {
		u.mu.Lock()
		u.heads[id] = head
		u.mu.Unlock()
	}
	switch {
	case strings.Contains(first, "silent"):
	case id != "", strings.Contains(first, "refuse"):
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 7\r\n\r\nno, no.")
	case strings.HasPrefix(first, "CONNECT"):
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		_, _ = io.Copy(conn, reader)
	default:
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n")
		_, _ = io.Copy(conn, reader)
	}
	_, _ = io.Copy(io.Discard, reader)
}

// got returns what stands in the request line between method and version, and the
// host, of the request with this case's name; all empty if none arrived.
func (u *rawUpstream) got(id string) (target, host string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	line, fields, _ := strings.Cut(u.heads[id], "\r\n")
	_, target, _ = strings.Cut(strings.TrimSuffix(line, " HTTP/1.1"), " ")
	for field := range strings.Lines(fields) {
		if value, ok := strings.CutPrefix(field, "host: "); ok {
			host += strings.TrimSpace(value)
		}
	}
	return target, host
}

// everything returns all bytes that arrived, once Envoy has closed every
// connection to u and u has read each to its end.
func (u *rawUpstream) everything(t testing.TB, p *proxy) string {
	t.Helper()
	var all string
	require.Eventually(t, func() bool {
		stats, err := p.Stats(context.Background(), `^cluster\.`+u.cluster+`\.upstream_cx_(active|total)$`)
		require.NoError(t, err)
		u.mu.Lock()
		defer u.mu.Unlock()
		all = strings.Join(u.received, "\n")
		name := "cluster." + u.cluster + ".upstream_cx_"
		return stats[name+"active"] == 0 && stats[name+"total"] == uint64(len(u.received))
	}, settleWithin, 20*time.Millisecond, "every connection to the upstream ends")
	return all
}
