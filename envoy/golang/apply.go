package golang

import (
	"fmt"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"

	"github.com/seawall-waf/seawall/filter"
)

// withheld is the status for an event at the end of a stream that was already
// answered: contrib leaves everything as it is and passes nothing on. A status
// that waits for more data would panic in the SDK.
const withheld = api.LocalReply

func (s *stream) headers(v filter.Verdict, d api.FilterProcessCallbacks, endStream bool) api.StatusType {
	hold := api.StopAndBufferWatermark
	if endStream {
		hold = withheld
	}
	return s.apply(v, d, hold)
}

func (s *stream) data(v filter.Verdict, d api.FilterProcessCallbacks, buffer api.BufferInstance, endStream bool) api.StatusType {
	if v.Release != nil {
		buffer.Reset()
		for _, chunk := range v.Release {
			_ = buffer.Append(chunk) // always nil; what fails in the SDK panics
		}
	}
	hold := api.StopNoBuffer
	if endStream {
		hold = withheld
	}
	return s.apply(v, d, hold)
}

// trailers puts held bytes before the trailers. They stay in Envoy until
// Continue, for a direction that held bytes has been stopped since its headers.
// isStreaming makes Envoy apply back pressure past its buffer limit, where it
// would otherwise answer 413 or 500.
func (s *stream) trailers(v filter.Verdict, d api.FilterProcessCallbacks) api.StatusType {
	const isStreaming = true
	for _, chunk := range v.Release {
		d.AddData(chunk, isStreaming)
	}
	return s.apply(v, d, withheld)
}

// apply answers one event. hold is the status that withholds it.
func (s *stream) apply(v filter.Verdict, d api.FilterProcessCallbacks, hold api.StatusType) api.StatusType {
	s.publish(v.Metadata)
	switch v.Action {
	case filter.Continue:
		return api.Continue
	case filter.Hold:
		return hold
	case filter.Wait:
		if v.Evaluate != nil {
			go s.evaluate(v.Evaluate, d)
		}
		return api.Running
	case filter.Deny:
		return s.deny(v.Reply, d)
	}
	panic(fmt.Sprintf("verdict with unknown action %d", v.Action)) // the SDK answers 500
}

// publish sets the stream's dynamic metadata. From another goroutine it posts to
// the worker, as Continue and SendLocalReply do, and in order with them.
func (s *stream) publish(metadata map[string]any) {
	for key, value := range metadata {
		s.callbacks.StreamInfo().DynamicMetadata().Set("seawall", key, value)
	}
}

// evaluate runs an inspection outside the worker and resumes the direction with
// its verdict. It touches nothing of the stream but what posts to the worker:
// reading an attribute here may deadlock with the end of the stream.
func (s *stream) evaluate(run func() filter.Verdict, d api.FilterProcessCallbacks) {
	defer d.RecoverPanic()
	v := run()
	if s.over.Load() {
		return // nothing to resume; the SDK would panic
	}
	s.publish(v.Metadata)
	switch v.Action {
	case filter.Continue:
		d.Continue(api.Continue)
	case filter.Deny:
		s.deny(v.Reply, d)
	case filter.Hold: // the exchange was over before: denied, or closed
	default:
		panic(fmt.Sprintf("an evaluation ended with %s", v.Action)) // RecoverPanic answers 500
	}
}

// deny sends a reply. Contrib posts it to the worker, and drops what it and
// Envoy hold of the stream. A reply to a request comes back through the encode
// callbacks, where the transaction lets it pass; one to a response does not.
func (s *stream) deny(r *filter.Reply, d api.FilterProcessCallbacks) api.StatusType {
	if r.CloseConnection {
		// HTTP/1: connection: close; HTTP/2 and 3: GOAWAY. Envoy strips a connection
		// header that a filter sets.
		s.callbacks.StreamInfo().DrainConnectionUponCompletion()
	}
	headers := make(map[string][]string, len(r.Headers))
	for _, h := range r.Headers {
		headers[h[0]] = append(headers[h[0]], h[1])
	}
	d.SendLocalReply(r.Status, string(r.Body), headers, grpcStatus(r), r.Details)
	return api.LocalReply
}

// grpcStatus is what contrib sends where Envoy takes the request for gRPC; it
// has no value for none, and 0 says success (grpc/status.proto).
func grpcStatus(r *filter.Reply) int64 {
	const unknown = 2
	if r.GRPCStatus <= 0 {
		return unknown
	}
	return int64(r.GRPCStatus)
}

// unusableReply answers every request where there is no engine to ask.
func unusableReply() *filter.Reply {
	const internal = 13
	return &filter.Reply{Status: 500, GRPCStatus: internal, Details: "seawall_error{config}", Body: []byte("error\n")}
}
