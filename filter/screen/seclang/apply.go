package seclang

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// apply does to the rule what Coraza's applyParsedActions does: metadata first, for
// the phase decides which defaults the rest is merged with.
func (r *Rule) apply(actions []Action, defaults map[int][]Action) error {
	var errs error
	for _, a := range actions {
		if kinds[a.Name] == metadata {
			errs = errors.Join(errs, r.describe(a))
		}
	}
	if inherited := defaults[r.Phase]; inherited != nil {
		actions = merge(actions, inherited)
	}
	for _, a := range actions {
		if kinds[a.Name] != metadata {
			errs = errors.Join(errs, r.act(a))
		}
	}
	return errs
}

func (r *Rule) describe(a Action) (err error) {
	switch a.Name {
	case "id":
		r.ID, err = strconv.Atoi(a.Value)
	case "phase":
		if r.Phase = phase(a.Value); r.Phase == 0 {
			err = fmt.Errorf("there is no phase %q", a.Value)
		}
	case "msg":
		r.Msg = unquote(a.Value) // a second time
	case "tag":
		r.Tags = append(r.Tags, a.Value)
	default:
		r.Others = append(r.Others, a)
	}
	return err
}

func (r *Rule) act(a Action) (err error) {
	switch a.Name {
	case "chain":
		r.chained = true
	case "skip":
		r.Skip, err = strconv.Atoi(a.Value)
	case "skipafter":
		r.SkipAfter = unquote(a.Value) // a second time
	case "status":
		r.Status, err = strconv.Atoi(a.Value)
	case "capture":
		r.Capture = true
	case "multimatch":
		r.MultiMatch = true
	case "log":
		r.Log, r.Audit = true, true
	case "nolog":
		r.Log, r.Audit = false, false
	case "auditlog":
		r.Audit = true
	case "noauditlog":
		r.Audit = false
	case "t":
		return r.transform(a.Value)
	case "setvar":
		return r.setVar(a.Value)
	case "ctl":
		name, argument, _ := strings.Cut(a.Value, "=")
		r.Ctls = append(r.Ctls, Ctl{name, argument})
	default:
		return r.actOtherwise(a)
	}
	return err
}

func (r *Rule) actOtherwise(a Action) error {
	switch kinds[a.Name] {
	case disruptive:
		r.Disruptive, r.Redirect = a.Name, ""
		if a.Name == "redirect" {
			r.Redirect = a.Value
		} else if a.Value != "" {
			r.Disruptive += ":" + a.Value
		}
		return nil
	case unknown:
		r.Others = append(r.Others, a)
		return fmt.Errorf("action %s is not one of Coraza's", a.Name)
	}
	r.Others = append(r.Others, a)
	return nil
}

// phase reads a phase's name or number; 0 where there is none such.
func phase(name string) int {
	switch name {
	case "request":
		return 2
	case "response":
		return 4
	case "logging":
		return 5
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= 5 {
		return n
	}
	return 0
}

// transformations are Coraza 3.8.1's, which it knows in any case, and the name
// under which each of them is kept.
var transformations = func() map[string]string {
	known := map[string]string{"normalizepath": "normalisepath", "normalizepathwin": "normalisepathwin"}
	for name := range strings.FieldsSeq(`
		base64decode base64decodeext base64encode cmdline compresswhitespace cssdecode
		escapeseqdecode hexdecode hexencode htmlentitydecode jsdecode length lowercase md5
		normalisepath normalisepathwin removecomments removecommentschar removenulls
		removewhitespace replacecomments replacenulls sha1 trim trimleft trimright uppercase
		urldecode urldecodeuni urlencode utf8tounicode`) {
		known[name] = name
	}
	return known
}()

func (r *Rule) transform(name string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "none":
		r.Transformations = nil
	case lower == "none": // in another spelling it clears nothing and changes nothing
	case transformations[lower] == "":
		r.Transformations = append(r.Transformations, lower)
		return fmt.Errorf("transformation t:%s is not one of Coraza's", name)
	default:
		r.Transformations = append(r.Transformations, transformations[lower])
	}
	return nil
}

// setVar reads tx.name=value, tx.name=+value, tx.name=-value and !tx.name=.
func (r *Rule) setVar(raw string) error {
	removed := strings.HasPrefix(raw, "!")
	target, value, assigns := strings.Cut(strings.TrimPrefix(raw, "!"), "=")
	collection, name, _ := strings.Cut(target, ".")
	v := SetVar{Collection: strings.ToUpper(collection), Name: name, Op: "=", Value: value, Raw: raw}
	switch {
	case removed:
		v.Op = "!"
	case value != "" && (value[0] == '+' || value[0] == '-'):
		v.Op, v.Value = "="+value[:1], value[1:]
	}
	r.SetVars = append(r.SetVars, v)
	if !assigns || value == "" {
		return fmt.Errorf("setvar:%s has no value, on which Coraza panics", raw)
	}
	return nil
}
