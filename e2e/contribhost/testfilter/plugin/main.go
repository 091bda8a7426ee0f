//go:build cgo

// Command plugin is a golang filter that takes the paths of contrib's API that
// Seawall does not: the test of e2e/contribhost for its own sake. The request's
// header x-mode says what it does.
package main

import (
	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"github.com/envoyproxy/envoy/contrib/golang/filters/http/source/go/pkg/http"
	"google.golang.org/protobuf/types/known/anypb"
)

func init() {
	http.RegisterHttpFilterFactoryAndConfigParser("testfilter", newFilter, parser{})
}

func main() {}

type parser struct{}

func (parser) Parse(*anypb.Any, api.ConfigCallbackHandler) (any, error) { return "", nil }
func (parser) Merge(_, child any) any                                   { return child }

type filter struct {
	api.PassThroughStreamFilter
	callbacks api.FilterCallbackHandler
	mode      string
}

func newFilter(_ any, callbacks api.FilterCallbackHandler) api.StreamFilter {
	return &filter{callbacks: callbacks}
}

// later answers an event from a goroutine, however small it is.
func (f *filter) later(d api.FilterProcessCallbacks) api.StatusType {
	go func() {
		defer d.RecoverPanic()
		if f.mode == "panic" {
			panic("as it was told to")
		}
		d.Continue(api.Continue)
	}()
	return api.Running
}

func (f *filter) DecodeHeaders(h api.RequestHeaderMap, _ bool) api.StatusType {
	f.mode, _ = h.Get("x-mode")
	switch f.mode {
	case "headers":
		h.Set("x-set", "1")
		h.Add("x-set", "2")
		h.Del("x-mode")
		return api.Continue
	case "unsupported":
		_, _ = f.callbacks.GetProperty("request.id")
		return api.Continue
	case "async", "panic":
		return f.later(f.callbacks.DecoderFilterCallbacks())
	}
	return api.Continue
}

func (f *filter) DecodeData(_ api.BufferInstance, end bool) api.StatusType {
	return f.data(f.callbacks.DecoderFilterCallbacks(), end)
}

func (f *filter) data(d api.FilterProcessCallbacks, end bool) api.StatusType {
	switch {
	case f.mode == "async":
		return f.later(d)
	case f.mode == "buffer" && !end:
		return api.StopAndBuffer
	}
	return api.Continue
}

func (f *filter) DecodeTrailers(api.RequestTrailerMap) api.StatusType {
	return f.trailers(f.callbacks.DecoderFilterCallbacks())
}

func (f *filter) trailers(d api.FilterProcessCallbacks) api.StatusType {
	if f.mode == "async" {
		return f.later(d)
	}
	return api.Continue
}

func (f *filter) EncodeHeaders(h api.ResponseHeaderMap, _ bool) api.StatusType {
	switch f.mode {
	case "headers":
		h.Set("x-set", "3")
	case "async":
		return f.later(f.callbacks.EncoderFilterCallbacks())
	}
	return api.Continue
}

func (f *filter) EncodeData(_ api.BufferInstance, end bool) api.StatusType {
	return f.data(f.callbacks.EncoderFilterCallbacks(), end)
}

func (f *filter) EncodeTrailers(api.ResponseTrailerMap) api.StatusType {
	return f.trailers(f.callbacks.EncoderFilterCallbacks())
}
