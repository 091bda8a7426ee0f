package seclang

import (
	"errors"
	"fmt"
	"strings"
)

// A kind is what Coraza calls an action's type: it decides when an action runs
// and which actions replace each other.
type kind int

const (
	unknown kind = iota
	metadata
	disruptive
	flow
	data
	nondisruptive
)

// kinds are the actions of Coraza 3.8.1 (internal/actions, their Type methods).
var kinds = map[string]kind{
	"accuracy": metadata, "id": metadata, "maturity": metadata, "msg": metadata, "phase": metadata,
	"rev": metadata, "severity": metadata, "tag": metadata, "ver": metadata,
	"allow": disruptive, "block": disruptive, "deny": disruptive, "drop": disruptive,
	"pass": disruptive, "redirect": disruptive,
	"chain": flow, "skip": flow, "skipafter": flow,
	"status":   data,
	"auditlog": nondisruptive, "capture": nondisruptive, "ctl": nondisruptive, "exec": nondisruptive,
	"expirevar": nondisruptive, "initcol": nondisruptive, "log": nondisruptive, "logdata": nondisruptive,
	"multimatch": nondisruptive, "noauditlog": nondisruptive, "nolog": nondisruptive,
	"setenv": nondisruptive, "setvar": nondisruptive, "t": nondisruptive,
}

// parseActions cuts a list at the commas outside single quotes, as Coraza's
// parseActions does: a backslash takes the next byte's meaning, the first byte of
// the list has none, and of several disruptive actions the last one stands in the
// first one's place.
func parseActions(list string) []Action {
	var found []Action
	disrupts := -1
	add := func(key, value string) {
		a := Action{Name: strings.ToLower(strings.TrimSpace(key)), Value: unquote(strings.TrimSpace(value))}
		switch {
		case kinds[a.Name] != disruptive:
			found = append(found, a)
		case disrupts >= 0:
			found[disrupts] = a
		default:
			disrupts = len(found)
			found = append(found, a)
		}
	}
	begin, colon := 0, -1
	cutAt := func(end int) {
		if colon < 0 {
			add(list[begin:end], "")
		} else {
			add(list[begin:colon], list[colon+1:end])
		}
		begin, colon = end+1, -1
	}
	quoted := false
	for i := 1; i < len(list); i++ {
		switch {
		case list[i-1] == '\\':
		case list[i] == '\'':
			quoted = !quoted
		case quoted:
		case list[i] == ':' && colon < 0:
			colon = i
		case list[i] == ',':
			cutAt(i)
		}
	}
	cutAt(len(list))
	return found
}

// implicitDefault is what Coraza assumes for phase 2 where no SecDefaultAction
// does; the other phases have no such thing.
const implicitDefault = "phase:2,log,auditlog,pass"

// defaultActions are the actions each phase's rules inherit. Coraza reads every
// SecDefaultAction again for every rule.
func defaultActions(lists []string) (map[int][]Action, error) {
	byPhase := map[int][]Action{}
	var errs error
	for _, list := range lists {
		actions := parseActions(list)
		in := 0
		for _, a := range actions {
			if a.Name == "phase" {
				in = phase(a.Value)
			}
		}
		if in == 0 || byPhase[in] != nil {
			errs = errors.Join(errs, fmt.Errorf("SecDefaultAction %q: no phase, or a second time", list))
			continue
		}
		byPhase[in] = actions
	}
	if byPhase[2] == nil {
		byPhase[2] = parseActions(implicitDefault)
	}
	return byPhase, errs
}

// merge puts the defaults before a rule's own actions. The rule's disruptive
// action stands where it was; a block, or none, becomes the default's, at the end.
func merge(own, defaults []Action) []Action {
	var merged []Action
	var action Action
	for _, a := range defaults {
		switch kinds[a.Name] {
		case disruptive:
			action = a
		case metadata: // the phase
		default:
			merged = append(merged, a)
		}
	}
	decided := false
	for _, a := range own {
		if kinds[a.Name] == disruptive && a.Name == "block" {
			continue
		}
		decided = decided || kinds[a.Name] == disruptive
		merged = append(merged, a)
	}
	if !decided && action.Name != "" {
		merged = append(merged, action)
	}
	return merged
}
