package filter

import (
	"iter"
	"net/netip"
	"strings"
)

// Headers yields names and values in the order of arrival, pseudo-headers left
// out. Names are lower case. Strings are borrowed for the call. It may be
// ranged over more than once.
type Headers = iter.Seq2[string, string]

// Endpoint is one side of a connection. Addr is the zero value where the peer
// is no IP address (a Unix domain socket, Envoy's internal listener); Name then
// says what the host calls it.
type Endpoint struct {
	Addr netip.AddrPort
	Name string
}

// ParseEndpoint reads an address as Envoy prints it: "192.0.2.1:443",
// "[2001:db8::1]:443", or a socket's path.
func ParseEndpoint(s string) Endpoint {
	addr, err := netip.ParseAddrPort(s)
	if err != nil {
		return Endpoint{Name: strings.Clone(s)}
	}
	// Without its zone: @ipMatch reads none.
	return Endpoint{Addr: netip.AddrPortFrom(addr.Addr().WithZone("").Unmap(), addr.Port())}
}

// host and port are what rules see as REMOTE_ADDR and REMOTE_PORT. A peer
// without an IP address keeps its name, which no @ipMatch ever matches: an
// invented 127.0.0.1 would satisfy allow-lists.
func (e Endpoint) host() string {
	if e.Addr.IsValid() {
		return e.Addr.Addr().String()
	}
	return e.Name
}

func (e Endpoint) port() int { return int(e.Addr.Port()) }

// Request is the head of a request. Strings are borrowed for the call.
type Request struct {
	Method    string
	Path      string // as received, query included
	Authority string // the Host, once; empty where it was sent so
	Protocol  string // HTTP/1.0, HTTP/1.1, HTTP/2, HTTP/3
	Headers   Headers
	Client    Endpoint
	Server    Endpoint
	// RequestID is the client's or the proxy's x-request-id; it is only ever
	// logged, escaped.
	RequestID string
}

// Response is the head of a response. Strings are borrowed for the call.
type Response struct {
	Status  int
	Headers Headers
}

// traits are what the state machine must know of a request's head.
type traits struct {
	grpc             bool // gRPC by Envoy's own test: HTTP/2 or later, POST, content type
	upgrade          bool // what Envoy treats as an HTTP/1 upgrade
	connect          bool
	hasContentLength bool
	accept           string
	contentType      string
	cost             int // of inspecting the head; see cost.go
}

func (r *Request) traits() traits {
	var t traits
	var upgradeHeader, connectionUpgrade bool
	for name, value := range r.Headers {
		switch name {
		case "content-length":
			t.hasContentLength = true
		case "content-type":
			if t.contentType == "" {
				t.contentType = strings.Clone(value)
			}
		case "accept":
			t.accept = strings.Clone(value)
		case "upgrade":
			upgradeHeader = upgradeHeader || value != ""
		case "connection":
			// Envoy removes Connection before any filter unless both headers make
			// the request an upgrade (Http::Utility::isUpgrade).
			for token := range strings.SplitSeq(value, ",") {
				if strings.EqualFold(strings.TrimSpace(token), "upgrade") {
					connectionUpgrade = true
				}
			}
		}
	}
	t.cost = headCost(r)
	http1 := strings.HasPrefix(r.Protocol, "HTTP/1")
	t.upgrade = upgradeHeader && connectionUpgrade
	t.connect = r.Method == "CONNECT"
	t.grpc = !http1 && r.Method == "POST" && isGRPCContentType(t.contentType)
	return t
}

// isGRPCContentType follows Envoy's Grpc::Common::hasGrpcContentType.
func isGRPCContentType(v string) bool {
	rest, ok := strings.CutPrefix(v, "application/grpc")
	return ok && (rest == "" || rest[0] == '+')
}

// uri is what the engine parses: a CONNECT without a path names its authority.
func (r *Request) uri() string {
	if r.Path == "" {
		return r.Authority
	}
	return r.Path
}
