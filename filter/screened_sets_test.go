package filter_test

// sameSets are rule sets in which a rule, or the head of a chain that does not match,
// sets what another rule reads; and values that transformations change in ways that a
// shortcut of the screen's might overlook.
var sameSets = []sameCase{
	{"BlanksMissingBehindBase64", `SecRule ARGS:a "@pm evil" "id:1,phase:1,deny,log,t:base64Decode,t:removeWhitespace"`, "", get("a=ZXYgaWw=")},
	{"BlanksMissingBehindHex", `SecRule ARGS:a "@contains evil" "id:1,phase:1,deny,log,t:hexDecode,t:removeWhitespace"`, "", get("a=657620696c")},
	{"BlanksBackByNulls", `SecRule ARGS:a "@contains union select" "id:1,phase:1,deny,log,t:removeWhitespace,t:replaceNulls"`, "", get("a=x+union%00select")},
	{"BlanksBackByCmdLine", `SecRule ARGS:a "@contains cat etc" "id:1,phase:1,deny,log,t:removeWhitespace,t:cmdLine"`, "", get("a=cat+,+etc")},
	{"TwoListsOfOneText", `
SecRule ARGS:a "@contains zzz" "id:1,phase:1,deny,log,t:removeWhitespace"
SecRule REQUEST_HEADERS "@contains zzz" "id:3,phase:1,deny,log"
SecRule REQUEST_HEADERS "@contains , without blanks" "id:2,phase:1,deny,log"`, "", []visit{{headers: []string{"x-a", "a, without blanks"}}}},
	{"ACaptureIsReadAndMakesAName", `
SecRule ARGS:a "@rx ^(.*)$" "id:1,phase:1,pass,nolog,capture,setvar:'tx.h_%{tx.1}=1',chain"
  SecRule TX:1 "@streq never"
SecRule TX:/^h_/ "@eq 1" "id:2,phase:1,deny,log"`, "", get("a=b")},
	{"AnImpossibleChainMakesAName", `
SecRule ARGS:a "@rx (.)" "id:1,phase:1,pass,nolog,capture,setvar:'tx.h_%{tx.1}=1',chain"
  SecRule TX:nobody "@streq x"
SecRule TX:/^h_/ "@eq 1" "id:2,phase:1,deny,log"`, "", get("a=b")},
	{"WhatShapesParsingMakesAName", `
SecRule ARGS:a "@rx (.)" "id:3,phase:1,pass,nolog,ctl:auditLogParts=+E,capture,setvar:'tx.h_%{tx.1}=1'"
SecRule TX:/^h_/ "@eq 1" "id:102,phase:2,deny,log"`, "", get("a=x")},
	{"AChainThatShapesParsingMakesAName", `
SecRule ARGS:a "@rx (.)" "id:3,phase:1,pass,log,ctl:auditLogParts=+E,capture,setvar:'tx.h_%{tx.1}=1',chain"
  SecRule ARGS:b "@streq never"
SecRule TX:/^h_/ "@eq 1" "id:102,phase:2,deny,log"`, "", get("a=x")},
	{"WhatOnlyTheFrontAsksMakesAName", `
SecDataset words ` + "`\nevil\n`" + `
SecRule ARGS:a "@pmFromDataset words" "id:3,phase:1,pass,nolog,capture,setvar:'tx.h_%{tx.0}=1'"
SecRule TX:/^h_/ "@eq 1" "id:102,phase:2,deny,log"`, "", get("a=evil")},
	{"AHeadThatOnlyTheFrontAsksSets", `
SecDataset words ` + "`\nevil\n`" + `
SecRule ARGS:a "@pmFromDataset words" "id:3,phase:1,pass,nolog,setvar:tx.h=1,chain"
  SecRule ARGS:b "@streq never"
SecRule TX:h "@eq 1" "id:102,phase:2,deny,log"`, "", get("a=evil")},
	{"AHeadThatOnlyTheFrontAsksCaptures", `
SecDataset words ` + "`\nevil\n`" + `
SecRule ARGS:a "@pmFromDataset words" "id:3,phase:1,pass,nolog,capture,chain"
  SecRule ARGS:b "@streq never"
SecRule TX:0 "@streq evil" "id:102,phase:2,deny,log"`, "", get("a=evil")},
	{"TheProcessorIsReadBeforeItChangesAgain", `
SecRule REQUEST_HEADERS:Content-Type "json" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQBODY_PROCESSOR "@streq JSON" "id:2,phase:1,pass,nolog,skipAfter:X"
SecAction "id:3,phase:1,pass,nolog,setvar:tx.limit=5"
SecMarker X
SecRule REQUEST_HEADERS:X-A "@streq 1" "id:4,phase:1,pass,nolog,ctl:requestBodyProcessor=URLENCODED"
SecRule &TX:limit "@eq 0" "id:5,phase:1,deny,log"`, "", []visit{{headers: []string{"content-type", "application/json", "x-a", "1"}, body: "{}"}}},
}
