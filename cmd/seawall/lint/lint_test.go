package lint

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// codes are the findings as "line code level".
func codes(found []Finding) (all []string) {
	for _, f := range found {
		all = append(all, fmt.Sprintf("%d %s %s", f.Line, f.Code, f.Level))
	}
	return all
}

// lints checks directives from line 2 on of a document.
func lints(directives ...string) []Finding {
	var b strings.Builder
	b.WriteString("directives: |\n")
	for _, line := range directives {
		b.WriteString("  " + line + "\n")
	}
	return Document("seawall.yaml", []byte(b.String()))
}

const (
	def = "Include @seawall.conf"
	// few is enough for most cases, and compiles a hundred times faster.
	few      = "Include few.conf"
	fewRules = `SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecRule ARGS|REQUEST_COOKIES "@rx evil" "id:942100,phase:2,deny,msg:'SQL Injection Attack',tag:'attack-sqli'"
SecRule ARGS|RESPONSE_BODY "@rx more" "id:941100,phase:4,deny,msg:'XSS Attack',tag:'attack-xss'"
SecAction "id:900990,phase:1,pass,nolog"
`
)

// Each case that finds something has its counterpart that finds nothing.
func TestLints(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("few.conf", []byte(fewRules), 0o600))
	for _, tc := range []struct {
		name       string
		directives []string
		want       string // the findings, line, code and level
		says       string // the first of them
	}{
		{"TheDefaultIsFine", []string{def}, "", ""},
		{"SecondDefaultActionAtTheEnd", []string{def, `SecDefaultAction "phase:2,log,deny"`}, "3 default-action-twice warning", "first at @crs-setup.conf.example:"},
		{"OneDefaultActionForEachPhase", []string{`SecDefaultAction "phase:3,log,deny"`, `SecDefaultAction "phase:4,log,deny"`, def}, "", ""},

		{"RemovalBeforeTheRule", []string{"SecRuleRemoveById 942100", few}, "2 exclusion-before-rule warning", "names rule 942100 before there is any"},
		{"RemovalByTagBeforeTheRules", []string{"SecRuleRemoveByTag attack-sqli", few}, "2 exclusion-before-rule warning", `the tag "attack-sqli"`},
		{"RemovalBehindTheRule", []string{few, "SecRuleRemoveById 942100"}, "", ""},
		{"RangeAroundIt", []string{few, "SecRuleRemoveById 942000-942999 941100"}, "", ""},
		{"RangeOfNothing", []string{few, "SecRuleRemoveById 800000-800999"}, "3 exclusion-unknown warning", "the rules 800000 to 800999"},
		{"RemovalOfNothing", []string{few, "SecRuleRemoveById 999999"}, "3 exclusion-unknown warning", "rule 999999"},
		{"OneOfTwoIsUnknown", []string{few, "SecRuleRemoveById 942100 942109"}, "3 exclusion-unknown warning", "rule 942109"},
		{"UnknownTag", []string{few, "SecRuleRemoveByTag attack-sql"}, "3 exclusion-unknown warning", `the tag "attack-sql"`},
		{"TagOfATargetUpdate", []string{def, `SecRuleUpdateTargetByTag attack-sqly "!ARGS:q"`}, "3 exclusion-unknown warning", "attack-sqly"},
		{"KnownTag", []string{few, "SecRuleRemoveByTag attack-sqli"}, "", ""},
		{"UnknownMessage", []string{`SecAction "id:100001,phase:1,pass,nolog,msg:'SQL Injection Attack'"`, `SecRuleRemoveByMsg "SQL Injection"`},
			"3 exclusion-unknown warning", `the message "SQL Injection"`},
		{"RemovalByMessageBesideARuleWithout", []string{few, `SecRuleRemoveByMsg "SQL Injection"`}, "3 seclang error", "panicked"},
		{"TargetUpdate", []string{def, `SecRuleUpdateTargetById 942100 "!ARGS:q"`}, "", ""},
		{"TargetUpdateWithoutEffect", []string{few, `SecRuleUpdateTargetById 942100 "!REQUEST_BODY"`}, "3 exclusion-without-effect warning", "takes REQUEST_BODY from rule 942100"},

		{"RuntimeExclusion", []string{`SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,ctl:ruleRemoveTargetById=942100;ARGS:q"`, def}, "", ""},
		{"RuntimeExclusionOfALaterPhase", []string{few, `SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,ctl:ruleRemoveById=942100"`}, "", ""},
		{"RuntimeExclusionTooLate", []string{few, `SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:2,pass,nolog,ctl:ruleRemoveById=942100"`},
			"3 exclusion-too-late warning", "has run by then"},
		{"RuntimeExclusionOfNothing", []string{`SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,ctl:ruleRemoveById=942109"`, few},
			"2 exclusion-unknown warning", "ctl:ruleRemoveById names rule 942109"},
		{"RuntimeExclusionOfTwo", []string{`SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,ctl:'ruleRemoveById=942100,942101'"`, few},
			"2 exclusion-unknown warning", "names no ID"},
		{"RuntimeTagOfNothing", []string{`SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,ctl:ruleRemoveTargetByTag=attack-sqly;ARGS:q"`, few},
			"2 exclusion-unknown warning", "attack-sqly"},
		{"RuntimeTargetWithoutEffect", []string{`SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,ctl:ruleRemoveTargetById=942100;REQUEST_BODY"`, few},
			"2 exclusion-without-effect warning", "ctl:ruleRemoveTargetById takes REQUEST_BODY"},

		{"SettingBehindCRS", []string{def, `SecAction "id:100001,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=2"`}, "3 setup-after-crs warning", "tx.blocking_paranoia_level"},
		{"SettingBeforeCRS", []string{`SecAction "id:100001,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=2"`, def}, "", ""},
		{"VariableOfOnesOwnBehindCRS", []string{def, `SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,setvar:tx.mine=2"`}, "", ""},
		{"CRSWithoutItsSetup", []string{"Include @recommended.conf", "SecRuleEngine On", "Include @owasp_crs/*.conf"}, "2 screen-off warning, 4 setup-missing warning", "nothing can be screened"},

		{"SkipToNowhere", []string{few, `SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,skipAfter:END"`}, "3 skip-to-nowhere warning", "no SecMarker of that name"},
		{"SkipBackwards", []string{few, "SecMarker END", `SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,skipAfter:END"`}, "4 skip-to-nowhere warning", "before the rule"},
		{"SkipForwards", []string{few, `SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,skipAfter:END"`, "SecMarker END"}, "", ""},

		{"BlockThatIsPass", []string{few, `SecRule ARGS:q "@rx evil" "id:100001,phase:2,block,msg:'x'"`}, "3 block-without-effect warning", "blocks nothing"},
		{"BlockThatNobodyExplains", []string{`SecRule ARGS:q "@rx evil" "id:100001,phase:1,block,msg:'x'"`}, "2 block-without-effect warning", "blocks nothing"},
		{"BlockThatIsDeny", []string{`SecDefaultAction "phase:1,deny,log"`, `SecRule ARGS:q "@rx evil" "id:100001,phase:1,block,msg:'x'"`}, "", ""},
		{"BlockThatCounts", []string{few, `SecRule ARGS:q "@rx evil" "id:100001,phase:2,block,msg:'x',setvar:'tx.inbound_anomaly_score_pl1=+5'"`}, "", ""},
		{"DenyAtTheEnd", []string{`SecRule ARGS:q "@rx evil" "id:100001,phase:5,deny,msg:'x'"`}, "2 block-without-effect warning", "phase 5"},

		{"OnlyDetects", []string{def, "SecRuleEngine DetectionOnly"}, "3 engine-off note", "blocks nothing"},
		{"Off", []string{def, "SecRuleEngine Off"}, "3 engine-off warning", "inspects nothing"},

		{"RequestBodiesUnread", []string{def, "SecRequestBodyAccess Off"}, "3 body-access-off warning", "(200002, 200003, 9000002, 9000003, 920120, ...) look at request bodies"},
		{"ResponseBodiesUnread", []string{few, "SecResponseBodyAccess Off"}, "3 body-access-off warning", "1 rule of the policy (941100) looks at response bodies"},
		{"BodiesUnreadByDefault", []string{"SecRuleEngine On", `SecRule REQUEST_BODY "@rx x" "id:100001,phase:2,deny"`}, "3 body-access-off warning", "1 rule of the policy (100001) looks at request bodies and will see none"},
		{"BodiesReadWhereARuleSaysSo", []string{`SecRule REQUEST_URI "@beginsWith /a" "id:100001,phase:1,pass,nolog,ctl:requestBodyAccess=On"`,
			`SecRule REQUEST_BODY "@rx x" "id:100002,phase:2,deny"`}, "", ""},
		{"NobodyLooksAtBodies", []string{`SecRule ARGS "@rx x" "id:100001,phase:1,deny"`}, "", ""},

		{"DirectiveWithoutEffect", []string{few, "SecPcreMatchLimit 1000"}, "3 directive-without-effect warning", "SecPcreMatchLimit"},
		{"LimitThatNothingReads", []string{few, "SecRequestBodyNoFilesLimit 131072"}, "3 directive-without-effect warning", "SecRequestBodyNoFilesLimit"},

		{"RuleForEveryRequest", []string{def, `SecAction "id:100001,phase:1,pass,log,msg:'seen'"`}, "3 unscreened warning", "rule 100001 runs the engine on every request: it matches every exchange"},
		{"RuleThatTheScreenAsks", []string{few, `SecRule ARGS:q "@rx evil" "id:100001,phase:2,deny,msg:'seen'"`}, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found := lints(tc.directives...)
			if assert.Equal(t, tc.want, strings.Join(codes(found), ", "), "%v", found) && tc.want != "" {
				assert.Contains(t, found[0].what(), tc.says)
				assert.NotEmpty(t, found[0].Fix)
			}
		})
	}
}

func TestLimitsOfTheConfigItself(t *testing.T) {
	assert.Equal(t, []string{"1 limit-defeated warning"}, codes(Document("x.yaml", []byte("held_bytes_budget: 1MiB\n"))))
	assert.Empty(t, Document("x.yaml", []byte("held_bytes_budget: 64MiB\n")))
}

func TestWhatIsNotInspectedNeedsNoBodies(t *testing.T) {
	assert.Empty(t, Document("x.yaml", []byte("inspect: request\ndirectives: |\n  Include @seawall.conf\n  SecResponseBodyAccess Off\n")))
	assert.Empty(t, Document("x.yaml", []byte("disabled: true\n")))
	const ofPhase3 = "directives: |\n  Include @seawall.conf\n  SecRule RESPONSE_STATUS \"@streq 500\" \"id:100001,phase:3,deny\"\n"
	assert.Empty(t, Document("x.yaml", []byte(ofPhase3)))
	assert.Equal(t, []string{"3 rule-never-runs warning"}, codes(Document("x.yaml", []byte(ofPhase3+"inspect: request\n"))))
}

func TestADocumentOfAPeerIsCheckedAsItIs(t *testing.T) {
	assert.Equal(t, []string{"3 exclusion-unknown warning"}, codes(Document("wasm.json", []byte(`{
  "directives_map": {"default": ["Include @recommended-conf", "SecRuleEngine On", "Include @crs-setup-conf", "Include @owasp_crs/*.conf",
    "SecRuleRemoveById 942109"]},
  "default_directives": "default"
}`))))
}

func TestALineOfSeveralSnippetsIsTheFiles(t *testing.T) {
	found := Document("x.yaml", []byte(`policies:
  a:
    directives:
    - Include @seawall.conf
    - |
      # second

      SecRuleRemoveById 1
    - "SecMarker a\nSecRuleRemoveById 2"
`))
	assert.Equal(t, []string{"8 exclusion-unknown warning", "9 exclusion-unknown warning"}, codes(found))
	assert.Equal(t, "policies.a.directives[1]", found[0].Key)
}

func TestDirectivesToIncludeFindTheDefaultRules(t *testing.T) {
	const lines = "# what seawall tune wrote\nSecRuleUpdateTargetById 942100 \"!ARGS:q\"\nSecRuleRemoveById 942999\n" +
		"SecRule REQUEST_URI \"@beginsWith /a\" \"id:100001,phase:2,pass,nolog,ctl:ruleRemoveById=942100\"\n"
	assert.True(t, IsSecLang([]byte(lines)))
	assert.Equal(t, []string{"3 exclusion-unknown warning"}, codes(SecLang("tuned.conf", []byte(lines))))
	// With an engine of their own, they are a whole rule set.
	assert.Equal(t, []string{"2 exclusion-unknown warning"}, codes(SecLang("own.conf", []byte("SecRuleEngine On\nSecRuleRemoveById 942100\n"))))
	assert.Equal(t, []string{"2 seclang error"}, codes(SecLang("own.conf", []byte("SecRuleEngine On\nSecRulee\n"))))
	assert.Equal(t, []string{"1 seclang error"}, codes(SecLang("own.conf", []byte("SecRulee x\n"))))
	// A setup of one's own, meant to stand before the rules.
	assert.Empty(t, SecLang("crs-setup.conf", []byte("SecDefaultAction \"phase:1,log,pass\"\nSecAction \"id:900990,phase:1,pass,nolog,setvar:tx.crs_setup_version=4250\"\n")))
	assert.Empty(t, SecLang("level.conf", []byte("SecAction \"id:100001,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=2\"\n")))
	assert.False(t, IsSecLang([]byte("directives: |\n  SecRuleEngine On\n")))
}

func TestCheckingLeavesNoLogBehind(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("kept.log", nil, 0o600))
	assert.Empty(t, lints("SecAuditEngine On", "SecAuditLog audit.log", "SecDebugLog debug.log", "SecDebugLogLevel 1"))
	assert.NoFileExists(t, "audit.log")
	assert.NoFileExists(t, "debug.log")
	assert.Empty(t, lints("SecAuditEngine On", "SecAuditLog kept.log"))
	assert.FileExists(t, "kept.log")
}

func TestCheckingNeitherWritesALogNorConnectsToItsServer(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("debug.log", []byte("kept\n"), 0o600))
	assert.Equal(t, []string{"2 screen-off warning"}, codes(lints("SecDebugLog debug.log", "SecDebugLogLevel 9")))
	log, err := os.ReadFile("debug.log")
	require.NoError(t, err)
	assert.Equal(t, "kept\n", string(log))
	// Whoever connects there is refused.
	assert.Empty(t, lints("SecAuditEngine On", "SecAuditLogType Syslog", "SecAuditLog tcp://127.0.0.1:1"))
}

func TestALogThatCannotBeMadeIsAFaultAtItsLine(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Symlink("missing/new.log", "dangling"))
	require.NoError(t, os.Symlink("new.log", "makes"))
	for _, directive := range []string{"SecDebugLog missing/debug.log", "SecAuditLog missing/audit.log", "SecAuditLog dangling"} {
		assert.Equal(t, []string{"2 seclang error"}, codes(lints(directive)), directive)
	}
	assert.Empty(t, lints("SecAuditLog makes"))
	assert.NoFileExists(t, "new.log")
}
