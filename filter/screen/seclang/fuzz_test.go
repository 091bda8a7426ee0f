package seclang

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// touchesTheWorld keeps the fuzzer from opening files, sockets and pages.
var touchesTheWorld = regexp.MustCompile(`(?i)sec(audit|debug|remote|upload|data|httpbl|gsb)|exec|inspectfile|rbl|validateschema|fromfile|pmf|ipmatchf`)

// Parse never panics on what Walk accepts, and models what Coraza accepts as
// Coraza compiles it.
func FuzzParse(f *testing.F) {
	for _, text := range fuzzSeeds() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if touchesTheWorld.MatchString(text) {
			t.Skip("would touch files or sockets")
		}
		waf, directives, err := accept(fstest.MapFS{"a.conf": {Data: []byte("SecMarker included")}}, text)
		set := Parse(directives)
		if err == nil && set.Unknown == "" {
			requireSame(t, waf, set)
		}
	})
}

func fuzzSeeds() []string {
	var seeds []string
	for _, variables := range []string{"ARGS", "ARGS|!ARGS:a", "&TX:/a/", "XML:/*", "ARGS:'/a/'|TX:b", "JSON:a", "!ARGS"} {
		for _, operator := range []string{"@rx a", "!@within a b", "", "!", `a\"b`, "@pm a", "@eq 1"} {
			seeds = append(seeds, "SecRule "+variables+` "`+operator+`" "id:1,phase:1,deny,t:none,t:lowercase"`)
		}
	}
	rule := `SecRule ARGS "@rx a" "id:7,phase:2,block,msg:'m, n',tag:'g',chain"` + "\n" + `SecRule ARGS "@rx b" "setvar:'tx.a=+1',ctl:ruleEngine=Off"` + "\n"
	for _, before := range []string{"", `SecDefaultAction "phase:2,deny,nolog,status:418"` + "\n", "SecMarker a\n"} {
		for _, after := range []string{
			"SecRuleRemoveById 7", "SecRuleRemoveById 1-9", "SecRuleRemoveByTag g", "SecRuleRemoveByMsg \"m, n\"",
			"SecRuleUpdateTargetById 7 !ARGS:a", "SecRuleUpdateTargetById 1-9 \"TX:b|!ARGS:/c/\"", "SecRuleUpdateTargetByTag g TX",
			"SecRuleUpdateActionById 7 pass,phase:3", "SecRuleUpdateActionById 1-9 \"block,id:8,chain\"", "Include a.conf",
			`SecAction "id:8,phase:logging,allow:phase,skip:2,skipAfter:'a',noauditlog,multiMatch,capture"`,
			`SecAction "id:8,redirect:'http://a/b,c',t:MD5,t:None,setvar:!tx.a=1,setenv:A=b,initcol:ip=a,logdata:'%{tx.a}'"`,
		} {
			seeds = append(seeds, before+rule+after)
		}
	}
	return append(seeds, strings.Join(seeds[:5], "\n"))
}
