package filter

import (
	"bytes"
	"strings"
)

// What a request costs to inspect, in bytes of one long argument, which CRS
// 4.25.0 takes 6 ms a KiB for. Two more figures of that measurement make the
// rest comparable: one argument more, however short, costs what some 40 bytes
// do; a byte of the path or of a header a quarter of an argument's.
const (
	argumentCost = 40
	headShare    = 4
)

// headCost is the cost of a request's head. Cookies and the query are arguments.
func headCost(r *Request) int {
	path, query, _ := strings.Cut(r.Path, "?")
	cost := len(query) + argumentCost*strings.Count(query, "&") + len(path)/headShare
	for name, value := range r.Headers {
		if name == "cookie" {
			cost += len(value) + argumentCost*strings.Count(value, ";")
		} else {
			cost += (len(name) + len(value)) / headShare
		}
	}
	return cost
}

// The bytes that separate a form's arguments, and JSON's. Other text has them
// too, and then leaves the worker earlier than it would have to.
var ampersand, comma = []byte("&"), []byte(",")

// bodyCost is the cost of a request's body; a part of one where that is past
// enough already.
func bodyCost(body [][]byte, enough int) int {
	cost := total(body)
	for _, chunk := range body {
		if cost >= enough {
			break
		}
		cost += argumentCost * (bytes.Count(chunk, ampersand) + bytes.Count(chunk, comma))
	}
	return cost
}

// cost is what judging a body takes; what came before the body counts for a
// request. It is exact below enough.
func (t *Transaction) cost(d *direction, body [][]byte, enough int) int {
	if d == &t.response {
		return total(body)
	}
	return t.traits.cost + bodyCost(body, enough)
}

// offloads reports whether judging a body is too much for the host's event
// thread.
func (t *Transaction) offloads(d *direction, body [][]byte) bool {
	limit := t.options(d).OffloadBytes
	return limit > 0 && t.cost(d, body, limit) >= limit
}

func total(chunks [][]byte) int {
	n := 0
	for _, c := range chunks {
		n += len(c)
	}
	return n
}
