package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// chunkPlans are the sizes of a body's pieces: around HTTP/2's frame (16384) and
// window (65535), offload_bytes' default (65536) and one byte.
var chunkPlans = [][]int{{1}, {1, 1, 1}, {999, 1, 2000}, {16383, 2}, {40000, 1, 30000}, {65535, 1}, {65536, 65536, 1}, {300000, 5}}

// How a body ends: with its last byte, by an end without bytes, or by trailers.
var endings = []string{"length", "empty", "trailers"}

// TestChunkTimingLosesNoByte sends numbered bodies both ways in pieces that Envoy
// reads in one go or one at a time: none is lost, doubled or put elsewhere. What
// tells that a piece has been read is the answer to a request sent after it, for
// there is one worker.
func TestChunkTimingLosesNoByte(t *testing.T) {
	rules := filtertest.Configs["rules"]
	held := func(offload int) string {
		return fmt.Sprintf("%s\nrequest_body: {offload_bytes: %d}\nresponse_body: {offload_bytes: %d}\n", rules, offload, offload)
	}
	// Judged in mid-body, off the worker, while more of it arrives.
	partial := strings.NewReplacer("SecRequestBodyLimit 8388608", "SecRequestBodyLimit 1000", "SecRequestBodyInMemoryLimit 131072", "SecRequestBodyInMemoryLimit 1000",
		"SecRequestBodyLimitAction Reject", "SecRequestBodyLimitAction ProcessPartial", "SecResponseBodyLimit 8388608", "SecResponseBodyLimit 1000",
		"SecResponseBodyLimitAction Reject", "SecResponseBodyLimitAction ProcessPartial").Replace(held(1))
	configs := map[string]string{"inline": held(0), "offloaded": held(1), "partial": partial, "streamed": filtertest.Configs["off"], "beat": "disabled: true"}
	var ways []options
	if asked() == doorDynamicModule {
		ways = append(ways, options{door: doorDynamicModule})
	}
	for _, version := range versionsOf(doorGolang) {
		ways = append(ways, options{door: doorGolang, version: version})
	}
	for _, at := range ways {
		t.Run(at.door+at.version, func(t *testing.T) {
			at.workers = 1
			p := startProxy(t, configs, at)
			e := &echo{beat: p.beat(t), seen: map[string]echoed{}}
			p.upstream.handle("/echo", e.serve)
			for _, config := range []string{"inline", "offloaded", "partial", "streamed"} {
				for _, protocol := range []sender{{"h1", nil}, {"h2", nil}} {
					t.Run(config+"/"+protocol.name, func(t *testing.T) {
						for _, plan := range chunkPlans {
							for _, ending := range endings {
								for _, apart := range []bool{false, true} {
									e.exchange(t, protocol.name, p.address(config), body{plan, ending, apart})
								}
							}
						}
					})
				}
			}
		})
	}
}

// A body is numbered, so that no two of its parts are alike.
type body struct {
	plan   []int
	ending string
	apart  bool // each piece is read before the next is sent
}

func (b body) String() string { return fmt.Sprintf("%v %s apart=%t", b.plan, b.ending, b.apart) }

func (b body) pieces() (pieces []string) {
	total := 0
	for _, n := range b.plan {
		total += n
	}
	var all strings.Builder
	for n := 0; all.Len() < total; n++ {
		fmt.Fprintf(&all, "%07d ", n)
	}
	rest := all.String()
	for _, n := range b.plan {
		pieces, rest = append(pieces, rest[:n]), rest[n:]
	}
	return pieces
}

func (b body) whole() string { return strings.Join(b.pieces(), "") }

// send writes the pieces and says when to write the end.
func (b body) send(beat func(), write func(string) error) error {
	for _, piece := range b.pieces() {
		if err := write(piece); err != nil {
			return err
		}
		if b.apart {
			beat()
		}
	}
	return nil
}

// echo is an upstream that answers with a body like the one it is sent.
type echo struct {
	beat func()
	mu   sync.Mutex
	seen map[string]echoed
}

type echoed struct{ body, trailer string }

func (e *echo) serve(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	e.mu.Lock()
	e.seen[r.Header.Get(caseHeader)] = echoed{string(text), r.Trailer.Get("x-sum")}
	e.mu.Unlock()
	var b body
	for size := range strings.SplitSeq(r.Header.Get("x-plan"), ",") {
		n, _ := strconv.Atoi(size)
		b.plan = append(b.plan, n)
	}
	b.apart = r.Header.Get("x-apart") == "true"
	w.Header().Set("Content-Type", "text/plain")
	switch r.Header.Get("x-ending") {
	case "length":
		w.Header().Set("Content-Length", itoa(len(b.whole())))
	case "trailers":
		w.Header().Set("Trailer", "x-sum")
	}
	_ = b.send(e.beat, func(piece string) error {
		_, err := io.WriteString(w, piece)
		if b.apart {
			w.(http.Flusher).Flush() //nolint:forcetypeassert // net/http's is one
		}
		return err
	})
	if r.Header.Get("x-ending") == "trailers" {
		w.Header().Set("x-sum", "from the upstream")
	}
}

func (e *echo) exchange(t *testing.T, protocol, address string, b body, more ...[2]string) {
	t.Helper()
	id := t.Name() + " " + b.String()
	sizes := strings.Trim(strings.ReplaceAll(fmt.Sprint(b.plan), " ", ","), "[]")
	fields := map[string]string{caseHeader: id, "x-plan": sizes, "x-ending": b.ending, "x-apart": strconv.FormatBool(b.apart), "content-type": "text/plain"}
	for _, kv := range more {
		fields[kv[0]] = kv[1]
	}
	send := e.h1
	if protocol == "h2" {
		send = e.h2
	}
	response := send(t, address, b, fields)
	got, err := io.ReadAll(response.Body)
	require.NoError(t, err, id)
	_ = response.Body.Close()
	require.Equal(t, 200, response.StatusCode, "%s: %s", id, got)
	e.mu.Lock()
	seen := e.seen[id]
	e.mu.Unlock()
	assert.True(t, b.whole() == seen.body, "%s: of %d bytes of the request arrived %d", id, len(b.whole()), len(seen.body))
	assert.True(t, b.whole() == string(got), "%s: of %d bytes of the response arrived %d", id, len(b.whole()), len(got))
	if b.ending == "trailers" {
		assert.Equal(t, "from the client", seen.trailer, id)
		assert.Equal(t, "from the upstream", response.Trailer.Get("x-sum"), id)
	}
}

func (e *echo) h1(t *testing.T, address string, b body, fields map[string]string) *http.Response {
	t.Helper()
	c := dialH1(t, "tcp", address)
	var head strings.Builder
	head.WriteString("POST /echo HTTP/1.1\r\n" + hostLine + "connection: close\r\n")
	for name, value := range fields {
		head.WriteString(name + ": " + value + "\r\n")
	}
	format := func(piece string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece) }
	last := map[string]string{"length": "", "empty": "0\r\n\r\n", "trailers": "0\r\nx-sum: from the client\r\n\r\n"}[b.ending]
	if b.ending == "length" {
		head.WriteString("content-length: " + itoa(len(b.whole())) + "\r\n\r\n")
		format = func(piece string) string { return piece }
	} else {
		head.WriteString("transfer-encoding: chunked\r\n\r\n")
	}
	together := head.String()
	write := func(s string) error { together += s; return nil }
	if b.apart {
		c.write(together)
		e.beat()
		write = func(s string) error { c.write(s); return nil }
	}
	require.NoError(t, b.send(e.beat, func(piece string) error { return write(format(piece)) }))
	if !b.apart {
		c.write(together + last)
	} else {
		c.write(last)
	}
	response, err := http.ReadResponse(c.reader, &http.Request{Method: http.MethodPost})
	require.NoError(t, err, "%s: reading the response's head", fields[caseHeader])
	return response
}

func (e *echo) h2(t *testing.T, address string, b body, fields map[string]string) *http.Response {
	t.Helper()
	transport := h2cTransport()
	t.Cleanup(transport.CloseIdleConnections)
	reader, writer := io.Pipe()
	ctx, cancel := context.WithTimeout(context.Background(), exchangeTimeout)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/echo", reader)
	require.NoError(t, err)
	for name, value := range fields {
		request.Header.Set(name, value)
	}
	switch b.ending {
	case "length":
		request.ContentLength = int64(len(b.whole()))
	case "trailers":
		request.Trailer = http.Header{"X-Sum": {"from the client"}}
	}
	go func() {
		if b.apart {
			e.beat()
		}
		_ = writer.CloseWithError(b.send(e.beat, func(piece string) error { _, err := io.WriteString(writer, piece); return err }))
	}()
	response, err := transport.RoundTrip(request)
	require.NoError(t, err, "%s", fields[caseHeader])
	return response
}
