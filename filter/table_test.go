package filter_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBehaviourTable runs the table on the fake host, with bodies cut in every
// way a proxy may cut them.
func TestBehaviourTable(t *testing.T) {
	cuts := map[string]func([]string) []string{
		"AsSent":   nil,
		"Whole":    func(b []string) []string { return nonEmpty(strings.Join(b, "")) },
		"ByteWise": byteWise,
		"Uneven":   func(b []string) []string { return cut(strings.Join(b, ""), 7919) },
	}
	for name, split := range cuts {
		for _, emptyLast := range []bool{false, true} {
			label := name
			if emptyLast {
				label += "ThenEmpty"
			}
			t.Run(label, func(t *testing.T) {
				h := filtertest.NewFakeHost(t, filtertest.Configs)
				h.Split, h.EmptyLast = split, emptyLast
				filtertest.Run(t, h, nil)
				assert.Zero(t, filter.HeldBytes())
			})
		}
	}
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// byteWise sends one byte at a time, large bodies in larger pieces.
func byteWise(b []string) []string {
	s := strings.Join(b, "")
	if len(s) > 5000 {
		return cut(s, 4093)
	}
	return cut(s, 1)
}

func cut(s string, n int) []string {
	var pieces []string
	for len(s) > n {
		pieces = append(pieces, s[:n])
		s = s[n:]
	}
	if s != "" {
		pieces = append(pieces, s)
	}
	return pieces
}
