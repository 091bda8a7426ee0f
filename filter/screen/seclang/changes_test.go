package seclang

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// three are three rules and a marker to change.
const three = `SecDefaultAction "phase:1,deny,status:418,nolog"
SecRule ARGS "@rx a" "id:1,phase:1,block,msg:'one',tag:g,t:none"
SecRule ARGS|TX:a "@rx a" "id:2,phase:1,pass,msg:'two',tag:g,tag:h,chain"
SecRule ARGS "@rx b" "tag:g"
SecMarker m
SecRule REQUEST_HEADERS "@rx a" "id:3,phase:1,drop,msg:'one'"
`

func TestRulesAreRemovedAsCorazaRemovesThem(t *testing.T) {
	for change, want := range map[string][]int{ // the IDs left, 0 for the marker
		"":                                                {1, 2, 0, 3},
		"SecRuleRemoveById 2":                             {1, 0, 3},
		"SecRuleRemoveById \"1 3\"":                       {2, 0},
		"secruleremovebyid 2-9":                           {1, 0},
		"SecRuleRemoveById 1-1 9":                         {2, 0, 3},
		"SecRuleRemoveById 0":                             {1, 2, 3}, // the ID of markers
		"SecRuleRemoveById 0-1":                           {2, 3},
		"SecMarker n\nSecRuleRemoveById 0":                {1, 2, 3, 0}, // the first of an ID
		"SecMarker n\nSecRuleRemoveById 0-0":              {1, 2, 3},    // all of a range
		"SecRuleRemoveByTag g":                            {0, 3},       // a link's tag is not looked at
		"SecRuleRemoveByTag \"h\"":                        {1, 0, 3},
		"SecRuleRemoveByTag G":                            {1, 2, 0, 3},
		"SecRuleRemoveByTag  g":                           {1, 2, 0, 3}, // the second space is a part of it
		"SecRuleUpdateTargetByMsg a !B":                   {1, 2, 0, 3}, // Coraza ignores it
		"SecRuleScript a.lua":                             {1, 2, 0, 3},
		"SecRuleRemoveById 0\nSecRuleRemoveByMsg \"one\"": {2},
		"SecRuleRemoveById 1\nSecAction \"id:1,phase:1\"\nSecRuleRemoveById 2-3": {0, 1}, // only what stands above
	} {
		t.Run(change, func(t *testing.T) {
			set, _ := parse(t, three+change)
			var got []int
			for _, r := range set.Rules {
				got = append(got, r.ID)
			}
			assert.Equal(t, want, got)
			assert.Empty(t, set.Unknown)
		})
	}
}

func TestTargetsAreUpdatedAsCorazaUpdatesThem(t *testing.T) {
	for change, want := range map[string][]string{ // of rules 1, 2, 3
		"SecRuleUpdateTargetById 1 !ARGS:Foo":                 {"ARGS: !foo", "ARGS:|TX:a", "REQUEST_HEADERS:"},
		"SecRuleUpdateTargetById 1 2 !ARGS:a":                 {"ARGS: !a", "ARGS:|TX:a", "REQUEST_HEADERS:"}, // stops at the first
		"SecRuleUpdateTargetById 2-3 1 \"!ARGS:a|TX:b\"":      {"ARGS: !a|TX:b", "ARGS: !a|TX:a|TX:b", "REQUEST_HEADERS:|TX:b"},
		"SecRuleUpdateTargetById 1-2 !ARGS:a,!ARGS:b":         {"ARGS: !a,!args:b", "ARGS: !a,!args:b|TX:a", "REQUEST_HEADERS:"},
		"SecRuleUpdateTargetById 0-2 !ARGS:/A/":               {"ARGS: !/A/", "ARGS: !/A/|TX:a", "REQUEST_HEADERS:"},
		"SecRuleUpdateTargetById 3-3 2 ARGS_NAMES":            {"ARGS:", "ARGS:|TX:a", "REQUEST_HEADERS:|ARGS_NAMES:"},
		"SecRuleUpdateTargetByTag g \"!ARGS\"":                {"ARGS: !", "ARGS: !|TX:a", "REQUEST_HEADERS:"},
		"SecRuleUpdateTargetByTag \"h\" REQUEST_HEADERS:A-B":  {"ARGS:", "ARGS:|TX:a|REQUEST_HEADERS:a-b", "REQUEST_HEADERS:"},
		"SecRuleUpdateTargetByTag absent &ARGS":               {"ARGS:", "ARGS:|TX:a", "REQUEST_HEADERS:"},
		"SecRuleUpdateTargetById 1 !ARGS:a\nSecMarker x":      {"ARGS: !a", "ARGS:|TX:a", "REQUEST_HEADERS:"},
		"SecRuleUpdateTargetById 1 ARGS\nSecRuleEngine On":    {"ARGS:|ARGS:", "ARGS:|TX:a", "REQUEST_HEADERS:"},
		"SecRuleUpdateTargetById 1 &ARGS|!ARGS:b|!ARGS:/c|d/": {"ARGS: !b !/c|d/|&ARGS: !b !/c|d/", "ARGS:|TX:a", "REQUEST_HEADERS:"},
	} {
		t.Run(change, func(t *testing.T) {
			set, _ := parse(t, three+change)
			var got []string
			for _, r := range set.Rules {
				if r.ID == 0 {
					continue
				}
				got = append(got, strings.Join(modelled(r).Variables, "|"))
			}
			assert.Equal(t, want, got)
			assert.Equal(t, "ARGS:", modelled(set.Rules[1].Links[0]).Variables[0], "a link is never updated")
			assert.Empty(t, set.Unknown)
		})
	}
}

func TestActionsAreUpdatedAsCorazaUpdatesThem(t *testing.T) {
	for change, want := range map[string]view{ // of rule 1
		"SecRuleUpdateActionById 1 pass":                         {Disruptive: "pass", Status: 418},
		"SecRuleUpdateActionById 1-3 \"pass,status:404,log\"":    {Disruptive: "pass", Status: 404, Log: true, Audit: true},
		"SecRuleUpdateActionById 1 block":                        {Disruptive: "block", Status: 418}, // not resolved, so nothing
		"SecRuleUpdateActionById 1 nolog":                        {Disruptive: "deny", Status: 418},
		"SecRuleUpdateActionById 1 \"deny, status:404\"":         {Disruptive: "deny", Status: 404}, // only the last word counts
		"SecRuleUpdateActionById 2 1 pass":                       {Disruptive: "deny", Status: 418}, // stops at the first
		"SecRuleUpdateActionById 1 t:lowercase,setvar:tx.a=1":    {Disruptive: "deny", Status: 418, Transformations: []string{"lowercase"}, SetVars: []string{"TX.a=1"}},
		"SecRuleUpdateActionById 1 phase:3,msg:'new',tag:'more'": {Phase: 3, Msg: "new", Tags: []string{"g", "more"}, Disruptive: "deny", Status: 418},
	} {
		t.Run(change, func(t *testing.T) {
			set, _ := parse(t, three+change)
			if want.Phase == 0 {
				want.Phase, want.Msg, want.Tags = 1, "one", []string{"g"}
			}
			want.ID, want.Operator, want.Variables = 1, "@rx a", []string{"ARGS:"}
			assert.Equal(t, want, modelled(set.Rules[0]))
			assert.Empty(t, set.Unknown)
			assert.Empty(t, set.Rules[0].Unknown)
		})
	}
}

func TestSettingsAndChangesAreKeptApart(t *testing.T) {
	set, _ := parse(t, "SecRuleEngine On\nInclude @ftw-marker.conf\nSecMarker a\nSecRuleRemoveById 1\nSecRequestBodyAccess On")
	var settings []string
	for _, d := range set.Settings {
		settings = append(settings, d.Text)
	}
	assert.Equal(t, "SecRuleEngine On", settings[0])
	assert.Equal(t, "SecRequestBodyAccess On", settings[len(settings)-1])
	assert.NotContains(t, settings, "SecMarker a")
	assert.Equal(t, "SecRuleRemoveById 1", set.Changes[0].Text)
}
