package golang

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRequestIsReadWhole(t *testing.T) {
	h := get("/a?b=c", "x-b", "1", "x-b", "2", "x-a", "3", "x-request-id", "abc")
	info := newInfo()
	info.version = "HTTP/2.0"
	r := requestOf(h, info)

	assert.Equal(t, "GET", r.Method)
	assert.Equal(t, "/a?b=c", r.Path)
	assert.Equal(t, "example.com", r.Authority)
	assert.Equal(t, "HTTP/2", r.Protocol)
	assert.Equal(t, "abc", r.RequestID)
	assert.Equal(t, netip.MustParseAddrPort("192.0.2.7:4711"), r.Client.Addr)
	assert.Equal(t, netip.MustParseAddrPort("192.0.2.1:8080"), r.Server.Addr)
	for range 20 { // the SDK's map has another order every time
		var list [][2]string
		for name, value := range fields(h) {
			list = append(list, [2]string{name, value})
		}
		assert.Equal(t, [][2]string{{"x-a", "3"}, {"x-b", "1"}, {"x-b", "2"}, {"x-request-id", "abc"}}, list)
	}
}

func TestHeadersCanBeLeftHalfRead(t *testing.T) {
	for name := range fields(get("/", "x-a", "1", "x-b", "2")) {
		assert.Equal(t, "x-a", name)
		break
	}
}

func TestProtocolIsSpelledAsEnvoyDoes(t *testing.T) {
	for sdk, want := range map[string]string{"HTTP/1.0": "HTTP/1.0", "HTTP/1.1": "HTTP/1.1", "HTTP/2.0": "HTTP/2", "HTTP/3.0": "HTTP/3", "": ""} {
		info := newInfo()
		info.version = sdk
		assert.Equal(t, want, protocol(info))
	}
}
