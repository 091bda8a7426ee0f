package filter

import (
	"strings"
	"time"

	"github.com/corazawaf/coraza/v3/types"
)

// runRequestHead gives the engine the request's head and runs phase 1.
func (t *Transaction) runRequestHead(r *Request, endStream bool) *types.Interruption {
	start := time.Now()
	defer func() { t.took += time.Since(start) }()
	t.phase = 1
	t.tx = t.set.waf.NewTransactionWithID(t.id)
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
	return t.tx.ProcessRequestHeaders()
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
