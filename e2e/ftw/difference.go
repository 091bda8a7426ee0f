package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A difference is one thing that changed on a request's way.
type difference struct {
	name  string // what is left of it: "no field X", "version A only as B"
	apply func(message) message
}

// culprits names the differences between two steps of a request that lose an
// expectation: a smallest set of them that does, found by putting one after the
// other back.
func culprits(before, after message, lost func(message) bool) string {
	var needed []difference
	untried := differences(before, after)
	for len(untried) > 0 {
		d := untried[0]
		untried = untried[1:]
		m := before
		for _, other := range slices.Concat(needed, untried) {
			m = other.apply(m)
		}
		if !lost(m) {
			needed = append(needed, d)
		}
	}
	var names []string
	for _, d := range needed {
		names = append(names, d.name)
	}
	return strings.Join(names, ", ")
}

// differences lists what of before is not the same in after; what was added
// (Envoy's own fields) is no loss.
func differences(before, after message) []difference {
	var all []difference
	if before.target != after.target {
		all = append(all, difference{fmt.Sprintf("target %q only as %q", before.target, after.target),
			func(m message) message { m.target = after.target; return m }})
	}
	if before.version != after.version {
		all = append(all, difference{fmt.Sprintf("version %q only as %q", before.version, after.version),
			func(m message) message { m.version = after.version; return m }})
	}
	done := map[string]bool{}
	for _, h := range before.headers {
		name := strings.ToLower(h[0])
		if done[name] {
			continue
		}
		done[name] = true
		values := after.all(name)
		apply := func(m message) message { return m.with(name, values) }
		switch {
		case len(values) == 0:
			all = append(all, difference{fmt.Sprintf("no field %s: %q", h[0], before.all(name)), apply})
		case !slices.Equal(before.all(name), values):
			all = append(all, difference{fmt.Sprintf("field %s: %q only as %q", h[0], before.all(name), values), apply})
		case h[0] != name:
			all = append(all, difference{fmt.Sprintf("field name %s only as %s", h[0], name), apply})
		}
	}
	if !bytes.Equal(before.body, after.body) {
		all = append(all, difference{fmt.Sprintf("body of %d bytes only as one of %d", len(before.body), len(after.body)),
			func(m message) message { m.body = after.body; return m }})
	}
	return all
}
