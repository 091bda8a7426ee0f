package e2e

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// caseHeader tells the upstream which answer to give and under which key to
// record what it saw.
const caseHeader = "x-case"

// upstream is a real HTTP/1.1 and h2c server that answers as a case says and
// records what arrived.
type upstream struct {
	address string

	mu      sync.Mutex
	answers map[string]filtertest.Message
	seen    map[string]*filtertest.Seen
	arrived map[string]chan struct{} // closed when the whole request has been read
	// handlers serve paths that no table can describe (event streams, WebSockets).
	handlers map[string]http.HandlerFunc
}

func startUpstream(t testing.TB) *upstream {
	t.Helper()
	u := &upstream{answers: map[string]filtertest.Message{}, seen: map[string]*filtertest.Seen{},
		arrived: map[string]chan struct{}{}, handlers: map[string]http.HandlerFunc{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	u.address = listener.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(u.serve), Protocols: &http.Protocols{}}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return u
}

// expect registers the answer to the request that carries id.
func (u *upstream) expect(id string, answer filtertest.Message) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answers[id] = answer
	u.arrived[id] = make(chan struct{})
}

// saw returns what arrived under id; nil if nothing did.
func (u *upstream) saw(id string) *filtertest.Seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.seen[id]
}

func (u *upstream) handle(path string, h http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.handlers[path] = h
}

func (u *upstream) serve(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(caseHeader)
	u.mu.Lock()
	answer, known := u.answers[id]
	handler := u.handlers[r.URL.Path]
	seen := &filtertest.Seen{Method: r.Method, Path: r.RequestURI}
	if id != "" {
		u.seen[id] = seen // from its head on: a denied request must not show even that
	}
	u.mu.Unlock()
	if handler != nil {
		handler(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	u.mu.Lock()
	seen.Body = body
	for name, values := range r.Trailer {
		for _, v := range values {
			seen.Trailers = append(seen.Trailers, [2]string{strings.ToLower(name), v})
		}
	}
	if done := u.arrived[id]; done != nil {
		close(done)
		delete(u.arrived, id)
	}
	u.mu.Unlock()
	if !known {
		_, _ = io.WriteString(w, "ok")
		return
	}
	give(w, answer)
}

func give(w http.ResponseWriter, m filtertest.Message) {
	for _, kv := range m.Headers {
		w.Header().Add(kv[0], kv[1])
	}
	for _, kv := range m.Trailers {
		w.Header().Add("Trailer", kv[0])
	}
	if !m.NoLength && len(m.Trailers) == 0 && len(m.Body) > 0 {
		w.Header().Set("Content-Length", itoa(len(m.Bytes())))
	}
	status := m.Status
	if status == 0 {
		status = 200
	}
	w.WriteHeader(status)
	for _, chunk := range m.Body {
		_, _ = io.WriteString(w, chunk)
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
	}
	for _, kv := range m.Trailers {
		w.Header().Set(kv[0], kv[1])
	}
}
