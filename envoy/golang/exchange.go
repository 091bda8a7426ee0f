package golang

import (
	"slices"
	"strings"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"

	"github.com/seawall-waf/seawall/filter"
)

// requestOf reads everything the core wants to know of a request. It is called
// in DecodeHeaders only: from elsewhere the attributes may deadlock.
func requestOf(h api.RequestHeaderMap, stream api.StreamInfo) filter.Request {
	requestID, _ := h.Get("x-request-id")
	return filter.Request{
		Method:    h.Method(),
		Path:      h.Path(),
		Authority: h.Host(),
		Protocol:  protocol(stream),
		Headers:   fields(h),
		Client:    filter.ParseEndpoint(stream.DownstreamRemoteAddress()),
		Server:    filter.ParseEndpoint(stream.DownstreamLocalAddress()),
		RequestID: requestID,
	}
}

// fields returns a header or trailer map without its pseudo-headers. Contrib
// hands over a Go map, whose order is random: sorting makes the same exchange
// read the same every time. Values of one name keep their order.
func fields(m api.HeaderMap) filter.Headers {
	var list [][2]string
	m.Range(func(name, value string) bool {
		if !strings.HasPrefix(name, ":") {
			list = append(list, [2]string{name, value})
		}
		return true
	})
	slices.SortStableFunc(list, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return func(yield func(string, string) bool) {
		for _, f := range list {
			if !yield(f[0], f[1]) {
				return
			}
		}
	}
}

// protocol spells the version as Envoy's access log does: the SDK says HTTP/2.0.
func protocol(stream api.StreamInfo) string {
	name, _ := stream.Protocol()
	switch name {
	case "HTTP/2.0":
		return "HTTP/2"
	case "HTTP/3.0":
		return "HTTP/3"
	}
	return name
}
