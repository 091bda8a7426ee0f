package seclang

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Each case is also compared with what Coraza compiled, by parse.
func TestVariablesAreReadAsCorazaReadsThem(t *testing.T) {
	out := func(keys ...string) (s []Selector) {
		for _, key := range keys {
			s = append(s, Selector{Key: key})
		}
		return s
	}
	for written, want := range map[string][]Variable{
		"ARGS":                          {{Name: "ARGS"}},
		"args|Request_Headers":          {{Name: "ARGS"}, {Name: "REQUEST_HEADERS"}},
		"ARGS:Foo":                      {{Name: "ARGS", Key: "Foo"}},
		"REQUEST_HEADERS:User-Agent":    {{Name: "REQUEST_HEADERS", Key: "user-agent"}},
		"&ARGS:a|&TX:Score":             {{Name: "ARGS", Key: "a", Count: true}, {Name: "TX", Key: "score", Count: true}},
		"ARGS:/^A|b/":                   {{Name: "ARGS", Key: "^A|b", Regex: true}},
		`REQUEST_COOKIES:/^A\D/`:        {{Name: "REQUEST_COOKIES", Key: `^a\d`, Regex: true}},
		"ARGS:'/a b?/'|TX:x":            nil, // a space ends the variables: Coraza refuses it
		"ARGS:'/a|b/'|TX:x":             {{Name: "ARGS", Key: "a|b", Regex: true}, {Name: "TX", Key: "x"}},
		`ARGS:/a\/b/|TX:x`:              {{Name: "ARGS", Key: `a\/b`, Regex: true}, {Name: "TX", Key: "x"}},
		"ARGS://":                       {{Name: "ARGS", Regex: true}},
		"ARGS:/abc":                     {{Name: "ARGS", Key: "ab", Regex: true}}, // the last byte is lost
		`ARGS:/abc\/`:                   {{Name: "ARGS", Key: `/abc\/`}},          // an escaped end is no end
		"ARGS:a/b/":                     {{Name: "ARGS", Key: "ab", Regex: true}}, // a key is no more once a regex begins
		"ARGS:'foo'":                    {{Name: "ARGS", Key: "foo'"}},            // quotes are for regexes
		"XML:/*":                        {{Name: "XML", Key: "/*"}},
		"XML://@*|ARGS":                 {{Name: "XML", Key: "//@*"}, {Name: "ARGS"}},
		"XML:/a/":                       {{Name: "XML", Key: "/a"}},
		"xml:/a/":                       {{Name: "XML", Key: "a", Regex: true}}, // a path only in upper case
		"ARGS|!ARGS:Foo":                {{Name: "ARGS", Exclusions: out("foo")}},
		"ARGS|!ARGS:a|!ARGS:b":          {{Name: "ARGS", Exclusions: out("a", "b")}},
		"!ARGS:a|ARGS":                  {{Name: "ARGS"}}, // nothing to exclude from yet
		"ARGS|!ARGS":                    {{Name: "ARGS", Exclusions: out("")}},
		"ARGS|!ARGS_GET:a":              {{Name: "ARGS"}}, // only of the same name
		"ARGS:a|&ARGS|!ARGS:b|ARGS:c":   {{Name: "ARGS", Key: "a", Exclusions: out("b")}, {Name: "ARGS", Count: true, Exclusions: out("b")}, {Name: "ARGS", Key: "c"}},
		"ARGS|!ARGS:/^P/":               {{Name: "ARGS", Exclusions: []Selector{{"^P", true}}}},
		"TX:/X/|!TX:/^P/|!TX:'/q/'":     {{Name: "TX", Key: "x", Regex: true, Exclusions: []Selector{{"^p", true}, {"q", true}}}},
		"MATCHED_VARS_NAMES:/a/|TX.0|A": nil,
		"REQUEST_URI:a":                 nil,
		"SESSION:a":                     nil,
	} {
		t.Run(written, func(t *testing.T) {
			text := "SecRule " + written + ` "@rx a" "id:1,phase:2,pass"`
			if want == nil {
				_, directives, err := accept(nil, text)
				assert.Error(t, err)
				assert.NotPanics(t, func() { Parse(directives) })
				return
			}
			set, _ := parse(t, text)
			assert.Equal(t, want, set.Rules[0].Variables)
			assert.Empty(t, set.Rules[0].Unknown)
		})
	}
}

// Coraza accepts a regex where no key may be, and then finds nothing.
func TestASelectorInAVariableWithoutNamesIsMarked(t *testing.T) {
	set, _ := parse(t, `SecRule REQUEST_URI:/a/ "@rx a" "id:1,phase:2,pass"`)
	assert.Contains(t, set.Rules[0].Unknown, "REQUEST_URI")
}

func TestOperatorsAreReadAsCorazaReadsThem(t *testing.T) {
	for written, want := range map[string]Operator{
		"abc":                        {Name: "rx", Argument: "abc"},
		"":                           {Name: "rx"},
		"!":                          {Name: "rx", Negated: true},
		"!abc":                       {Name: "rx", Argument: "abc", Negated: true},
		"! @rx abc":                  {Name: "rx", Argument: "@rx abc", Negated: true},
		"@rx":                        {Name: "rx"},
		"@rx  a  b ":                 {Name: "rx", Argument: "a  b"},
		"!@within a b":               {Name: "within", Argument: "a b", Negated: true},
		"@beginsWith %{tx.X}":        {Name: "beginswith", Argument: "%{tx.X}"},
		`@rx a\"b`:                   {Name: "rx", Argument: `a"b`},
		`@rx a\\\"b`:                 {Name: "rx", Argument: `a\\"b`},
		`@rx \\`:                     {Name: "rx", Argument: `\\`},
		`@rx \d"`:                    {}, // the quote ends it
		"@pm a b":                    {Name: "pm", Argument: "a b"},
		"'@rx a'":                    {Name: "rx", Argument: "'@rx a'"},
		"@unconditionalMatch":        {Name: "unconditionalmatch"},
		"@pmFromDataset words":       {Name: "pmfromdataset", Argument: "words", Dataset: []string{"one", "two three"}},
		"@ipMatchFromDataset words":  {Name: "ipmatchfromdataset", Argument: "words", Dataset: []string{"one", "two three"}},
		"@ipMatchFromDataset absent": {},
		"@BeginsWith a":              {},
		"@rx\ta":                     {},
		"!@":                         {},
	} {
		t.Run(written, func(t *testing.T) {
			text := "SecDataset words `\n one\n#no\n\ntwo three\n`\nSecRule ARGS \"" + written + `" "id:1,phase:2,pass"`
			if want.Name == "" {
				_, directives, err := accept(nil, text)
				assert.Error(t, err)
				assert.NotPanics(t, func() { Parse(directives) })
				return
			}
			set, _ := parse(t, text)
			assert.Equal(t, want, *set.Rules[0].Operator)
			assert.Empty(t, set.Rules[0].Unknown)
		})
	}
}

func TestADatasetIsTheOneAboveItsRule(t *testing.T) {
	set, _ := parse(t, "SecDataset d `\na\n`\nSecRule ARGS \"@pmFromDataset d\" \"id:1\"\n"+
		"SecDataset d `\nb\n`\nSecRule ARGS \"@pmFromDataset d\" \"id:2\"")
	assert.Equal(t, []string{"a"}, set.Rules[0].Operator.Dataset)
	assert.Equal(t, []string{"b"}, set.Rules[1].Operator.Dataset)
}
