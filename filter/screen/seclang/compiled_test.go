package seclang

import (
	"fmt"
	"io/fs"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types/variables"
	"github.com/seawall-waf/seawall/rules"
	"github.com/stretchr/testify/require"
)

// A view is all of a rule that Coraza's compiled form and the model share.
type view struct {
	ID, Phase, Status, Skip       int
	Marker, SkipAfter             string
	Variables, Transformations    []string
	Operator                      string
	MultiMatch, Capture           bool
	Log, Audit, Chained           bool
	Disruptive, Msg               string
	Tags, SetVars, Ctls, OtherNms []string
	Links                         []view
}

// compiled reads the rules out of a WAF that Coraza built: what it will evaluate,
// however it came to that. The fields are internal to Coraza 3.8.1; where one is
// missing, reflect panics and the test fails.
func compiled(waf coraza.WAF) []view {
	list := reflect.ValueOf(waf).FieldByName("waf").Elem().FieldByName("Rules").FieldByName("rules")
	var views []view
	for i := range list.Len() {
		views = append(views, compiledRule(list.Index(i)))
	}
	return views
}

func compiledRule(r reflect.Value) view {
	v := view{
		ID: int(r.FieldByName("ID_").Int()), Phase: int(r.FieldByName("Phase_").Int()),
		Status: int(r.FieldByName("DisruptiveStatus").Int()), Marker: r.FieldByName("SecMark_").String(),
		MultiMatch: r.FieldByName("MultiMatch").Bool(), Capture: r.FieldByName("Capture").Bool(),
		Log: r.FieldByName("Log").Bool(), Audit: r.FieldByName("Audit").Bool(),
		Chained: r.FieldByName("HasChain").Bool(), Msg: macroText(r.FieldByName("Msg")),
	}
	for i := range r.FieldByName("Tags_").Len() {
		v.Tags = append(v.Tags, r.FieldByName("Tags_").Index(i).String())
	}
	for i := range r.FieldByName("variables").Len() {
		v.Variables = append(v.Variables, compiledVariable(r.FieldByName("variables").Index(i)))
	}
	if op := r.FieldByName("operator"); !op.IsNil() {
		v.Operator = strings.ToLower(op.Elem().FieldByName("Function").String()) + " " + op.Elem().FieldByName("Data").String()
	}
	for i := range r.FieldByName("transformations").Len() {
		name := runtime.FuncForPC(r.FieldByName("transformations").Index(i).FieldByName("Function").Pointer()).Name()
		name = strings.ToLower(name[strings.LastIndex(name, ".")+1:])
		switch name {
		case "none": // does nothing
		case "md5t", "sha1t":
			v.Transformations = append(v.Transformations, strings.TrimSuffix(name, "t"))
		default:
			v.Transformations = append(v.Transformations, name)
		}
	}
	for i := range r.FieldByName("actions").Len() {
		v.addCompiledAction(r.FieldByName("actions").Index(i))
	}
	for link := r.FieldByName("Chain"); !link.IsNil(); link = link.Elem().FieldByName("Chain") {
		v.Links = append(v.Links, compiledRule(link.Elem()))
	}
	for i := range v.Links {
		v.Links[i].Links = nil // Coraza's list of links is a chain of its own
	}
	return v
}

func compiledVariable(p reflect.Value) string {
	selector := func(key, rx reflect.Value) string {
		if !rx.IsNil() {
			return "/" + rx.Elem().FieldByName("expr").String() + "/"
		}
		return key.String()
	}
	text := variableName(p.FieldByName("Variable")) + ":" + selector(p.FieldByName("KeyStr"), p.FieldByName("KeyRx"))
	if p.FieldByName("Count").Bool() {
		text = "&" + text
	}
	for i := range p.FieldByName("Exceptions").Len() {
		e := p.FieldByName("Exceptions").Index(i)
		key := selector(e.FieldByName("KeyStr"), e.FieldByName("KeyRx"))
		if e.FieldByName("KeyRx").IsNil() {
			key = strings.ToLower(key) // as GetField compares it
		}
		text += " !" + key
	}
	return text
}

func (v *view) addCompiledAction(a reflect.Value) {
	name, f := a.FieldByName("Name").String(), a.FieldByName("Function").Elem().Elem()
	switch {
	case kinds[name] == disruptive:
		v.Disruptive = name
		if name == "redirect" {
			v.Disruptive += " " + f.FieldByName("target").String()
		}
		if name == "allow" {
			// corazatypes: unset, all, phase, request
			v.Disruptive += []string{"?", "", ":phase", ":request"}[f.FieldByName("allow").Int()]
		}
	case name == "skip":
		v.Skip = int(f.FieldByName("data").Int())
	case name == "skipafter":
		v.SkipAfter = f.FieldByName("data").String()
	case name == "setvar":
		text := variableName(f.FieldByName("collection")) + "." + macroText(f.FieldByName("key")) + "=" + macroText(f.FieldByName("value"))
		if f.FieldByName("isRemove").Bool() {
			text = "!" + text
		}
		v.SetVars = append(v.SetVars, text)
	case name == "ctl":
		v.Ctls = append(v.Ctls, f.FieldByName("value").String())
	case slices.Contains([]string{"exec", "expirevar", "initcol", "logdata", "setenv"}, name):
		v.OtherNms = append(v.OtherNms, name)
	}
}

func macroText(m reflect.Value) string {
	if m.IsNil() {
		return ""
	}
	return m.Elem().Elem().FieldByName("original").String()
}

// modelled is the same of the model.
func modelled(r *Rule) view {
	v := view{
		ID: r.ID, Phase: r.Phase, Status: r.Status, Skip: r.Skip, Marker: r.Marker, SkipAfter: r.SkipAfter,
		Transformations: r.Transformations, MultiMatch: r.MultiMatch, Capture: r.Capture,
		Log: r.Log, Audit: r.Audit, Chained: r.chained, Disruptive: r.Disruptive, Msg: r.Msg, Tags: r.Tags,
	}
	if r.Redirect != "" {
		v.Disruptive += " " + r.Redirect
	}
	selector := func(key string, regex bool) string {
		if regex {
			return "/" + key + "/"
		}
		return key
	}
	for _, variable := range r.Variables {
		text := variable.Name + ":" + selector(variable.Key, variable.Regex)
		if variable.Count {
			text = "&" + text
		}
		for _, e := range variable.Exclusions {
			text += " !" + selector(e.Key, e.Regex)
		}
		v.Variables = append(v.Variables, text)
	}
	if r.Operator != nil {
		v.Operator = "@" + r.Operator.Name + " " + r.Operator.Argument
		if r.Operator.Negated {
			v.Operator = "!" + v.Operator
		}
	}
	for _, s := range r.SetVars {
		text := s.Collection + "." + s.Name + "=" + strings.TrimPrefix(s.Op, "=") + s.Value
		if s.Op == "!" {
			text = "!" + s.Collection + "." + s.Name + "=" + s.Value
		}
		v.SetVars = append(v.SetVars, text)
	}
	for _, c := range r.Ctls {
		value, _, _ := strings.Cut(c.Argument, ";")
		v.Ctls = append(v.Ctls, value)
	}
	for _, a := range r.Others {
		if kinds[a.Name] == nondisruptive {
			v.OtherNms = append(v.OtherNms, a.Name)
		}
	}
	for _, link := range r.Links {
		v.Links = append(v.Links, modelled(link))
	}
	return v
}

// variableName turns Coraza's number of a variable into its name.
func variableName(number reflect.Value) string {
	return variables.RuleVariable(number.Uint()).Name()
}

// accept compiles text as Coraza alone does, without the reviews of rules.Compile,
// and lists its directives. A panic of Coraza's is an error.
func accept(fsys fs.FS, text string) (waf coraza.WAF, directives []rules.Directive, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("Coraza panicked: %v", fault)
		}
	}()
	if directives, err = rules.Walk(fsys, text); err != nil {
		return nil, nil, err
	}
	waf, err = coraza.NewWAF(coraza.NewWAFConfig().WithRootFS(fsys).WithDirectives(text))
	return waf, directives, err
}

// parse models text and demands that Coraza compiled the same.
func parse(t *testing.T, text string) (*RuleSet, coraza.WAF) {
	t.Helper()
	waf, directives, err := accept(rules.FS(), text)
	require.NoError(t, err)
	set := Parse(directives)
	requireSame(t, waf, set)
	return set, waf
}

func requireSame(t *testing.T, waf coraza.WAF, set *RuleSet) {
	t.Helper()
	want := compiled(waf)
	require.Len(t, set.Rules, len(want))
	for i, r := range set.Rules {
		require.Equal(t, want[i], modelled(r), "%s:%d %s", r.File, r.Line, r.Text)
	}
}
