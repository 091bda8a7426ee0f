package bench

import (
	"fmt"
	"iter"
	"log/slog"
	"net/netip"

	"github.com/seawall-waf/seawall/filter"
)

// seawall is Seawall's core, driven as a door drives it.
type seawall struct {
	name   string
	engine *filter.Engine
}

func newSeawall(name string, config *filter.Config) (*seawall, error) {
	engine, err := filter.NewEngine(config)
	if err != nil {
		return nil, err
	}
	return &seawall{name: name, engine: engine}, nil
}

func (s *seawall) Name() string { return s.name }

// Unscreened says why the screen is not measured, where the rules leave none to measure.
func Unscreened(subjects []Subject) []string {
	for _, subject := range subjects {
		if s, ok := subject.(*seawall); ok && s.name == On {
			return s.engine.Unscreened()
		}
	}
	return nil
}

func (s *seawall) Run(batch []*Exchange) (Cost, []bool, error) {
	denied := make([]bool, len(batch))
	host := &sink{}
	cost := measure(func() {
		for i, x := range batch {
			denied[i] = s.judge(x, host)
		}
	})
	if host.faults > 0 {
		return cost, nil, fmt.Errorf("%d of %d exchanges ended in a fault: %s", host.faults, len(batch), host.last)
	}
	return cost, denied, nil
}

var (
	client = filter.Endpoint{Addr: netip.MustParseAddrPort("192.0.2.1:40000")}
	server = filter.Endpoint{Addr: netip.MustParseAddrPort("192.0.2.2:443")}
)

func (s *seawall) judge(x *Exchange, host filter.Host) (denied bool) {
	tx := s.engine.NewTransaction(host)
	defer tx.Close()
	v := done(tx.RequestHeaders(filter.Request{
		Method: x.Method, Path: x.Path, Authority: x.Host, Protocol: "HTTP/1.1",
		Headers: fields(x.Headers), Client: client, Server: server,
	}, len(x.Body) == 0))
	if v.Action != filter.Deny {
		v = feed(x.Body, v, tx.RequestBody)
	}
	if v.Action != filter.Deny {
		v = done(tx.ResponseHeaders(filter.Response{Status: x.Status, Headers: fields(x.ResponseHeaders)}, len(x.ResponseBody) == 0))
	}
	if v.Action != filter.Deny {
		v = feed(x.ResponseBody, v, tx.ResponseBody)
	}
	return v.Action == filter.Deny
}

// feed hands a body over in pieces, as Envoy does. v is the head's verdict.
func feed(body []byte, v filter.Verdict, to func([][]byte, bool) filter.Verdict) filter.Verdict {
	var piece [1][]byte
	for len(body) > 0 && v.Action != filter.Deny {
		n := min(len(body), bodyChunk)
		piece[0] = body[:n]
		body = body[n:]
		v = done(to(piece[:], len(body) == 0))
	}
	return v
}

// done runs an evaluation that a door would run on another thread in place: its
// cost counts.
func done(v filter.Verdict) filter.Verdict {
	if v.Evaluate != nil {
		return v.Evaluate()
	}
	return v
}

func fields(headers [][2]string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, h := range headers {
			if !yield(h[0], h[1]) {
				return
			}
		}
	}
}

// sink is the host: what a door would log and count is dropped, faults apart.
type sink struct {
	faults int
	last   string // line that was logged
}

func (s *sink) Log(_ slog.Level, line string) { s.last = line }
func (s *sink) Observe(uint64, string)        {}

func (s *sink) Count(c filter.Counter, _ string) {
	if c == filter.CounterErrors {
		s.faults++
	}
}
