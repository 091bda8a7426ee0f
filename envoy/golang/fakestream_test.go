package golang

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeStream is one HTTP stream in a contrib host: the state machine of
// processor_state.cc and golang_filter.cc (Envoy 1.39.1) and as much of Envoy's
// filter_manager.cc as decides what goes on to the next filter. The test's
// goroutine is the worker thread.
type fakeStream struct {
	t         testing.TB
	filter    api.StreamFilter
	info      *fakeInfo
	posted    chan func() // the worker's dispatcher
	inGo      bool        // a filter callback is running on the worker
	inHead    bool        // it is DecodeHeaders
	destroyed atomic.Bool
	request   *fakeDirection
	response  *fakeDirection
	reply     *sentReply // what SendLocalReply sent, nil before
	reset     bool       // answered after response headers had gone out
	recovered func(any)  // told of every RecoverPanic, if set
}

type sentReply struct {
	status     int
	body       string
	headers    map[string][]string
	grpcStatus int64
	details    string
}

// state is contrib's FilterState.
type state int32

const (
	waitingHeader state = iota
	processingHeader
	waitingData
	processingData
	waitingTrailer
	processingTrailer
	done
)

// fakeDirection is a ProcessorState and its half of the filter manager.
type fakeDirection struct {
	s         *fakeStream
	encoding  bool
	state     atomic.Int32
	endStream bool // seen by the host
	doEnd     bool // seen by Go
	list      []*fakeBuffer
	listBytes uint32 // as BufferList counts it: when pushed, and when the latest is cleared
	pending   []byte // data_buffer_: arrived while Go was busy
	trailers  api.HeaderMap
	// the filter manager's
	stopped     bool
	headersSent bool
	managed     []byte
	hasManaged  bool
	// what the next filter got
	got forwarded
}

type forwarded struct {
	headers, trailers, ended bool
	body                     []byte
}

func newStream(t testing.TB, parsed any) *fakeStream {
	s := &fakeStream{t: t, info: newInfo(), posted: make(chan func(), 16)}
	// Contrib's getters take a mutex that others hold while they wait for the worker.
	s.info.read = func() { assert.True(t, s.inHead, "attributes are read in DecodeHeaders alone") }
	s.request = &fakeDirection{s: s}
	s.response = &fakeDirection{s: s, encoding: true}
	s.filter = NewFilter(parsed, fakeCallbacks{s: s})
	return s
}

// ---- events on the worker

func (d *fakeDirection) sendHeaders(h *fakeHeaders, end bool) {
	require.Equal(d.s.t, waitingHeader, d.now())
	d.endStream, d.doEnd = end, end
	d.set(processingHeader)
	if d.handle(d.callHeaders(h, end)) {
		d.headersSent = true
		d.next(func(f *forwarded) { f.headers = true }, end)
	} else {
		d.stopped = true
	}
}

func (d *fakeDirection) sendData(data string, end bool) {
	d.endStream = end
	finished := false
	switch d.now() {
	case waitingData:
		finished = d.goData([]byte(data), end)
	case processingHeader, processingData:
		d.pending = append(d.pending, data...)
	default: // contrib logs "unexpected state" and drops
	}
	switch {
	case finished && d.stopped:
		d.manage(d.moveOut())
		d.commonContinue()
	case finished:
		d.nextData(d.moveOut(), end)
	default:
		d.stopped = true
		if end && d.trailers == nil && !d.hasManaged {
			d.hasManaged = true // an empty last frame must be resumable
		}
	}
}

func (d *fakeDirection) sendTrailers(h *fakeHeaders) {
	d.trailers = h
	finished := false
	switch d.now() {
	case waitingTrailer, waitingData:
		finished = d.goTrailers()
	}
	switch {
	case finished && d.stopped:
		d.commonContinue()
	case finished:
		d.nextTrailers()
	default:
		d.stopped = true
	}
}

// await runs what the filter's goroutine posts next to the worker.
func (s *fakeStream) await() {
	select {
	case f := <-s.posted:
		f()
	case <-time.After(30 * time.Second):
		require.FailNow(s.t, "nothing was posted to the worker")
	}
}

// turn runs what is posted already.
func (s *fakeStream) turn() {
	for {
		select {
		case f := <-s.posted:
			f()
		default:
			return
		}
	}
}

// finish ends the stream as Envoy does.
func (s *fakeStream) finish() {
	s.inGo = true
	s.filter.OnStreamComplete()
	s.filter.OnLog(nil, nil, nil, nil)
	s.inGo = false
	s.destroyed.Store(true)
	s.filter.OnDestroy(api.Normal)
}

// ---- contrib's side of the state machine

func (d *fakeDirection) now() state  { return state(d.state.Load()) }
func (d *fakeDirection) set(s state) { d.state.Store(int32(s)) }

func (d *fakeDirection) processing() bool {
	switch d.now() {
	case processingHeader, processingData, processingTrailer:
		return true
	}
	return false
}

func (d *fakeDirection) handle(status api.StatusType) bool {
	at := d.now()
	switch {
	case status == api.Running || status == api.LocalReply:
		return false
	case status == api.Continue:
		if d.doEnd {
			d.set(done)
		} else {
			d.set(waitingData)
		}
	case status == api.StopAndBufferWatermark && at != processingTrailer:
		d.set(waitingData)
	case status == api.StopNoBuffer && at == processingData:
		require.False(d.s.t, d.doEnd, "withholding the end of a stream without an answer hangs it")
		last := d.list[len(d.list)-1]
		d.list = d.list[:len(d.list)-1]
		d.listBytes -= uint32(len(last.data))
		d.set(waitingData)
	default:
		require.FailNow(d.s.t, "unexpected status", "%d in state %d", status, at)
	}
	if at == processingData && d.trailers != nil && len(d.pending) == 0 {
		d.set(waitingTrailer)
	}
	return status == api.Continue
}

func (d *fakeDirection) goData(data []byte, end bool) bool {
	d.set(processingData)
	d.doEnd = end
	buffer := &fakeBuffer{data: data}
	d.list = append(d.list, buffer)
	d.listBytes += uint32(len(data))
	return d.handle(d.callData(buffer, end))
}

func (d *fakeDirection) goTrailers() bool {
	d.set(processingTrailer)
	d.doEnd = true
	return d.handle(d.callTrailers())
}

func (d *fakeDirection) moveOut() (all []byte) {
	for _, b := range d.list {
		all = append(all, b.data...)
	}
	d.list, d.listBytes = nil, 0
	return all
}

// resume is continueStatusInternal.
func (d *fakeDirection) resume(status api.StatusType) {
	saved := d.now()
	if d.handle(status) {
		switch saved {
		case processingHeader:
			if d.doEnd || !(d.endStream || d.trailers != nil) {
				d.commonContinue()
			}
		case processingData:
			d.inject()
		case processingTrailer:
			d.inject()
			d.commonContinue()
		}
	}
	if d.now() == waitingData && (len(d.pending) > 0 || d.endStream) {
		data := d.pending
		d.pending = nil
		if !d.goData(data, d.endStream) {
			return
		}
		d.inject()
	}
	if d.now() == waitingTrailer && d.trailers != nil && d.goTrailers() {
		d.commonContinue()
	}
}

// inject is continueDoData.
func (d *fakeDirection) inject() {
	if !d.endStream && d.listBytes == 0 {
		return
	}
	data := d.moveOut()
	if !d.headersSent {
		d.headersSent = true
		d.next(func(f *forwarded) { f.headers = true }, false)
	}
	d.nextData(data, d.doEnd)
}

// ---- the filter manager

func (d *fakeDirection) manage(data []byte) {
	d.managed = append(d.managed, data...)
	d.hasManaged = true
}

func (d *fakeDirection) commonContinue() {
	d.stopped = false
	ends := d.endStream && d.trailers == nil
	if !d.headersSent {
		d.headersSent = true
		d.next(func(f *forwarded) { f.headers = true }, ends && !d.hasManaged)
	}
	if d.hasManaged {
		data := d.managed
		d.managed, d.hasManaged = nil, false
		d.nextData(data, ends)
	}
	if d.trailers != nil {
		d.nextTrailers()
	}
}

func (d *fakeDirection) nextData(data []byte, end bool) {
	d.next(func(f *forwarded) { f.body = append(f.body, data...) }, end)
}

func (d *fakeDirection) nextTrailers() {
	d.next(func(f *forwarded) { f.trailers = true }, true)
}

// next hands one frame on and checks that it is in order.
func (d *fakeDirection) next(frame func(*forwarded), end bool) {
	require.False(d.s.t, d.got.ended, "a frame after the end of the stream")
	before := d.got.headers
	frame(&d.got)
	require.True(d.s.t, before || len(d.got.body) == 0 && !d.got.trailers, "a frame before the headers")
	d.got.ended = end
}
