package lint

import (
	"strings"

	"github.com/seawall-waf/seawall/filter/screen"
	"github.com/seawall-waf/seawall/rules"
)

// engine: what stands last decides. DetectionOnly is how a roll-out begins, so it
// is a note; Off guards nothing.
func (s *ruleSet) engine() {
	d, written := s.last("SecRuleEngine")
	if !written {
		return // Coraza's default is On
	}
	if embedded(d.File) {
		d.File, d.Line = "", 1
	}
	switch strings.ToLower(argumentOf(d)) {
	case "detectiononly":
		s.report("engine-off", Note, d.File, d.Line, "write SecRuleEngine On behind the last Include, when the events look right",
			"the policy only detects: SecRuleEngine DetectionOnly blocks nothing")
	case "off":
		s.report("engine-off", Warning, d.File, d.Line, "write SecRuleEngine On, or disabled: true on the routes that need no inspection",
			"the policy inspects nothing: SecRuleEngine Off")
	}
}

// idle are the directives that Coraza 3.8.1 reads and forgets: those that it calls
// unsupported (internal/seclang/directivesmap.gen.go), those whose documentation
// says that they have no effect, and SecRequestBodyNoFilesLimit, whose value no
// code reads (internal/corazawaf/waf.go).
var idle = func() map[string]bool {
	names := map[string]bool{}
	for name := range strings.FieldsSeq(`
		SecArgumentSeparator SecCookieFormat SecRuleUpdateTargetByMsg SecRuleScript SecRulePerfTime SecUnicodeMap SecTmpDir
		SecConnWriteStateLimit SecConnReadStateLimit SecPcreMatchLimitRecursion SecPcreMatchLimit SecHttpBlKey SecGsbLookupDb
		SecHashMethodPm SecHashMethodRx SecHashParam SecHashKey SecHashEngine SecConnEngine SecRequestBodyNoFilesLimit`) {
		names[strings.ToLower(name)] = true
	}
	return names
}()

func (s *ruleSet) idleDirectives() {
	for _, d := range s.directives {
		if !idle[strings.ToLower(nameOf(d))] {
			continue
		}
		fix := "remove it; nothing of it was in force"
		if strings.EqualFold(nameOf(d), "SecRuleUpdateTargetByMsg") {
			fix = "write SecRuleUpdateTargetById or SecRuleUpdateTargetByTag"
		}
		s.report("directive-without-effect", Warning, d.File, d.Line, fix, "Coraza accepts %s and does nothing with it", nameOf(d))
	}
}

// screened names the rules for whose sake the engine runs every time. Those of
// embedded files are a note: their user cannot change them.
func (s *ruleSet) screened() {
	if s.config.ScreenOff || s.doc.fragment {
		return
	}
	compiled := screen.Compile(s.directives, rules.FS())
	if compiled.Off != "" {
		s.report("screen-off", Warning, "", 1, "write it in another way, if the cost matters: seawall bench shows it",
			"nothing can be screened, and every rule runs for every request: %s", compiled.Off)
		return
	}
	for _, u := range compiled.Unscreened {
		level, file, line, where := Warning, u.File, u.Line, ""
		if embedded(file) {
			level, file, line, where = Note, "", 1, " ("+s.spell(u.File, u.Line)+")"
		}
		s.report("unscreened", level, file, line, "narrow the rule to what the screen can ask, or accept the cost: seawall bench shows it",
			"rule %d%s runs the engine on every request: %s", u.ID, where, u.Why)
	}
}
