package main

import (
	"strings"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/rules"
)

// stock is Coraza itself, without a filter or a proxy, on the same directives:
// what tells the engine's own answers from the door's.
type stock struct{ waf coraza.WAF }

func newStock(directives []string) (*stock, error) {
	waf, err := rules.Compile(rules.FS(), strings.Join(directives, "\n"), coraza.NewWAFConfig())
	if err != nil {
		return nil, err
	}
	return &stock{waf: waf}, nil
}

// find runs one exchange, whatever interrupts it: the directives only detect.
// protocol is the version as rules see it.
func (s *stock) find(m message, protocol string, answer reply) findings {
	tx := s.waf.NewTransaction()
	defer func() { _ = tx.Close() }()
	s.request(tx, m, protocol)
	s.response(tx, protocol, answer)
	tx.ProcessLogging()
	return findingsOf(tx)
}

func findingsOf(tx types.Transaction) findings {
	var f findings
	for _, m := range tx.MatchedRules() {
		if l, ok := m.(interface{ Log() bool }); ok && l.Log() {
			f.add(m.Rule().ID(), m.ErrorLog())
		}
	}
	return f
}

// request runs phases 1 and 2, until one interrupts.
func (s *stock) request(tx types.Transaction, m message, protocol string) *types.Interruption {
	tx.ProcessConnection("127.0.0.1", 40000, "127.0.0.1", 80)
	tx.ProcessURI(m.target, m.method, protocol)
	length := false
	for _, h := range m.headers {
		name := strings.ToLower(h[0])
		length = length || name == "content-length" || name == "transfer-encoding"
		if name == "host" {
			tx.SetServerName(h[1])
		}
		tx.AddRequestHeader(h[0], h[1])
	}
	if len(m.body) > 0 && !length && strings.HasPrefix(protocol, "HTTP/1") {
		tx.AddRequestHeader("transfer-encoding", "chunked") // there was no other way to send it
	}
	if it := tx.ProcessRequestHeaders(); it != nil {
		return it
	}
	if it, _, _ := tx.WriteRequestBody(m.body); it != nil {
		return it
	}
	it, _ := tx.ProcessRequestBody()
	return it
}

// response runs phases 3 and 4, until one interrupts.
func (s *stock) response(tx types.Transaction, protocol string, answer reply) *types.Interruption {
	for _, h := range answer.headers {
		tx.AddResponseHeader(h[0], h[1])
	}
	if it := tx.ProcessResponseHeaders(answer.status, protocol); it != nil {
		return it
	}
	if tx.IsResponseBodyAccessible() && tx.IsResponseBodyProcessable() {
		if it, _, _ := tx.WriteResponseBody(answer.body); it != nil {
			return it
		}
	}
	it, _ := tx.ProcessResponseBody()
	return it
}
