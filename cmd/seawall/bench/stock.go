package bench

import (
	"fmt"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/rules"
)

// A Subject is what is measured: it judges exchanges, one at a time.
type Subject interface {
	// Name is "stock", "off", "on", "parse" or a peer's.
	Name() string
	// Run judges every exchange and says what all of them took, and which were
	// denied.
	Run(batch []*Exchange) (cost Cost, denied []bool, err error)
}

// bodyChunk is how Envoy hands bodies over: slices of 16 KiB.
const bodyChunk = 16 << 10

// coraza3 is Coraza by itself, with its own operators, as a connector drives it.
type coraza3 struct {
	name string
	waf  coraza.WAF
}

// newCoraza compiles text. It does not go through rules.Compile, which brings
// Seawall's operators: they are process-global, so the WAFs of this kind must be
// built before any Engine is.
func newCoraza(name, text string) (*coraza3, error) {
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithRootFS(rules.FS()).WithDirectives(text))
	if err != nil {
		return nil, fmt.Errorf("compiling the rules for stock Coraza: %w", err)
	}
	return &coraza3{name: name, waf: waf}, nil
}

func (c *coraza3) Name() string { return c.name }

func (c *coraza3) Run(batch []*Exchange) (Cost, []bool, error) {
	denied := make([]bool, len(batch))
	var err error
	cost := measure(func() {
		for i, x := range batch {
			denied[i], err = judge(c.waf, x)
			if err != nil {
				return
			}
		}
	})
	return cost, denied, err
}

// judge takes an exchange through all five phases, with the events and in the
// order that Seawall's core has them.
func judge(waf coraza.WAF, x *Exchange) (denied bool, err error) {
	tx := waf.NewTransaction()
	defer func() {
		tx.ProcessLogging()
		if e := tx.Close(); err == nil {
			err = e
		}
	}()
	it, err := inspect(tx, x)
	return it != nil, err
}

func inspect(tx types.Transaction, x *Exchange) (*types.Interruption, error) {
	tx.ProcessConnection("192.0.2.1", 40000, "192.0.2.2", 443)
	tx.ProcessURI(x.Path, x.Method, "HTTP/1.1")
	tx.AddRequestHeader("host", x.Host)
	tx.SetServerName(x.Host)
	for _, h := range x.Headers {
		tx.AddRequestHeader(h[0], h[1])
	}
	if it := tx.ProcessRequestHeaders(); it != nil {
		return it, nil
	}
	if tx.IsRequestBodyAccessible() {
		if it, err := write(tx.WriteRequestBody, x.Body); it != nil || err != nil {
			return it, err
		}
	}
	if it, err := tx.ProcessRequestBody(); it != nil || err != nil {
		return it, err
	}
	for _, h := range x.ResponseHeaders {
		tx.AddResponseHeader(h[0], h[1])
	}
	if it := tx.ProcessResponseHeaders(x.Status, "HTTP/1.1"); it != nil {
		return it, nil
	}
	if tx.IsResponseBodyAccessible() && tx.IsResponseBodyProcessable() {
		if it, err := write(tx.WriteResponseBody, x.ResponseBody); it != nil || err != nil {
			return it, err
		}
	}
	return tx.ProcessResponseBody()
}

func write(to func([]byte) (*types.Interruption, int, error), body []byte) (*types.Interruption, error) {
	for len(body) > 0 {
		n := min(len(body), bodyChunk)
		if it, _, err := to(body[:n]); it != nil || err != nil {
			return it, err
		}
		body = body[n:]
	}
	return nil, nil
}
