package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// pause keeps the load from starving the compiler of two CPUs: eight clients
// send some 160 requests a second.
const pause = 50 * time.Millisecond

// load is a number of clients that send benign requests and attacks in turn on
// connections that they keep. They do not retry: net/http's client would, and a
// request that Envoy lost would not show.
type load struct {
	halt chan struct{}
	done sync.WaitGroup

	mu              sync.Mutex
	benign, attacks int
	failures        []string
}

func startLoad(t *testing.T, address string, clients int) *load {
	l := &load{halt: make(chan struct{})}
	for range clients {
		l.done.Go(func() { l.client(address) })
	}
	t.Cleanup(func() { l.stop() })
	return l
}

// stop ends the clients; it may be called twice.
func (l *load) stop() (benign, attacks int, failures []string) {
	l.mu.Lock()
	select {
	case <-l.halt:
	default:
		close(l.halt)
	}
	l.mu.Unlock()
	l.done.Wait()
	return l.benign, l.attacks, l.failures
}

func (l *load) client(address string) {
	var conn net.Conn
	var reader *bufio.Reader
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-l.halt:
			if conn != nil {
				conn.Close()
			}
			return
		case <-ticker.C:
		}
		var err error
		if conn == nil {
			if conn, err = net.Dial("tcp", address); err != nil {
				l.note(n, 0, fmt.Errorf("connecting: %w", err))
				continue
			}
			reader = bufio.NewReader(conn)
		}
		status, last, err := ask(conn, reader, n)
		l.note(n, status, err)
		if err != nil || last {
			conn.Close()
			conn = nil
		}
	}
}

// ask sends a benign request for an even n, an attack for an odd one. last says
// that Envoy ends the connection: that is how a draining listener hands its
// clients over.
func ask(conn net.Conn, reader *bufio.Reader, n int) (status int, last bool, err error) {
	path := "/?page=3"
	if n%2 == 1 {
		path = "/?id=1%27%20or%201=1--%20"
	}
	if err := conn.SetDeadline(time.Now().Add(exchangeTimeout)); err != nil {
		return 0, true, err
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nhost: app.example.com\r\nuser-agent: curl/8\r\naccept: */*\r\n\r\n", path); err != nil {
		return 0, true, fmt.Errorf("sending: %w", err)
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return 0, true, fmt.Errorf("reading the response: %w", err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, true, fmt.Errorf("reading the response's body: %w", err)
	}
	return response.StatusCode, response.Close, nil
}

func (l *load) note(n, status int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	want := 200
	if n%2 == 1 {
		want = 403
		l.attacks++
	} else {
		l.benign++
	}
	switch {
	case err != nil:
		l.failures = append(l.failures, err.Error())
	case status != want:
		l.failures = append(l.failures, fmt.Sprintf("status %d, not %d", status, want))
	}
}
