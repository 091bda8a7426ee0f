// Package replay gives exchanges to the core that runs in Envoy, in this process,
// and tells what it made of them.
package replay

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync"

	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/cmd/seawall/record"
	"github.com/seawall-waf/seawall/filter"
)

// Send gives an exchange to an engine. The Record is that of its event; an exchange
// without one passed, and no rule matched.
func Send(engine *filter.Engine, x *exchange.Exchange) *record.Record {
	return send(engine, x, nil)
}

func send(engine *filter.Engine, x *exchange.Exchange, look func(types.Transaction)) *record.Record {
	host := &lines{over: make(chan struct{})}
	tx := engine.NewTransaction(host)
	tx.Observe(func(inner types.Transaction) {
		switch {
		case inner == nil:
			close(host.over)
		case look != nil:
			look(inner)
		}
	})
	drive(tx, x.Filter())
	tx.Close()
	<-host.over
	found := &record.Record{Action: "pass", Method: x.Method, Host: x.Host, Path: x.Path}
	reader := record.Reader{Event: func(r *record.Record) { found = r }}
	_ = reader.Read(strings.NewReader(host.text())) // a strings.Reader does not fail
	return found
}

// lines is a filter.Host that keeps what is logged.
type lines struct {
	over chan struct{}
	mu   sync.Mutex
	all  []string
}

func (l *lines) Log(_ slog.Level, line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

func (*lines) Count(filter.Counter, string) {}
func (*lines) Observe(uint64, string)       {}

// drive is what a door does of one exchange.
func drive(tx *filter.Transaction, x *filter.Exchange) {
	passes := func(v filter.Verdict) bool {
		if v.Evaluate != nil {
			v = v.Evaluate()
		}
		return v.Action != filter.Deny
	}
	body := len(x.Body) > 0
	if !passes(tx.RequestHeaders(x.Request, !body)) || body && !passes(tx.RequestBody([][]byte{x.Body}, true)) || x.Response == nil {
		return
	}
	body = len(x.ResponseBody) > 0
	if passes(tx.ResponseHeaders(*x.Response, !body)) && body {
		tx.ResponseBody([][]byte{x.ResponseBody}, true)
	}
}

// All sends every exchange, on every CPU, and returns their records in their order.
func All(ctx context.Context, engine *filter.Engine, exchanges []*exchange.Exchange) ([]*record.Record, error) {
	records := make([]*record.Record, len(exchanges))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				records[i] = Send(engine, exchanges[i])
			}
		})
	}
	defer workers.Wait()
	defer close(next)
	for i := range exchanges {
		select {
		case next <- i:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return records, nil
}
