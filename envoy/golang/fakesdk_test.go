package golang

import (
	"fmt"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"github.com/stretchr/testify/require"
)

// This file is the SDK's side of a fakeStream (go/pkg/http of Envoy 1.39.1): the
// filter's callbacks, and what they may call.

func (d *fakeDirection) callHeaders(h *fakeHeaders, end bool) api.StatusType {
	return d.call(func() api.StatusType {
		var status api.StatusType
		if d.encoding {
			status = d.s.filter.EncodeHeaders(h, end)
		} else {
			d.s.inHead = true
			defer func() { d.s.inHead = false }()
			status = d.s.filter.DecodeHeaders(h, end)
		}
		if end && (status == api.StopAndBuffer || status == api.StopAndBufferWatermark) {
			panic("received wait data status when there is no data, please fix the returned status")
		}
		return status
	})
}

func (d *fakeDirection) callData(b *fakeBuffer, end bool) api.StatusType {
	return d.call(func() api.StatusType {
		if d.encoding {
			return d.s.filter.EncodeData(b, end)
		}
		return d.s.filter.DecodeData(b, end)
	})
}

func (d *fakeDirection) callTrailers() api.StatusType {
	return d.call(func() api.StatusType {
		if d.encoding {
			return d.s.filter.EncodeTrailers(d.trailers)
		}
		return d.s.filter.DecodeTrailers(d.trailers)
	})
}

func (d *fakeDirection) call(callback func() api.StatusType) (status api.StatusType) {
	defer fakeProcess{d}.RecoverPanic()
	d.s.inGo = true
	defer func() { d.s.inGo = false }()
	return callback()
}

// fakeCallbacks is api.FilterCallbackHandler.
type fakeCallbacks struct {
	api.FilterCallbackHandler // what the adapter does not use panics
	s                         *fakeStream
}

func (c fakeCallbacks) StreamInfo() api.StreamInfo { return c.s.info }
func (c fakeCallbacks) DecoderFilterCallbacks() api.DecoderFilterCallbacks {
	return fakeProcess{c.s.request}
}
func (c fakeCallbacks) EncoderFilterCallbacks() api.EncoderFilterCallbacks {
	return fakeProcess{c.s.response}
}

// fakeProcess is the callbacks of one direction.
type fakeProcess struct{ d *fakeDirection }

// check panics as the SDK does for a C call that is refused.
func (p fakeProcess) check() {
	if p.d.s.destroyed.Load() {
		panic("golang filter has been destroyed")
	}
	if !p.d.processing() {
		panic("not proccessing Go")
	}
}

func (p fakeProcess) Continue(status api.StatusType) {
	p.check()
	p.post(func() { p.d.resume(status) })
}

func (p fakeProcess) SendLocalReply(status int, body string, headers map[string][]string, grpcStatus int64, details string) {
	p.check()
	reply := &sentReply{status, body, headers, grpcStatus, details}
	p.post(func() { p.d.replyWith(reply) })
}

func (p fakeProcess) post(f func()) {
	p.d.s.posted <- func() {
		if !p.d.s.destroyed.Load() {
			f()
		}
	}
}

func (p fakeProcess) RecoverPanic() {
	e := recover()
	if p.d.s.recovered != nil {
		p.d.s.recovered(e)
	}
	if e != nil && e != "golang filter has been destroyed" {
		p.SendLocalReply(500, "error happened in filter\r\n", nil, 0, fmt.Sprint("panic: ", e))
	}
}

func (p fakeProcess) AddData(data []byte, isStreaming bool) {
	p.check()
	if p.d.now() == processingData {
		panic("invalid phase, maybe headers/buffer already continued")
	}
	require.True(p.d.s.t, p.d.s.inGo, "AddData outside a callback")
	require.True(p.d.s.t, isStreaming, "a body past the buffer limit must not become 413")
	if p.d.stopped {
		p.d.manage(data)
	} else {
		p.d.nextData(data, false)
	}
}

func (p fakeProcess) InjectData([]byte) { panic("not used") }

func (p fakeProcess) SetUpstreamOverrideHost(string, bool) error { panic("not used") }

// replyWith is sendLocalReplyInternal and Envoy's own sendLocalReply: in place
// of a response that has not begun the reply passes the encode callbacks;
// in place of one that they hold it goes straight to the client.
func (d *fakeDirection) replyWith(r *sentReply) {
	s := d.s
	d.list, d.listBytes, d.pending, d.managed = nil, 0, nil, nil
	if !d.encoding {
		d.set(waitingHeader)
	}
	s.reply = r
	switch {
	case s.response.now() == waitingHeader:
		s.localReply(r.status, r.body)
	case s.response.headersSent:
		s.reset = true
	}
}

// localReply runs a reply, Envoy's own too, through the encode callbacks.
func (s *fakeStream) localReply(status int, body string) {
	s.response.sendHeaders(response(status), body == "")
	if body != "" {
		s.response.sendData(body, true)
	}
}
