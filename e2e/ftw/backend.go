package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// connectionHeader is what Envoy's router adds behind the filter: the port of
// the client's connection, so that the backend can say whose request arrived.
const connectionHeader = "x-ftw-connection"

// A backend stands in for CRS's own, albedo: POST /reflect answers as its JSON
// body says, everything else with an empty 200. It keeps what arrived: Envoy
// changes requests only before its filters, so that is what the filter was given.
type backend struct {
	address string
	server  *http.Server

	mu   sync.Mutex
	seen map[string][]*arrival // by client port
}

// An arrival is a request as the backend got it, and its answer.
type arrival struct {
	id      string  // Envoy's, of the stream
	request message // complete once all of its body has come
	reply   reply
}

// A reply is what the backend answers.
type reply struct {
	status  int
	headers [][2]string
	body    []byte
}

func startBackend() (*backend, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &backend{address: listener.Addr().String(), seen: map[string][]*arrival{}}
	b.server = &http.Server{Handler: b}
	go func() { _ = b.server.Serve(listener) }() // ends with stop
	return b, nil
}

func (b *backend) stop() { _ = b.server.Close() }

// take returns what arrived from the client port, whole or not, and forgets it,
// for ports are used again.
func (b *backend) take(port string) []arrival {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []arrival
	for _, a := range b.seen[port] {
		all = append(all, *a)
	}
	delete(b.seen, port)
	return all
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := b.head(r)
	body, err := io.ReadAll(r.Body)
	answer := reflect(r.Method, r.URL.Path, body)
	b.mu.Lock()
	a.request.body, a.request.complete, a.reply = body, err == nil, answer
	b.mu.Unlock()
	for _, h := range answer.headers {
		w.Header().Set(h[0], h[1])
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body)
}

// head notes a request before its body: a request of which any byte came has
// arrived.
func (b *backend) head(r *http.Request) *arrival {
	a := &arrival{id: r.Header.Get("x-request-id"), request: message{method: r.Method, target: r.RequestURI}}
	a.request.headers = append(a.request.headers, [2]string{"host", r.Host})
	for name, values := range r.Header {
		if strings.EqualFold(name, connectionHeader) {
			continue
		}
		for _, v := range values {
			a.request.headers = append(a.request.headers, [2]string{strings.ToLower(name), v})
		}
	}
	port := r.Header.Get(connectionHeader)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[port] = append(b.seen[port], a)
	return a
}

// reflect makes the answer to a request; where its JSON names no type, net/http's
// detection does, as in albedo.
func reflect(method, path string, body []byte) reply {
	if method != http.MethodPost || path != "/reflect" {
		return reply{status: http.StatusOK, headers: [][2]string{{"content-length", "0"}}}
	}
	var spec struct {
		Status      int               `json:"status"`
		Headers     map[string]string `json:"headers"`
		Body        string            `json:"body"`
		EncodedBody string            `json:"encodedBody"`
	}
	if json.Unmarshal(body, &spec) != nil {
		return reply{status: http.StatusBadRequest, headers: [][2]string{{"content-length", "0"}}}
	}
	r := reply{status: spec.Status, body: []byte(spec.Body)}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if spec.EncodedBody != "" {
		r.body, _ = base64.StdEncoding.DecodeString(spec.EncodedBody)
	}
	typed := false
	for name, value := range spec.Headers {
		typed = typed || strings.EqualFold(name, "content-type")
		r.headers = append(r.headers, [2]string{strings.ToLower(name), value})
	}
	if !typed {
		r.headers = append(r.headers, [2]string{"content-type", http.DetectContentType(r.body)})
	}
	r.headers = append(r.headers, [2]string{"content-length", strconv.Itoa(len(r.body))})
	return r
}
