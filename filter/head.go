package filter

import (
	"math"
	"strings"
	"time"

	"github.com/corazawaf/coraza/v3/types"
)

// feedRequestHead gives a new engine transaction the request's head.
func (t *Transaction) feedRequestHead(r *Request, endStream bool) {
	start := time.Now()
	defer func() { t.took += time.Since(start) }()
	t.tx = t.set.newInspection(t.id, t.engine.config.VerifySample, t.distrust)
	t.tx.ProcessConnection(r.Client.host(), r.Client.port(), r.Server.host(), r.Server.port())
	// The path alone, never scheme://Host/path: a Host such as "x:abc" would make
	// the whole unparsable and leave ARGS empty.
	t.tx.ProcessURI(strings.Clone(r.uri()), t.record.method, t.record.protocol)
	// An empty Host too (CRS 920290): Envoy answers a request that has none.
	t.tx.AddRequestHeader("host", t.record.host)
	t.tx.SetServerName(serverName(t.record.host))
	for name, value := range r.Headers {
		if name == "host" {
			continue // Envoy moves it to :authority; rules must not count two
		}
		t.tx.AddRequestHeader(strings.Clone(name), strings.Clone(value))
	}
	if t.impliesChunked(endStream) {
		t.tx.AddRequestHeader("transfer-encoding", "chunked")
	}
}

// runPhase1 judges the head in place.
func (t *Transaction) runPhase1() *types.Interruption {
	start := time.Now()
	defer func() { t.took += time.Since(start) }()
	return t.tx.ProcessRequestHeaders()
}

// heavyHead is the cost, in multiples of offload_bytes, from which even phase 1
// is too much for the event thread: with the default, some 15 ms with CRS.
const heavyHead = 8

// postpones reports whether phase 1 must run off the event thread.
func (t *Transaction) postpones() bool {
	limit := t.engine.config.RequestBody.OffloadBytes
	return limit > 0 && t.traits.cost >= heavyHead*limit
}

// postpone answers the head of such a request: phase 1 runs together with phase
// 2, in the evaluation. What follows the head is held as if rules had asked for
// it, for none has been asked yet; so the body's limit is our own cap.
func (t *Transaction) postpone(endStream bool) Verdict {
	t.phase1Due = true
	switch {
	case endStream, t.engine.config.ResponseOnly:
		return t.judge(&t.request, nil, passing)
	case t.traits.upgrade || t.traits.connect:
		return t.judge(&t.request, nil, tunnel)
	case t.traits.grpc:
		return t.judge(&t.request, nil, framed)
	}
	t.request.limit = math.MaxInt
	t.request.stage = holding
	return Verdict{Action: Hold}
}

// impliesChunked: Envoy removes Transfer-Encoding before any filter, and an
// HTTP/1 body without Content-Length can only have been chunked (RFC 9112, 6.3).
// CRS 920180 takes a POST with neither for an anomaly.
func (t *Transaction) impliesChunked(endStream bool) bool {
	return !endStream && !t.traits.hasContentLength && !t.traits.upgrade && !t.traits.connect &&
		strings.HasPrefix(t.record.protocol, "HTTP/1")
}

// serverName is the authority's host without its port, for SERVER_NAME.
func serverName(authority string) string {
	if host, ok := NormalizeHost(authority); ok {
		return host
	}
	return authority
}

// normalMediaType writes a content type the one way that the engine compares
// with SecResponseBodyMimeType, byte for byte: the first of a joined list, its
// media type in lower case and without spaces. Clients read "Text/HTML" and
// "text/html ;charset=utf-8" as HTML too.
func normalMediaType(value string) string {
	value, _, _ = strings.Cut(value, ",")
	mediaType, parameters, found := strings.Cut(value, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	if !found {
		return mediaType
	}
	return mediaType + ";" + parameters
}

// runResponseHead gives the engine the response's head and runs phase 3. It
// returns the first content type beside the interruption.
func (t *Transaction) runResponseHead(r *Response) (it *types.Interruption, contentType string) {
	start := time.Now()
	defer func() { t.took += time.Since(start) }()
	t.phase = 3
	for name, value := range r.Headers {
		value = strings.Clone(value)
		if name == "content-type" && contentType == "" {
			value = normalMediaType(value)
			contentType = value
		}
		t.tx.AddResponseHeader(strings.Clone(name), value)
	}
	return t.tx.ProcessResponseHeaders(r.Status, t.record.protocol), contentType
}
