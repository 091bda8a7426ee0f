package filter_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seawall-waf/seawall/filter"
)

// FuzzScreen reads bytes as a small rule set and three exchanges, and holds what
// anybody sees with the screen against what the engine alone shows. Any bytes are
// some; choices are taken modulo.
func FuzzScreen(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2)) // not time: a seed that fails once fails always
	for range 40 {
		seed := make([]byte, 220)
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tape := &tape{left: data}
		rules := scriptRules(tape)
		on, err := screenEngine(rules, "on")
		if err != nil {
			return // Coraza refuses it
		}
		off, err := screenEngine(rules, "off")
		if err != nil {
			t.Fatalf("refused with the screen off alone: %v", err)
		}
		for range 3 {
			x := scriptVisit(tape)
			if alone, screened, differ := differs(on, off, x); differ {
				t.Fatalf("%s\n%+v\nengine alone:\n%s\nwith the screen:\n%s", rules, x, alone, screened)
			}
		}
	})
}

// differs reports whether the screen shows what the engine alone never does: where
// collections are maps, Coraza itself does not always show the same.
func differs(on, off *filter.Engine, x visit) (alone, screened string, differ bool) {
	alone, screened = told(off, x), told(on, x)
	for range 500 {
		if alone == screened {
			return alone, screened, false
		}
		alone = told(off, x)
	}
	return alone, screened, true
}

func screenEngine(rules, screen string) (*filter.Engine, error) {
	c, err := filter.ParseConfig(fmt.Appendf(nil, "directives: %q\nscreen: %s\n", rules, screen))
	if err != nil {
		return nil, err
	}
	return filter.NewEngine(c)
}

func pick(t *tape, from []string) string { return from[int(t.next())%len(from)] }

// some is a choice that is mostly nothing.
func some(t *tape, from []string) string {
	n := int(t.next())
	if n%3 != 0 {
		return ""
	}
	return from[n/3%len(from)]
}

// mostly chooses from the first few, which the screen knows well, three times of four:
// where one rule sends every exchange to the engine, the others are not asked.
func mostly(t *tape, from []string, first int) string {
	n := int(t.next())
	if n%4 != 0 {
		from = from[:first]
	}
	return from[n/4%len(from)]
}

var (
	ruleEngines  = []string{"On", "On", "On", "DetectionOnly"}
	ruleSettings = []string{"", "SecRequestBodyLimit 40\nSecRequestBodyInMemoryLimit 20\nSecRequestBodyLimitAction ProcessPartial\n",
		"SecRequestBodyLimit 40\nSecRequestBodyInMemoryLimit 20\nSecRequestBodyLimitAction Reject\n",
		"SecRequestBodyAccess Off\n", "SecResponseBodyLimit 20\nSecResponseBodyLimitAction ProcessPartial\n",
		"SecResponseBodyLimit 20\nSecResponseBodyLimitAction Reject\n", "SecArgumentsLimit 2\n",
		"SecAuditEngine On\nSecAuditLogType screenTest\nSecAuditLogParts ABCEFHKZ\n",
		"SecAuditEngine RelevantOnly\nSecAuditLogType screenTest\nSecAuditLogRelevantStatus \"^40\"\nSecAuditLogParts ABHKZ\n",
		"SecDefaultAction \"phase:1,log,auditlog,deny,status:418\"\n", "SecDefaultAction \"phase:2,nolog,noauditlog,pass\"\n"}
	ruleVariables = []string{"ARGS", "ARGS:a", "ARGS:A", "ARGS:/^a/", "ARGS|!ARGS:a", "ARGS|!ARGS:/^A/", "ARGS_GET:b", "ARGS_POST", "ARGS_NAMES", "&ARGS",
		"&ARGS:a", "&ARGS|!ARGS:a", "REQUEST_HEADERS:X-A", "REQUEST_HEADERS|!REQUEST_HEADERS:x-a", "REQUEST_HEADERS:/^x-/",
		"REQUEST_HEADERS_NAMES", "&REQUEST_HEADERS:X-A", "REQUEST_COOKIES", "REQUEST_COOKIES:a", "REQUEST_BODY", "REQUEST_METHOD", "REQUEST_URI",
		"QUERY_STRING", "REQUEST_BASENAME", "ARGS_COMBINED_SIZE", "REQBODY_PROCESSOR", "REQBODY_ERROR", "XML:/*", "FILES", "MULTIPART_PART_HEADERS",
		"TX:a", "TX:b", "TX:/^[ab]/", "&TX:a", "&TX:/^[ab]/", "TX:1", "TX:0", "TX:/./", "MATCHED_VAR", "MATCHED_VARS", "MATCHED_VAR_NAME",
		"HIGHEST_SEVERITY", "RULE:msg", "RESPONSE_BODY", "RESPONSE_HEADERS:X-A", "RESPONSE_STATUS", "RES_BODY_PROCESSOR", "ARGS:a|TX:b", "TX:a|REQUEST_HEADERS:X-A",
		"ARGS_PATH", "INBOUND_DATA_ERROR", "ARGS|REQUEST_COOKIES|XML:/*", "REQUEST_LINE"}
	ruleOperators = []string{"@rx evil", "@rx ^(\\w)(\\w*)$", "!@rx ^x*$", "@contains evil", "@streq evil", "@eq 1", "@pm evil ok", "@rx .", "!@contains a", "@streq %{tx.a}",
		"!@eq 1", "@eq 0", "@gt 0", "@ge %{tx.b}", "@lt %{tx.a}", "!@pm evil", "@within evil ok %{tx.a}", "!@within evil", "@endsWith l",
		"@beginsWith %{MATCHED_VAR}", "@validateByteRange 32-126", "@detectSQLi", "@unconditionalMatch", "@noMatch", "@pmFromDataset words",
		"@validateUrlEncoding", "@validateUtf8Encoding", "@rx (?i)^json", "@restpath /p/{a}", "@rx ^$", "@streq %{REQUEST_HEADERS.x-a}", "@rx (e)(v)?(il)?",
		"@contains ev il", "@strmatch EVIL", "@rx [e<]v", "!@rx \\.", "!@contains ev il"}
	ruleCaptures   = []string{"TX:0", "TX:1", "TX:2", "TX:9", "&TX:1"}
	ruleTransforms = []string{"t:none,t:lowercase", "t:urlDecodeUni", "t:length", "t:base64Decode", "t:hexEncode", "t:lowercase,t:compressWhitespace",
		"t:sha1,t:hexEncode", "t:removeNulls", "multiMatch,t:lowercase,t:urlDecodeUni", "multiMatch,t:trim", "t:none",
		"t:removeWhitespace,t:lowercase", "t:removeWhitespace,t:urlDecodeUni", "t:urlDecodeUni,t:removeWhitespace", "t:cmdLine", "t:normalizePathWin", "t:replaceComments,t:removeWhitespace"}
	ruleFates  = []string{"pass", "pass", "pass", "pass", "deny", "block", "drop", "allow", "allow:phase", "allow:request", "redirect:/x"}
	ruleLogs   = []string{"nolog", "nolog", "nolog", "log", "log", "log", "log,msg:'m %{MATCHED_VAR_NAME} %{tx.a} %{TX.1}'", "nolog,auditlog", "log,noauditlog,logdata:'%{MATCHED_VAR} %{RULE.msg}'", "log,msg:'h %{HIGHEST_SEVERITY}'"}
	ruleExtras = []string{"", "", "capture", "capture,setvar:'tx.a=%{tx.1}'", "setvar:tx.a=1", "setvar:tx.b=+1", "setvar:tx.a=evil", "setvar:!tx.a=1", "setvar:'tx.%{MATCHED_VAR}=ok'",
		"capture,setvar:'tx.a%{tx.1}=%{tx.2}'", "setvar:'tx.b=%{tx.a}'", "setvar:'tx.a=%{REQUEST_HEADERS.x-a}'", "severity:2", "setvar:'tx.my_score=+%{tx.b}'",
		"ctl:ruleRemoveById=%d", "ctl:ruleRemoveTargetById=%d;ARGS:a", "ctl:ruleRemoveTargetById=%d;ARGS", "ctl:ruleRemoveTargetById=%d;TX:a", "ctl:ruleRemoveByTag=t",
		"ctl:ruleRemoveTargetByTag=t;REQUEST_HEADERS", "ctl:ruleRemoveById=1-%d", "ctl:requestBodyProcessor=JSON", "ctl:requestBodyProcessor=XML", "ctl:requestBodyProcessor=URLENCODED",
		"ctl:forceRequestBodyVariable=On", "ctl:requestBodyAccess=Off", "ctl:requestBodyAccess=On", "ctl:requestBodyLimit=10", "ctl:ruleEngine=DetectionOnly", "ctl:ruleEngine=Off",
		"ctl:ruleEngine=On", "ctl:auditEngine=Off", "ctl:auditLogParts=+E", "ctl:responseBodyAccess=Off", "ctl:responseBodyProcessor=JSON", "tag:t", "tag:t,severity:4"}
	ruleSets    = []string{"setvar:tx.a=1", "setvar:tx.b=2", "setvar:tx.a=evil", "setvar:tx.b=0,setvar:tx.a=ok"}
	ruleGates   = []string{"@eq 1", "@lt 2", "@ge 2", "@streq evil"}
	ruleFlows   = []string{"skip:1", "skip:2", "skipAfter:M", "skipAfter:M", "skipAfter:NONE"}
	ruleChanges = []string{"SecRuleRemoveById %d\n", "SecRuleUpdateTargetById %d \"!ARGS:a\"\n", "SecRuleUpdateTargetById %d \"REQUEST_HEADERS:X-A\"\n", "SecRuleRemoveByTag t\n",
		"SecRuleUpdateTargetByTag t \"!REQUEST_HEADERS\"\n", "SecRuleUpdateActionById %d \"deny\"\n", "SecRuleUpdateActionById %d \"nolog\"\n", "SecMarker M\n", "SecMarker M\n", "SecMarker M\n"}
)

// scriptRules reads a rule set.
func scriptRules(t *tape) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SecRequestBodyAccess On\nSecResponseBodyAccess On\nSecResponseBodyMimeType text/plain application/json\nSecDataset words `\nevil\nword\n`\nSecRuleEngine %s\n",
		pick(t, ruleEngines))
	b.WriteString(some(t, ruleSettings))
	for id := 1; id <= 3+int(t.next())%5; id++ {
		switch n := t.next(); {
		case n%32 == 31:
			fmt.Fprintf(&b, "SecAction \"%s\"\n", scriptActions(t, id))
			continue
		case n%8 == 0: // a setting: the innocent world is made of those
			fmt.Fprintf(&b, "SecAction \"id:%d,phase:1,pass,nolog,%s\"\n", id, pick(t, ruleSets))
			continue
		case n%8 == 1:
			fmt.Fprintf(&b, "SecRule TX:%s \"%s\" \"id:%d,phase:%d,pass,nolog,%s\"\n", pick(t, []string{"a", "b"}), pick(t, ruleGates), id,
				1+t.next()%2, pick(t, []string{"skipAfter:M", "setvar:tx.b=2"}))
			continue
		}
		links := max(0, int(t.next())%5-2)
		actions, captures := scriptActions(t, id), false
		for link := range links + 1 {
			if link > 0 {
				actions = strings.Trim(strings.Join([]string{some(t, ruleTransforms), filled(t, some(t, ruleExtras))}, ","), ",")
			}
			if link < links {
				actions = strings.Trim(actions+",chain", ",")
			}
			variable := mostly(t, ruleVariables, 28)
			if captures && t.next()%2 == 0 { // as the screen asks both links in one
				variable = pick(t, ruleCaptures)
			}
			captures = strings.Contains(actions, "capture")
			fmt.Fprintf(&b, "SecRule %s \"%s\" \"%s\"\n", variable, mostly(t, ruleOperators, 7), actions)
		}
		b.WriteString(filled(t, some(t, ruleChanges)))
	}
	return strings.ReplaceAll(b.String(), "\"\"\n", "\"t:none\"\n")
}

func scriptActions(t *tape, id int) string {
	phase := []int{1, 1, 1, 2, 2, 2, 3, 4, 5}[t.next()%9]
	actions := []string{fmt.Sprintf("id:%d,phase:%d", id, phase), pick(t, ruleFates), pick(t, ruleLogs)}
	for _, more := range []string{some(t, ruleTransforms), filled(t, mostly(t, ruleExtras, 19)), filled(t, some(t, ruleExtras)), some(t, ruleFlows)} {
		if more != "" {
			actions = append(actions, more)
		}
	}
	return strings.Join(actions, ",")
}

// filled names a rule where the text asks for one.
func filled(t *tape, text string) string {
	if strings.Contains(text, "%d") {
		return fmt.Sprintf(text, 1+int(t.next())%7)
	}
	return text
}

var (
	visitPaths   = []string{"/", "/?a=evil", "/?a=1", "/?a=1&b=evil", "/?A=ok&a=1", "/p/evil?b=0", "/?a=1&a=EVIL", "/?a=%65vil&ab=x%zz", "/?=1&b", "/a.evil?c=%00evil%ff", "/?a=ZXZpbA==", "/?a=1'+or+1=1--+", "/?a=E+v%09il&b=ev%2520il", "/?a=ev/**/il&b=%5cevil/."}
	visitHeaders = [][]string{{}, {"x-a", "evil"}, {"x-a", "1"}, {"X-A", "ok", "x-b", "x"}, {"cookie", "a=evil; b=1"}, {"cookie", "a=1; A=2"}, {"x-a", ""}, {"x-a", "json", "x-a", "evil"}, {"x-a", "b"}}
	visitTypes   = []string{formType, "application/json", "text/xml", "multipart/form-data; boundary=b", "", "text/plain; json"}
	visitBodies  = []string{"", "", "a=evil&b=1", `{"a":"evil","b":[1,{"a":2}]}`, "<a b='1'>evil</a>", "--b\r\ncontent-disposition: form-data; name=a; filename=evil\r\n\r\nevil\r\n--b--\r\n",
		"a=1&b=" + strings.Repeat("x", 40) + "&c=evil", `{"a":`, "a=1&a=1&a=evil", "a=%zz%00"}
	visitTrailers = [][]string{{"x-a", "evil"}, {"cookie", "a=evil"}}
	visitAnswers  = []string{"", "", "evil", "ok", `{"a":"evil"}`, strings.Repeat("y", 19), strings.Repeat("y", 20) + "evil"}
)

// scriptVisit reads an exchange.
func scriptVisit(t *tape) visit {
	x := visit{path: pick(t, visitPaths), body: pick(t, visitBodies), status: []int{200, 200, 404, 0}[t.next()%4]}
	x.headers = append([]string{"content-type", pick(t, visitTypes)}, visitHeaders[int(t.next())%len(visitHeaders)]...)
	if n := int(t.next()); n%4 == 0 {
		x.trailers = visitTrailers[n/4%len(visitTrailers)]
	} else if n%4 == 1 {
		x.requestUnfinished = x.body != "" && n/4%8 == 0
	}
	x.answer = append([]string{"content-type", []string{"text/plain", "application/json", "image/png"}[t.next()%3]}, visitHeaders[int(t.next())%len(visitHeaders)]...)
	x.answerBody = pick(t, visitAnswers)
	return x
}
