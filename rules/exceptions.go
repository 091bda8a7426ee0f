package rules

import (
	"errors"
	"reflect"
	"unsafe"

	"github.com/corazawaf/coraza/v3"
)

// clipExceptions takes from every rule the room that its lists of exclusions have to
// grow. Coraza 3.8.1 appends the targets that a transaction excludes by
// ctl:ruleRemoveTarget... to a copy of the rule's slice (internal/corazawaf/rule.go,
// doEvaluate): where the slice has room, two transactions write to the same place, and
// one of them is judged with the other's exclusion. An attack passes, or a request
// that is excluded is blocked. CRS's 920274, 942340 and 942420 have such slices.
//
// The fields have no accessors. TestRuntimeExclusionsStayWithTheirTransaction fails
// if an update renames them.
func clipExceptions(waf coraza.WAF) error {
	v := reflect.ValueOf(waf)
	if v.Kind() != reflect.Struct || v.NumField() == 0 || v.Field(0).Kind() != reflect.Pointer {
		return errors.New("the engine is not made as Coraza 3.8.1's is")
	}
	inner := v.Field(0)
	group := reflect.NewAt(inner.Type().Elem(), inner.UnsafePointer()).Elem().FieldByName("Rules")
	if !group.IsValid() {
		return errors.New("the engine's rules are not where Coraza 3.8.1 has them")
	}
	return clipRules(group.FieldByName("rules"))
}

func clipRules(rules reflect.Value) error {
	if rules.Kind() != reflect.Slice {
		return errors.New("the engine's rules are no slice as in Coraza 3.8.1")
	}
	for i := range rules.Len() {
		for rule := rules.Index(i); ; {
			variables := rule.FieldByName("variables")
			if variables.Kind() != reflect.Slice {
				return errors.New("a rule's variables are not where Coraza 3.8.1 has them")
			}
			for j := range variables.Len() {
				exceptions := variables.Index(j).FieldByName("Exceptions")
				if exceptions.Kind() != reflect.Slice {
					return errors.New("a variable's exceptions are not where Coraza 3.8.1 has them")
				}
				// Reached through an unexported field, it cannot be set but by its address.
				writable := reflect.NewAt(exceptions.Type(), unsafe.Pointer(exceptions.UnsafeAddr())).Elem()
				writable.SetCap(writable.Len())
			}
			chain := rule.FieldByName("Chain")
			if chain.Kind() != reflect.Pointer {
				return errors.New("a rule's chain is not where Coraza 3.8.1 has it")
			}
			if chain.IsNil() {
				break
			}
			rule = chain.Elem()
		}
	}
	return nil
}
