package golang

import (
	"fmt"
	"sync/atomic"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"

	"github.com/seawall-waf/seawall/filter"
)

// stream implements api.StreamFilter: one HTTP stream. Its methods run on the
// stream's worker thread; only evaluate runs elsewhere.
type stream struct {
	api.PassThroughStreamFilter
	config    *config
	callbacks api.FilterCallbackHandler

	tx   *filter.Transaction // nil until DecodeHeaders, and where the config is unusable
	over atomic.Bool         // the stream has ended
}

var _ api.StreamFilterFactory = NewFilter

// NewFilter implements api.StreamFilterFactory. It returns a filter whatever
// the config is: contrib recovers from no panic here.
func NewFilter(parsed any, callbacks api.FilterCallbackHandler) api.StreamFilter {
	c, _ := parsed.(*config)
	if c == nil {
		c = &config{fault: fmt.Errorf("the config is a %T, not what Parse returned", parsed)}
	}
	return &stream{config: c, callbacks: callbacks}
}

func (s *stream) DecodeHeaders(h api.RequestHeaderMap, endStream bool) api.StatusType {
	if s.config.engine == nil {
		s.config.report.Do(func() { api.LogErrorf("seawall: every request is answered 500: %v", s.config.fault) })
		return s.deny(unusableReply(), s.decoder())
	}
	s.tx = s.config.engine.NewTransaction(host{s.config.metrics})
	request := requestOf(h, s.callbacks.StreamInfo())
	return s.headers(s.tx.RequestHeaders(request, endStream), s.decoder(), endStream)
}

func (s *stream) DecodeData(buffer api.BufferInstance, endStream bool) api.StatusType {
	if s.tx == nil {
		return api.LocalReply
	}
	return s.data(s.tx.RequestBody(chunks(buffer), endStream), s.decoder(), buffer, endStream)
}

func (s *stream) DecodeTrailers(h api.RequestTrailerMap) api.StatusType {
	if s.tx == nil {
		return api.LocalReply
	}
	return s.trailers(s.tx.RequestTrailers(fields(h)), s.decoder())
}

// EncodeHeaders also sees replies: ours, and those of Envoy to a request that
// may never have reached DecodeHeaders.
func (s *stream) EncodeHeaders(h api.ResponseHeaderMap, endStream bool) api.StatusType {
	if s.tx == nil {
		return api.Continue
	}
	status, _ := h.Status()
	response := filter.Response{Status: status, Headers: fields(h)}
	return s.headers(s.tx.ResponseHeaders(response, endStream), s.encoder(), endStream)
}

func (s *stream) EncodeData(buffer api.BufferInstance, endStream bool) api.StatusType {
	if s.tx == nil {
		return api.Continue
	}
	return s.data(s.tx.ResponseBody(chunks(buffer), endStream), s.encoder(), buffer, endStream)
}

func (s *stream) EncodeTrailers(h api.ResponseTrailerMap) api.StatusType {
	if s.tx == nil {
		return api.Continue
	}
	return s.trailers(s.tx.ResponseTrailers(fields(h)), s.encoder())
}

// OnDestroy is the end of every stream, on the worker. OnStreamComplete and
// OnLog, before it, do not come where an internal redirect recreates the stream.
func (s *stream) OnDestroy(api.DestroyReason) {
	s.over.Store(true)
	if s.tx != nil {
		s.tx.Close()
	}
}

func (s *stream) decoder() api.FilterProcessCallbacks { return s.callbacks.DecoderFilterCallbacks() }
func (s *stream) encoder() api.FilterProcessCallbacks { return s.callbacks.EncoderFilterCallbacks() }

// chunks copies the buffer out of Envoy, in one piece.
func chunks(buffer api.BufferInstance) [][]byte {
	if buffer.Len() == 0 {
		return nil
	}
	return [][]byte{buffer.Bytes()}
}
