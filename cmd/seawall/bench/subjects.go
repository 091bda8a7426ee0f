package bench

import (
	"fmt"

	"github.com/corazawaf/coraza/v3/experimental"
)

// The names of the subjects that are always there.
const (
	Stock = "stock" // Coraza 3.8.1 by itself
	Off   = "off"   // Seawall without its screen
	On    = "on"    // Seawall as it is
	Parse = "parse" // Coraza without the rule set: what parsing alone takes
)

// Subjects compiles the policy for each of the subjects, and what only parses.
// It must run before anything else in the process has compiled a config:
// operators, once they are Seawall's, stay so. The subjects live as long as the
// process does.
func Subjects(policy *Policy) ([]Subject, error) {
	stock, err := newCoraza(Stock, policy.Text)
	if err != nil {
		return nil, err
	}
	parse, err := newCoraza(Parse, recommended)
	if err != nil {
		return nil, err
	}
	subjects := []Subject{stock}
	for _, variant := range []struct {
		name   string
		screen bool
	}{{Off, false}, {On, true}} {
		s, err := newSeawall(variant.name, policy.withScreen(variant.screen))
		if err != nil {
			return nil, fmt.Errorf("compiling the rules for Seawall: %w", err)
		}
		subjects = append(subjects, s)
	}
	return append(subjects, parse), nil
}

// closeWAF gives back what Coraza keeps for a WAF in process-wide caches.
func closeWAF(waf any) error {
	if closer, ok := waf.(experimental.WAFCloser); ok {
		return closer.Close()
	}
	return nil
}
