package dynamicmodule

import (
	"github.com/envoyproxy/envoy/source/extensions/dynamic_modules/sdk/go/shared"

	"github.com/seawall-waf/seawall/filter"
)

// request reads the head that Envoy hands over. Its strings are borrowed.
func (s *stream) request(headers shared.HeaderMap) filter.Request {
	all := headers.GetAll()
	r := filter.Request{Headers: fields(all)}
	for _, h := range all {
		switch h[0] {
		case ":method":
			r.Method = h[1]
		case ":path":
			r.Path = h[1]
		case ":authority":
			r.Authority = h[1]
		case "x-request-id":
			r.RequestID = h[1]
		}
	}
	r.Protocol, _ = s.handle.GetAttributeString(shared.AttributeIDRequestProtocol)
	source, _ := s.handle.GetAttributeString(shared.AttributeIDSourceAddress)
	destination, _ := s.handle.GetAttributeString(shared.AttributeIDDestinationAddress)
	r.Client, r.Server = filter.ParseEndpoint(source), filter.ParseEndpoint(destination)
	return r
}

// fields yields the headers without the pseudo-headers, which begin with a colon.
func fields(all [][2]string) filter.Headers {
	return func(yield func(string, string) bool) {
		for _, h := range all {
			if len(h[0]) > 0 && h[0][0] == ':' {
				continue
			}
			if !yield(h[0], h[1]) {
				return
			}
		}
	}
}
