package filter_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// sameCase is a rule set on which the screen could be wrong, and exchanges that show it.
type sameCase struct {
	name, rules string
	more        string // of the config
	exchanges   []visit
}

func get(query string) []visit { return []visit{{path: "/?" + query}} }

// sameBase is what the rule sets below begin with.
const sameBase = "SecRuleEngine On\nSecRequestBodyAccess On\nSecResponseBodyAccess On\nSecResponseBodyMimeType text/plain\n"

// One screen for all of them would not do: what makes a rule set hard is what it is alone.
var sameCases = []sameCase{
	{"AnExpressionOverTXNamesSeesWhatAnEarlierRuleCaptured", `
SecRule ARGS:a "@rx (evil)" "id:1,phase:1,pass,nolog,capture"
SecRule TX:/^\d$/ "@rx evil" "id:2,phase:1,deny,log"`, "", get("a=evil")},
	{"AMessageQuotesTheMessageOfARuleThatCannotMatch", `
SecRule ARGS:a "@rx never" "id:1,phase:1,pass,log,msg:'of another'"
SecRule ARGS:b "@rx evil" "id:2,phase:1,pass,log,logdata:'%{RULE.msg}'"`, "", get("b=evil")},
	{"ARuleReadsTheMessageOfARuleThatCannotMatch", `
SecRule ARGS:a "@rx never" "id:1,phase:1,pass,log,msg:'of another'"
SecRule RULE:msg "@rx another" "id:2,phase:1,pass,log"`, "", get("b=evil")},
	{"WhatShapesParsingComparesWithAnotherRulesMatch", `
SecRule REQUEST_HEADERS:X-Name "@rx ." "id:1,phase:1,pass,nolog"
SecRule REQUEST_HEADERS:X-Copy "@streq %{MATCHED_VAR}" "id:2,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{
		{headers: []string{"x-name", "v", "x-copy", "v"}, body: `{"a":"evil"}`},
		{headers: []string{"x-name", "v", "x-copy", "w"}, body: `{"a":"evil"}`}}},
	{"AChainFindsByNameWhatSomebodyElseSet", `
SecAction "id:1,phase:1,pass,nolog,setvar:tx.h_x=admin"
SecRule ARGS:a "@rx ^(.*)$" "id:2,phase:1,deny,log,capture,setvar:'tx.h_%{tx.1}=%{tx.1}',chain"
  SecRule TX:/^h_/ "@streq admin"`, "", get("a=b")},
	{"AChainFindsByNameWhatARareRuleSet", `
SecRule ARGS:z "@rx ^(.*)$" "id:1,phase:1,pass,nolog,setvar:tx.h_x=admin"
SecRule ARGS:a "@rx ^(.*)$" "id:2,phase:1,deny,log,capture,setvar:'tx.h_%{tx.1}=%{tx.1}',chain"
  SecRule TX:/^h_/ "@streq admin"`, "", get("a=b&z=1")},
	{"ARuleReadsWhatTheHeadOfACapturingChainSet", `
SecRule REQUEST_BASENAME "@rx \.([^.]+)$" "id:1,phase:1,pass,nolog,capture,setvar:'tx.ext=.%{tx.1}/',chain"
  SecRule TX:EXT "@within .bak/ .old/"
SecRule TX:EXT "@streq .php/" "id:2,phase:1,deny,log"`, "", []visit{{path: "/a.php"}, {path: "/a.bak"}}},
	{"AnExpressionReadsWhatTheHeadOfACapturingChainSet", `
SecRule REQUEST_BASENAME "@rx \.([^.]+)$" "id:1,phase:1,pass,nolog,capture,setvar:'tx.ext_%{tx.1}=.%{tx.1}/',chain"
  SecRule TX:/^ext_b/ "@within .bak/ .old/"
SecRule TX:/^ext_p/ "@streq .php/" "id:2,phase:1,deny,log"`, "", []visit{{path: "/a.php"}, {path: "/a.bak"}}},
	{"DetectionOnlyAtRunTimeEnforcesNoAllow", `
SecRule ARGS:d "@eq 1" "id:1,phase:1,nolog,pass,ctl:ruleEngine=DetectionOnly"
SecAction "id:2,phase:1,nolog,allow:phase"
SecAction "id:3,phase:1,log,pass,msg:'seen'"`, "", []visit{{path: "/?d=1"}, {path: "/?d=2"}}},
	{"AllowKeepsASettingFromBeingMade", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,allow:phase"
SecAction "id:2,phase:1,nolog,pass,setvar:tx.limit=5"
SecRule ARGS:n "@gt %{tx.limit}" "id:3,phase:2,deny,log"`, "", []visit{{path: "/?a=1&n=3"}, {path: "/?a=0&n=3"}}},
	{"ACtlRemovesASetting", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=2"
SecAction "id:2,phase:1,nolog,pass,setvar:tx.limit=5"
SecRule ARGS:n "@gt %{tx.limit}" "id:3,phase:2,deny,log"`, "", get("a=1&n=3")},
	{"ACtlRemovesAGate", `
SecAction "id:1,phase:1,nolog,pass,setvar:tx.level=1"
SecRule ARGS:a "@eq 1" "id:2,phase:1,nolog,pass,ctl:ruleRemoveById=3"
SecRule TX:level "@lt 2" "id:3,phase:1,nolog,pass,skipAfter:END"
SecRule ARGS:b "@rx evil" "id:4,phase:1,deny,log"
SecMarker END`, "", get("a=1&b=evil")},
	{"ACtlRemovesAGatesTarget", `
SecAction "id:1,phase:1,nolog,pass,setvar:tx.level=1"
SecRule ARGS:a "@eq 1" "id:2,phase:1,nolog,pass,ctl:ruleRemoveTargetById=3;TX:level"
SecRule TX:level "@lt 2" "id:3,phase:1,nolog,pass,skipAfter:END"
SecRule ARGS:b "@rx evil" "id:4,phase:1,deny,log"
SecMarker END`, "", get("a=1&b=evil")},
	{"ACtlRemovesAGateByTag", `
SecAction "id:1,phase:1,nolog,pass,setvar:tx.level=1"
SecRule ARGS:a "@eq 1" "id:2,phase:1,nolog,pass,ctl:ruleRemoveByTag=gate"
SecRule TX:level "@lt 2" "id:3,phase:1,nolog,pass,tag:gate,skipAfter:END"
SecRule ARGS:b "@rx evil" "id:4,phase:1,deny,log"
SecMarker END`, "", get("a=1&b=evil")},
	{"ARuleJumpsOverWhatShapesParsing", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,pass,skipAfter:X"
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:2,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"
SecMarker X
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{
		{path: "/?a=1", headers: []string{"content-type", "application/x-www-form-urlencoded;json"}, body: "b=evil"},
		{path: "/?a=0", headers: []string{"content-type", "application/x-www-form-urlencoded;json"}, body: "b=evil"}}},
	{"ARuleSkipsWhatShapesParsing", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,pass,skip:1"
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:2,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{
		{path: "/?a=1", headers: []string{"content-type", "application/x-www-form-urlencoded;json"}, body: "b=evil"}}},
	{"ACtlRemovesWhatShapesParsing", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=2"
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:2,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{
		{path: "/?a=1", headers: []string{"content-type", "application/x-www-form-urlencoded;json"}, body: "b=evil"}}},
	{"ACtlRemovesTheTargetOfWhatShapesParsing", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,pass,ctl:ruleRemoveTargetById=2;REQUEST_HEADERS:Content-Type"
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:2,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{
		{path: "/?a=1", headers: []string{"content-type", "application/x-www-form-urlencoded;json"}, body: "b=evil"}}},
	{"APhase5RuleOfTheFrontQuotesSettings", `
SecDataset words ` + "`\nevil\n`" + `
SecAction "id:1,phase:1,nolog,pass,setvar:tx.word=hello,setvar:tx.cost=5"
SecRule ARGS:a "@pmFromDataset words" "id:2,phase:5,log,pass,msg:'%{tx.word}',setvar:'tx.my_score=+%{tx.cost}'"
SecRule TX:my_score "@gt 0" "id:3,phase:5,log,pass"`, "", get("a=evil")},
	{"ALateSuspicionRunsNoPhaseThatNeverRan", `
SecAction "id:1,phase:2,log,pass"
SecRule RESPONSE_HEADERS:X-Bad "@rx ." "id:2,phase:3,log,pass"
SecRule ARGS:a "!@rx ^x$" "id:3,phase:2,deny,log"`, "inspect: response", []visit{
		{path: "/?a=1", status: 200, answer: []string{"x-bad", "1"}},
		{path: "/?a=1", status: 200}, {path: "/?a=1", body: "a=b", status: 200, answer: []string{"x-bad", "1"}}}},
	{"ATransformedCountIsRememberedFromAnotherRule", `
SecRule &ARGS "@gt 5" "id:1,phase:1,pass,log,t:lowercase"
SecRule &ARGS|!ARGS:a "@eq 1" "id:2,phase:1,pass,log,t:lowercase"
SecRule &ARGS|!ARGS:b "@eq 2" "id:3,phase:1,pass,log,t:lowercase"`, "", get("a=1&b=2")},
	{"TheHeadOfAConstantChainSetsWithoutTheLink", `
SecAction "id:1,phase:1,nolog,pass,setvar:tx.a=1,setvar:tx.limit=5"
SecRule ARGS:n "@gt %{tx.limit}" "id:2,phase:1,deny,log"
SecRule TX:a "@eq 1" "id:3,phase:1,nolog,pass,chain,setvar:tx.limit=9"
  SecRule TX:a "@eq 2"`, "", get("n=7")},
	{"TheHeadOfAConstantChainShapesWithoutTheLink", `
SecAction "id:1,phase:1,nolog,pass,setvar:tx.a=1"
SecRule TX:a "@eq 1" "id:2,phase:1,nolog,pass,chain,ctl:requestBodyProcessor=JSON"
  SecRule TX:a "@eq 2"
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{{body: `{"a":"evil"}`}}},
	{"TheHeadOfAChainSetsThoughItsLinkCannotMatch", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,pass,chain,setvar:tx.flag=1"
  SecRule TX:never "@eq 1"
SecRule TX:flag "@eq 1" "id:2,phase:1,deny,log"`, "", get("a=1")},
	{"TheHeadOfAChainShapesThoughItsLinkCannotMatch", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,pass,chain,ctl:requestBodyProcessor=JSON"
  SecRule TX:never "@eq 1"
SecRule ARGS "@rx evil" "id:2,phase:2,deny,log"`, "", []visit{{path: "/?a=1", body: `{"b":"evil"}`}}},
	{"TheHeadOfAChainExcludesThoughItsLinkDoesNotMatch", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,pass,chain,ctl:ruleRemoveById=3"
  SecRule ARGS:b "@eq 1"
SecRule ARGS:c "@rx evil" "id:3,phase:1,deny,log"`, "", []visit{{path: "/?a=1&c=evil"}, {path: "/?a=0&c=evil"}}},
	{"TheHeadOfAChainExcludesThoughItsLinkCannotMatch", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,pass,chain,ctl:ruleRemoveById=3"
  SecRule TX:never "@eq 1"
SecRule ARGS:c "@rx evil" "id:3,phase:1,deny,log"`, "", []visit{{path: "/?a=1&c=evil"}, {path: "/?a=0&c=evil"}}},
	{"TheHeadOfAChainCapturesThoughItsLinkDoesNotMatch", `
SecRule ARGS:a "@rx (.+)" "id:1,phase:1,nolog,pass,capture,chain"
  SecRule ARGS:b "@eq 1"
SecRule ARGS:c "@rx evil" "id:2,phase:1,log,pass,msg:'%{tx.1}'"`, "", get("a=hello&c=evil")},
	{"TheHeadOfAChainIsTheMatchedVarThoughItsLinkDoesNotMatch", `
SecRule ARGS:a "@rx evil" "id:1,phase:1,nolog,pass,chain"
  SecRule ARGS:b "@eq 1"
SecRule MATCHED_VAR "@rx evil" "id:2,phase:1,deny,log"`, "", get("a=evil")},
	{"ACountOfPathArgumentsIsTakenBeforeTheyAreParsed", `
SecRule &ARGS_PATH "@eq 0" "id:1,phase:1,log,pass"
SecRule REQUEST_URI "@restpath /users/{user}" "id:2,phase:1,nolog,pass"
SecRule &ARGS "@eq 1" "id:3,phase:1,log,pass"`, "", []visit{{path: "/users/joe"}}},
	{"APathArgumentIsReadBeforeItIsOverwritten", `
SecRule REQUEST_URI "@restpath /users/{user}" "id:1,phase:1,nolog,pass"
SecRule ARGS:user "@rx evil" "id:2,phase:1,deny,log"
SecRule REQUEST_HEADERS:X-Path "@restpath /users/{user}" "id:3,phase:1,nolog,pass"`, "", []visit{
		{path: "/users/evil", headers: []string{"x-path", "/users/joe"}}}},
	{"ASkipCountsNoRuleThatACtlRemoved", `
SecRule ARGS:x "@eq 1" "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=3"
SecRule ARGS:y "@eq 1" "id:2,phase:1,nolog,pass,skip:1"
SecRule ARGS:a "@rx foo" "id:3,phase:1,log,pass"
SecRule ARGS:b "@rx bar" "id:4,phase:1,log,pass"
SecRule ARGS:c "@rx evil" "id:5,phase:1,log,pass"`, "", get("x=1&y=1&c=evil")},
	{"AVariableThatARareRuleSetsChoosesTheBodyProcessor", `
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:1,phase:1,nolog,pass,setvar:tx.json=1"
SecRule TX:json "@eq 1" "id:2,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{{headers: []string{"content-type", "application/json"}, body: `{"a":"evil"}`}}},
	{"AVariableThatARareRuleSetsOpensTheBody", `
SecRequestBodyAccess Off
SecRule REQUEST_HEADERS:X-Open "@eq 1" "id:1,phase:1,nolog,pass,setvar:tx.open=1"
SecRule TX:open "@eq 1" "id:2,phase:1,nolog,pass,ctl:requestBodyAccess=On"
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{{headers: []string{"content-type", formType, "x-open", "1"}, body: `a=evil`}}},
	{"AGateThatARareRuleOpensShapesParsing", `
SecAction "id:1,phase:1,nolog,pass,setvar:tx.level=1"
SecRule REQUEST_HEADERS:X-Level "@rx ^\d$" "id:2,phase:1,nolog,pass,setvar:tx.level=%{MATCHED_VAR}"
SecRule TX:level "@lt 2" "id:3,phase:1,nolog,pass,skipAfter:END"
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:4,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"
SecMarker END
SecRule ARGS "@rx evil" "id:5,phase:2,deny,log"`, "", []visit{{headers: []string{"content-type", "json", "x-level", "2"}, body: `{"a":"evil"}`}}},
	{"WhatShapesParsingReadsAVariableThatItSetsToo", `
SecAction "id:1,phase:1,nolog,pass,setvar:tx.mode=1"
SecRule TX:mode "@eq 1" "id:2,phase:1,nolog,pass,chain"
  SecRule REQUEST_HEADERS:Content-Type "@contains json" "ctl:requestBodyProcessor=JSON,setvar:tx.mode=2"
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{{headers: []string{"content-type", "application/json"}, body: `{"a":"evil"}`}}},
	{"WhatShapesParsingReadsAnEarlierRulesCapture", `
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(json)" "id:1,phase:1,nolog,pass,capture"
SecRule TX:1 "@streq json" "id:2,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{{headers: []string{"content-type", "application/json"}, body: `{"a":"evil"}`}}},
	{"ANameThatTheExchangeChoosesIsReadBySpellingItOut", `
SecAction "id:1,phase:1,nolog,pass,setvar:'tx.h_%{REQUEST_HEADERS.x-name}=1'"
SecRule TX:h_evil "@eq 1" "id:2,phase:1,deny,log"
SecRule ARGS:n "@gt %{tx.h_evil}" "id:3,phase:1,log,pass"`, "", []visit{{path: "/?n=1", headers: []string{"x-name", "evil"}}, {path: "/?n=1"}}},
	{"PhaseFiveAsksWhetherAResponseCame", `
SecAction "id:1,phase:3,nolog,pass,setvar:tx.seen=1"
SecRule &TX:seen "@eq 0" "id:2,phase:5,log,pass,msg:'no response'"`, "", []visit{{}, {status: 200}}},
	{"AJumpOutlivesAPhaseThatDoesNotAlwaysRun", `
SecRule REQUEST_METHOD "@streq POST" "id:1,phase:5,log,pass"
SecMarker M
SecAction "id:2,phase:4,pass,nolog,skipAfter:M"`, "", []visit{{}, {status: 200}}},
	{"AnActionRemovesWhatShapesParsing", `
SecAction "id:1,phase:1,nolog,pass,ctl:ruleRemoveById=2"
SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:2,phase:1,nolog,pass,ctl:requestBodyProcessor=JSON"
SecRule ARGS "@rx evil" "id:3,phase:2,deny,log"`, "", []visit{
		{headers: []string{"content-type", "application/x-www-form-urlencoded;json"}, body: "b=evil"}}},
	{"AWholeRangeIsRemovedWithItsMarkers", `
SecAction "id:1,phase:1,nolog,pass,setvar:tx.level=1"
SecRule ARGS:a "@eq 1" "id:2,phase:1,nolog,pass,ctl:ruleRemoveById=0-3"
SecRule TX:level "@lt 2" "id:3,phase:1,nolog,pass,skipAfter:END"
SecRule ARGS:b "@rx evil" "id:4,phase:1,deny,log"
SecMarker END`, "", []visit{{path: "/?a=1&b=evil"}, {path: "/?a=0&b=evil"}}},
	{"ATransformedMatchedVarIsRememberedFromAnotherChain", `
SecRule ARGS:a "@rx ." "id:1,phase:1,log,pass,chain"
  SecRule MATCHED_VAR "@rx evil" "t:lowercase,chain"
  SecRule ARGS:z "@eq 1"
SecRule ARGS:b "@rx ." "id:2,phase:1,deny,log,chain"
  SecRule MATCHED_VAR "@rx evil" "t:lowercase"`, "", []visit{{path: "/?a=good&b=evil"}, {path: "/?a=evil&b=good"}}},
	{"AConditionalJumpLeavesASettingOut", `
SecRule ARGS:a "@eq 1" "id:1,phase:1,nolog,pass,skipAfter:X"
SecAction "id:2,phase:1,nolog,pass,setvar:tx.limit=5"
SecMarker X
SecRule ARGS:n "@gt %{tx.limit}" "id:3,phase:1,deny,log"`, "", []visit{{path: "/?a=1&n=3"}, {path: "/?a=0&n=3"}}},
	{"WhatIsDecodedBehindMissingBlanksMayHaveSome", `
SecDataset spaced ` + "`\ndrop table\n`" + `
SecRule ARGS:a "@pmFromDataset spaced" "id:1,phase:1,deny,log,t:removeWhitespace,t:urlDecodeUni"
SecRule ARGS:b "@contains drop table" "id:2,phase:1,deny,log,t:removeWhitespace,t:urlDecodeUni"
SecRule ARGS:c "!@pm droptable" "id:3,phase:1,deny,log,t:removeWhitespace,t:replaceComments"
SecRule ARGS:d "@pm drop" "id:4,phase:1,deny,log,t:removeWhitespace,t:lowercase"
SecRule ARGS:d "@rx (?:)" "id:5,phase:2,deny,log,t:removeWhitespace,t:htmlEntityDecode,chain"
  SecRule ARGS:d "@contains p t" "t:removeWhitespace,t:htmlEntityDecode"`, "", []visit{
		{path: "/?a=x+drop%2520table"}, {path: "/?b=x+drop%2520table"}, {path: "/?b=x+drop%2520tabel"}, {path: "/?c=x+drop/**/table"}, {path: "/?c=x+droptable"},
		{path: "/?d=x+DR+OP"}, {path: "/?d=x+y%0bdr%09op"}, {path: "/?d=u+p%26%2332;t"}}},
	{"AHeadThatShapesParsingSetsWhatAnotherRuleReads", `
SecRule ARGS:a "@rx evil" "id:1,phase:1,pass,nolog,setvar:tx.a=evil,ctl:requestBodyProcessor=JSON,chain"
  SecRule ARGS:a "@eq 7"
SecRule TX:a "@streq evil" "id:2,phase:2,deny,log"`, "", get("a=evil")},
	{"AScoreThatOnlyAHeadAddsToIsTold", `
SecRule ARGS:a "@rx ok" "id:1,phase:1,pass,nolog,setvar:tx.my_score=+2,chain"
  SecRule ARGS:a "@eq 1"
SecRule ARGS:a "@rx (ok)" "id:2,phase:1,pass,nolog,capture,setvar:'tx.%{tx.1}_score=3',chain"
  SecRule ARGS:a "@eq 1"
SecRule ARGS:b "@rx evil" "id:3,phase:1,deny,log"`, "", get("a=ok&b=evil")},
	{"AChainLooksAtWhatItsHeadCaptured", `
SecRule REQUEST_HEADERS:Referer "@rx ^([^#]+)" "id:1,phase:1,deny,log,capture,t:lowercase,setvar:'tx.1_of=%{MATCHED_VAR_NAME}',chain"
  SecRule TX:0 "@rx ^[^?]+\?(.*evil)" "capture,t:none,chain"
  SecRule TX:1 "@rx \s" "t:none"
SecRule ARGS:a "@rx ^(x)?(y)?" "id:2,phase:1,pass,log,capture,chain"
  SecRule TX:2 "!@streq y" "t:uppercase,chain"
  SecRule TX:1 "@streq x"
SecAction "id:3,phase:1,nolog,pass,setvar:tx.limit=7"
SecRule ARGS:b "@rx \d" "id:4,phase:1,log,pass,capture,chain"
  SecRule TX:0 "@streq %{tx.limit}"`, "", []visit{
		{headers: []string{"referer", "http://a/?an evil"}}, {headers: []string{"referer", "http://a/?an EVIL"}}, {headers: []string{"referer", "http://a/?anevil"}},
		{headers: []string{"referer", "http://a/#?an evil"}}, {headers: []string{"referer", "b?an evil", "referer", "b"}}, {headers: []string{"referer", "b", "referer", "b?an evil"}},
		{path: "/?a=x"}, {path: "/?a=xy"}, {path: "/?a=y"}, {path: "/?a=x&a=xy"}, {path: "/?b=67"}, {path: "/?b=7&b=6"}, {path: "/?b=6&b=7"}}},
	{"AChainLooksAtAGroupThatItsHeadDoesNotHave", `
SecRule ARGS:a "@rx (.)(.)" "id:1,phase:1,nolog,pass,capture"
SecRule ARGS:b "@rx (.)" "id:2,phase:1,deny,log,capture,chain"
  SecRule TX:2 "@streq l"
SecRule ARGS:c "@rx (.)(.)(.)(.)(.)(.)(.)(.)(.)" "id:3,phase:1,log,pass,capture,chain"
  SecRule TX:9 "@streq ''"`, "", []visit{{path: "/?a=il&b=x"}, {path: "/?b=x"}, {path: "/?c=123456789"}}},
	{"AChainLooksAtWhatItsHeadCapturedAndThenSet", `
SecRule ARGS:a "@rx (.+)" "id:1,phase:1,log,pass,capture,setvar:tx.1=evil,chain"
  SecRule TX:1 "@streq evil"`, "", get("a=b")},
	{"ATaintedActionSetsWhatIsCompared", `
SecAction "id:1,phase:1,nolog,pass,setvar:tx.h=%{REQUEST_HEADERS.x-h},setvar:tx.copy=%{tx.h}"
SecRule TX:copy "@streq evil" "id:2,phase:1,deny,log"
SecRule ARGS:n "@streq %{tx.copy}" "id:3,phase:1,log,pass"`, "", []visit{{path: "/?n=b", headers: []string{"x-h", "evil"}}, {path: "/?n=b", headers: []string{"x-h", "b"}}}},
}

func TestTheScreenChangesNothing(t *testing.T) {
	for _, c := range slices.Concat(sameCases, sameBodies, sameSets) {
		t.Run(c.name, func(t *testing.T) {
			on, off := screenPair(t, sameBase+c.rules, c.more)
			for _, x := range c.exchanges {
				assert.Equal(t, told(off, x), told(on, x), "%+v", x)
			}
		})
	}
}
