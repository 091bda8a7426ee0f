package dynamicmodule

import (
	"log/slog"
	"runtime/debug"
	"strconv"

	"github.com/envoyproxy/envoy/source/extensions/dynamic_modules/sdk/go/shared"

	"github.com/seawall-waf/seawall/filter"
)

// stream is one HTTP stream. Envoy calls it on one worker thread; only Evaluate
// runs elsewhere, and comes back through the stream's scheduler.
type stream struct {
	factory     *factory
	handle      shared.HttpFilterHandle
	tx          *filter.Transaction // nil where nothing is inspected
	responding  bool                // response headers were seen
	replied     bool                // our own reply was sent
	streamEnded bool
}

var _ shared.HttpFilter = (*stream)(nil)

func (s *stream) OnRequestHeaders(headers shared.HeaderMap, endOfStream bool) (status shared.HeadersStatus) {
	defer s.guard(func() { status = shared.HeadersStatusStop })
	engine := s.factory.engine
	if r, ok := s.handle.GetMostSpecificConfig().(*route); ok {
		engine = r.engine
	}
	if engine.Config().Disabled {
		return shared.HeadersStatusContinue
	}
	s.tx = engine.NewTransaction(host{handle: s.handle, metrics: s.factory.metrics})
	v := s.tx.RequestHeaders(s.request(headers), endOfStream)
	return s.headersStatus(v, s.handle.ContinueRequest)
}

func (s *stream) OnRequestBody(body shared.BodyBuffer, endOfStream bool) (status shared.BodyStatus) {
	defer s.guard(func() { status = shared.BodyStatusStopNoBuffer })
	if s.tx == nil {
		return shared.BodyStatusContinue
	}
	v := s.tx.RequestBody(body.GetChunks(), endOfStream)
	return s.bodyStatus(v, body, s.handle.ContinueRequest)
}

func (s *stream) OnRequestTrailers(trailers shared.HeaderMap) (status shared.TrailersStatus) {
	defer s.guard(func() { status = shared.TrailersStatusStop })
	if s.tx == nil {
		return shared.TrailersStatusContinue
	}
	v := s.tx.RequestTrailers(fields(trailers.GetAll()))
	return s.trailersStatus(v, s.handle.BufferedRequestBody(), s.handle.ContinueRequest)
}

func (s *stream) OnResponseHeaders(headers shared.HeaderMap, endOfStream bool) (status shared.HeadersStatus) {
	defer s.guard(func() { status = shared.HeadersStatusStop })
	s.responding = true
	if s.tx == nil {
		return shared.HeadersStatusContinue
	}
	code, _ := strconv.Atoi(headers.GetOne(":status"))
	v := s.tx.ResponseHeaders(filter.Response{Status: code, Headers: fields(headers.GetAll())}, endOfStream)
	return s.headersStatus(v, s.handle.ContinueResponse)
}

func (s *stream) OnResponseBody(body shared.BodyBuffer, endOfStream bool) (status shared.BodyStatus) {
	defer s.guard(func() { status = shared.BodyStatusStopNoBuffer })
	if s.tx == nil {
		return shared.BodyStatusContinue
	}
	v := s.tx.ResponseBody(body.GetChunks(), endOfStream)
	return s.bodyStatus(v, body, s.handle.ContinueResponse)
}

func (s *stream) OnResponseTrailers(trailers shared.HeaderMap) (status shared.TrailersStatus) {
	defer s.guard(func() { status = shared.TrailersStatusStop })
	if s.tx == nil {
		return shared.TrailersStatusContinue
	}
	v := s.tx.ResponseTrailers(fields(trailers.GetAll()))
	return s.trailersStatus(v, s.handle.BufferedResponseBody(), s.handle.ContinueResponse)
}

func (s *stream) OnStreamComplete() {
	s.streamEnded = true
	defer s.guard(func() {})
	if s.tx != nil {
		s.tx.Close()
	}
}

func (s *stream) headersStatus(v filter.Verdict, resume func()) shared.HeadersStatus {
	s.publish(v)
	switch v.Action {
	case filter.Hold:
		return shared.HeadersStatusStop
	case filter.Wait:
		s.evaluate(v, resume)
		return shared.HeadersStatusStopAllAndWatermark
	case filter.Deny:
		s.reply(v.Reply)
		return shared.HeadersStatusStop
	}
	return shared.HeadersStatusContinue
}

// bodyStatus: what is held is drained from Envoy's chunk and comes back by
// Append with the verdict, so that Envoy's own buffer limit (413, 500) never
// counts it.
func (s *stream) bodyStatus(v filter.Verdict, body shared.BodyBuffer, resume func()) shared.BodyStatus {
	s.publish(v)
	switch v.Action {
	case filter.Hold:
		body.Drain(body.GetSize())
		return shared.BodyStatusStopNoBuffer
	case filter.Wait:
		replace(body, v.Release)
		s.evaluate(v, resume)
		return shared.BodyStatusStopAndWatermark
	case filter.Deny:
		s.reply(v.Reply)
		return shared.BodyStatusStopNoBuffer
	}
	replace(body, v.Release)
	return shared.BodyStatusContinue
}

func (s *stream) trailersStatus(v filter.Verdict, buffered shared.BodyBuffer, resume func()) shared.TrailersStatus {
	s.publish(v)
	switch v.Action {
	case filter.Hold:
		return shared.TrailersStatusStop
	case filter.Deny:
		s.reply(v.Reply)
		return shared.TrailersStatusStop
	}
	for _, chunk := range v.Release {
		buffered.Append(chunk)
	}
	if v.Action == filter.Wait {
		s.evaluate(v, resume)
		return shared.TrailersStatusStop
	}
	return shared.TrailersStatusContinue
}

func replace(body shared.BodyBuffer, release [][]byte) {
	if release == nil {
		return
	}
	body.Drain(body.GetSize())
	for _, chunk := range release {
		body.Append(chunk)
	}
}

// evaluate runs a large inspection off the worker, if v has one, and applies its
// verdict on the worker again. The scheduled function is dropped by the SDK if
// the stream has ended.
func (s *stream) evaluate(v filter.Verdict, resume func()) {
	if v.Evaluate == nil {
		return
	}
	scheduler := s.handle.GetScheduler()
	request := !s.responding
	go func() {
		result, ok := s.run(v.Evaluate)
		scheduler.Schedule(func() {
			defer s.guard(func() {})
			if s.streamEnded || s.replied || request && s.responding {
				return // aborted, or the proxy answered by itself meanwhile
			}
			if !ok {
				s.fail()
				return
			}
			s.publish(result)
			switch result.Action {
			case filter.Deny:
				s.reply(result.Reply)
			case filter.Continue:
				resume()
			}
		})
	}()
}

// run calls evaluate; ok is false if it panicked, which would end Envoy here.
func (s *stream) run(evaluate func() filter.Verdict) (v filter.Verdict, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			s.handle.Log(shared.LogLevelError, "seawall: panic in an evaluation: %v\n%s", r, debug.Stack())
			ok = false
		}
	}()
	return evaluate(), true
}

func (s *stream) publish(v filter.Verdict) {
	for key, value := range v.Metadata {
		s.handle.SetMetadata("seawall", key, value)
	}
}

func (s *stream) reply(r *filter.Reply) {
	s.replied = true
	headers := r.Headers
	if r.GRPCStatus >= 0 {
		// The ABI passes grpc-status 0 (OK) unless a header says otherwise.
		headers = append(headers, [2]string{"grpc-status", strconv.Itoa(r.GRPCStatus)})
	}
	if r.CloseConnection {
		// Envoy 1.37 to 1.40 removes this header, and the ABI has no other way; it
		// closes an HTTP/1 connection whose request has not ended (TestDropOnHTTP1).
		headers = append(headers, [2]string{"connection", "close"})
	}
	s.handle.SendLocalResponse(uint32(r.Status), headers, r.Body, r.Details)
}

// guard ends the stream with 500 if this package panics: stop sets the
// callback's status. The core guards itself and applies the failure policy.
func (s *stream) guard(stop func()) {
	if r := recover(); r != nil {
		stop()
		s.handle.Log(logLevel(slog.LevelError), "seawall: panic in the dynamic-module door: %v\n%s", r, debug.Stack())
		if !s.replied && !s.streamEnded {
			s.fail()
		}
	}
}

func (s *stream) fail() {
	s.reply(&filter.Reply{Status: 500, GRPCStatus: -1, Details: "seawall_error{door}"})
}
