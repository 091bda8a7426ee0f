package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// A load sends a case's exchanges to one address.
type load struct {
	of  *Case
	url string // http://127.0.0.1:40123

	mu    sync.Mutex // vegeta's workers take their requests at once
	ahead []*Exchange
}

// next is vegeta's Targeter.
func (l *load) next(target *vegeta.Target) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ahead) == 0 {
		if err := l.make(1); err != nil {
			return err
		}
	}
	x := l.ahead[0]
	l.ahead = l.ahead[1:]
	header := make(http.Header, len(x.Headers)+1)
	for _, h := range x.Headers {
		header.Add(h[0], h[1])
	}
	header.Set("Host", x.Host)
	*target = vegeta.Target{Method: x.Method, URL: l.url + x.Path, Body: x.Body, Header: header}
	return nil
}

// make adds n rounds of the case, so that making them costs no time later.
func (l *load) make(n int) error {
	batch, err := l.of.Batch(n)
	l.ahead = append(l.ahead, batch...)
	return err
}

const (
	// saturating is how many requests are under way at once where throughput is
	// measured: enough that Envoy's worker never waits for one.
	saturating = 16
	// openWorkers bounds what an open loop may have under way when Envoy is slower
	// than the rate; it is never reached at half of Envoy's throughput.
	openWorkers = 512
	// answerWithin is for a machine that has much else to do.
	answerWithin = 30 * time.Second
)

// attack sends at the rate, or as fast as answers come where it is 0, and adds
// what came back to the metrics.
func (l *load) attack(ctx context.Context, rate int, last time.Duration, into *vegeta.Metrics) error {
	workers := uint64(openWorkers)
	pacer := vegeta.Rate{Freq: rate, Per: time.Second}
	if rate == 0 {
		workers = saturating
	} else if err := l.make(int(last.Seconds()*float64(rate))/l.of.size + 1); err != nil {
		return err
	}
	attacker := vegeta.NewAttacker(vegeta.Workers(saturating), vegeta.MaxWorkers(workers), vegeta.Connections(openWorkers),
		vegeta.KeepAlive(true), vegeta.HTTP2(false), vegeta.Redirects(vegeta.NoFollow), vegeta.Timeout(answerWithin), vegeta.MaxBody(0))
	defer context.AfterFunc(ctx, func() { attacker.Stop() })()
	failed, all, fault := 0, 0, ""
	for result := range attacker.Attack(l.next, pacer, last, l.of.Name) {
		all++
		if result.Code == 0 {
			failed++
			fault = result.Error
		}
		into.Add(result)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if failed*100 > all || all == 0 {
		return fmt.Errorf("%d of %d requests got no answer: %s", failed, all, fault)
	}
	return nil
}
