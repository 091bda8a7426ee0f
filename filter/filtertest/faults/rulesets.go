package faults

import (
	"fmt"
	"runtime"
	"strconv"

	"github.com/corazawaf/coraza/v3/experimental/plugins"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"

	"github.com/seawall-waf/seawall/filter"
)

// @seawallRuleSets matches, whatever the variable, where the process holds more
// compiled rule sets than its argument says. It collects garbage first: rule sets
// go when nothing refers to them, and their cleanup runs soon after a collection.
func init() {
	plugins.RegisterOperator("seawallRuleSets", func(o plugintypes.OperatorOptions) (plugintypes.Operator, error) {
		most, err := strconv.Atoi(o.Arguments)
		if err != nil {
			return nil, fmt.Errorf("@seawallRuleSets takes a number: %w", err)
		}
		return ruleSets(most), nil
	})
}

type ruleSets int

func (most ruleSets) Evaluate(plugintypes.TransactionState, string) bool {
	runtime.GC()
	return filter.LiveRuleSets() > int(most)
}
