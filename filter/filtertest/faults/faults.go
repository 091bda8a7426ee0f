// Package faults registers two operators: @seawallFault, which panics where its
// argument equals the variable's value, and @seawallRuleSets, which counts what
// the process holds. Only tests, and the modules that they build with the tag
// seawall_faults, import it.
package faults

import (
	"fmt"

	"github.com/corazawaf/coraza/v3/experimental/plugins"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
)

func init() {
	plugins.RegisterOperator("seawallFault", func(o plugintypes.OperatorOptions) (plugintypes.Operator, error) {
		return fault(o.Arguments), nil
	})
}

type fault string

func (f fault) Evaluate(_ plugintypes.TransactionState, value string) bool {
	if value == string(f) {
		panic(fmt.Sprintf("forced in phase %s", string(f)))
	}
	return false
}
