package filter

// Action says what the host does with the event that it just reported.
type Action uint8

const (
	// Continue lets the event, and everything held before it, go on.
	Continue Action = iota
	// Hold withholds the event. The Transaction has copied the bytes it needs:
	// the host discards its own copy and gets them back in a later Verdict's
	// Release.
	Hold
	// Wait leaves the event's bytes (or, where Release is set, Release) with the
	// host, which passes nothing on until the running evaluation has ended.
	Wait
	// Deny ends the exchange with Reply. Nothing that was held goes on.
	Deny
)

func (a Action) String() string {
	switch a {
	case Continue:
		return "continue"
	case Hold:
		return "hold"
	case Wait:
		return "wait"
	case Deny:
		return "deny"
	}
	return "unknown"
}

// A Verdict is the answer to one stream event.
type Verdict struct {
	Action Action

	// Release replaces the event's own bytes: it is everything held so far, in
	// order, the event's bytes included. It is nil where the event's bytes go on
	// as they are (which is so whenever nothing was held). The host owns it.
	Release [][]byte

	// Reply is set if and only if Action is Deny.
	Reply *Reply

	// Metadata, where it is not nil, is to be set as the stream's dynamic metadata
	// in the namespace "seawall" before the Verdict is applied; later keys replace
	// earlier ones. A value is a string or an int.
	Metadata map[string]any

	// Evaluate is set at most once for a request and once for a response, with
	// Action Wait: the inspection is too large for the host's event thread. The
	// host calls it on another goroutine, then applies the Verdict it returns
	// (Continue or Deny, without Release) on the event thread. It returns Hold where
	// the exchange was over before it ended: nothing is to be applied then. A host
	// that cannot do so may call it in place.
	Evaluate func() Verdict
}

// A Reply is the response that the client gets instead of the upstream's.
type Reply struct {
	Status  int         // HTTP status, 200 to 599
	Headers [][2]string // lower-case names; no content-length
	Body    []byte
	// GRPCStatus is the grpc-status to send if the request was gRPC, else -1.
	GRPCStatus int
	// Details goes to Envoy's %RESPONSE_CODE_DETAILS%: seawall_denied{942100}.
	Details string
	// CloseConnection asks the host to close the client's connection after the
	// reply (SecLang's drop).
	CloseConnection bool
}
