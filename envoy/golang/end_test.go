package golang

import (
	"testing"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"github.com/stretchr/testify/assert"
)

// Contrib calls OnLog for every stream, with nil for what there was not: a
// response, if the client went first; even a request, if Envoy answered before
// Seawall was asked. None of that opens a transaction, or closes one twice.
func TestLogWithoutAResponse(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before func(*fakeStream)
		opened int64
	}{
		{"or a request", func(*fakeStream) {}, 0},
		{"but Envoy's own, before the request was seen", func(s *fakeStream) { s.localReply(431, "too large") }, 0},
		{"after the head", func(s *fakeStream) { s.request.sendHeaders(post("/"), false) }, 1},
		{"in mid-body", func(s *fakeStream) {
			s.request.sendHeaders(post("/"), false)
			s.request.sendData("a=1&", false)
		}, 1},
		{"after the request", func(s *fakeStream) { s.request.sendHeaders(get("/"), true) }, 1},
		{"while the request is evaluated", func(s *fakeStream) {
			s.request.sendHeaders(post("/"), false)
			s.request.sendData("a=evil", true)
		}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stats := newStats()
			s := newStream(t, parsed(t, offloaded(t), stats))
			tc.before(s)
			s.finish()
			s.filter.OnDestroy(api.Terminate) // contrib's Go side does so once; twice must do no harm
			assert.Equal(t, tc.opened, stats.value("seawall.transactions"), "opened")
			assert.Equal(t, tc.opened, stats.value("seawall.duration_us_count"), "closed")
			assert.Zero(t, stats.value("seawall.errors"))
		})
	}
}

// A stream may be recreated without a log: an internal redirect.
func TestDestroyAloneClosesTheTransaction(t *testing.T) {
	stats := newStats()
	s := newStream(t, parsed(t, inPlace(t), stats))
	s.request.sendHeaders(get("/"), true)
	s.destroyed.Store(true)
	s.filter.OnDestroy(api.Normal)
	assert.EqualValues(t, 1, stats.value("seawall.duration_us_count"))
}
