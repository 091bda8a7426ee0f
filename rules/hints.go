package rules

import (
	"fmt"
	"regexp"
	"strings"
)

// fault is Coraza's error in our words.
type fault struct {
	message string
	cause   error
}

func (f fault) Error() string { return f.message }
func (f fault) Unwrap() error { return f.cause }

// parserNoise stands before the cause in Coraza's errors, once for each file on
// the way.
var parserNoise = regexp.MustCompile(`^(?:invalid WAF config from string: |failed to parse string: |failed to compile the directive "\w+": )+`)

var (
	duplicateID      = regexp.MustCompile(`duplicated rule id (\d+)`)
	duplicateDefault = regexp.MustCompile(`(?s)SecDefaultAction already defined for this phase: (.*)`)
)

// diagnose explains why Coraza failed at the last of directives. all tells that
// it had evaluated every directive there is, so that the fault may lie in the
// whole and not in the last.
func diagnose(directives []Directive, all bool, cause error) error {
	message := parserNoise.ReplaceAllString(cause.Error(), "")
	if all && message == cause.Error() && !strings.Contains(message, "panicked") {
		return cause
	}
	at := directives[len(directives)-1]
	before := directives[:len(directives)-1]
	hint := ""
	switch {
	case strings.HasPrefix(message, "unknown directive"):
		message = fmt.Sprintf("unknown directive %q", at.name())
		hint = hintForUnknown(at)
	case duplicateID.MatchString(message):
		id := duplicateID.FindStringSubmatch(message)[1]
		uses := regexp.MustCompile(`\bid:\s*'?` + id + `\b`)
		for _, d := range before {
			if uses.MatchString(d.Text) {
				hint = fmt.Sprintf("rule %s already stands at %s", id, d.place())
				break
			}
		}
	case duplicateDefault.MatchString(message):
		// Coraza notices only when it parses the next rule.
		actions := duplicateDefault.FindStringSubmatch(message)[1]
		for _, d := range before {
			if d.is("SecDefaultAction") && strings.Contains(d.Text, actions) {
				at = d
			}
		}
		hint = "one for each phase; @crs-setup.conf brings those of phases 1 and 2"
	case strings.Contains(message, "error parsing regexp"):
		hint = "Coraza's expressions are Go's (RE2): no lookaround, no backreferences, no possessive quantifiers"
	case strings.Contains(message, "no such file") || strings.Contains(message, "file does not exist"):
		hint = "a data file is looked up beside the rule's file, then in the working directory"
	case strings.Contains(message, "expected terminating quote") || strings.Contains(message, "invalid actions for rule"):
		hint = `SecRule VARIABLES "OPERATOR" "ACTIONS"; write a quote inside as \"`
	}
	return &DirectiveError{File: at.File, Line: at.Line, Text: at.Text, Hint: hint, Err: fault{message, cause}}
}

func hintForUnknown(d Directive) string {
	name := d.name()
	switch {
	case strings.ContainsAny(name, "\t"):
		return "put a space, not a tab, behind a directive's name"
	case strings.HasPrefix(name, "<"):
		return "sections of Apache's configuration are not part of SecLang"
	}
	if nearest, distance := nearestDirective(name); distance <= 1+len(name)/4 {
		return "did you mean " + nearest + "?"
	}
	return ""
}

// directiveNames are the directives that Coraza 3.8.1 knows and that do
// something, as its documentation writes them.
var directiveNames = []string{
	"Include", "SecAction", "SecArgumentsLimit", "SecAuditEngine", "SecAuditLog", "SecAuditLogDirMode",
	"SecAuditLogFileMode", "SecAuditLogFormat", "SecAuditLogParts", "SecAuditLogRelevantStatus",
	"SecAuditLogStorageDir", "SecAuditLogType", "SecCollectionTimeout", "SecComponentSignature", "SecDataDir",
	"SecDataset", "SecDebugLog", "SecDebugLogLevel", "SecDefaultAction", "SecIgnoreRuleCompilationErrors",
	"SecMarker", "SecRequestBodyAccess", "SecRequestBodyInMemoryLimit", "SecRequestBodyJsonDepthLimit",
	"SecRequestBodyLimit", "SecRequestBodyLimitAction", "SecRequestBodyNoFilesLimit", "SecResponseBodyAccess",
	"SecResponseBodyJsonDepthLimit", "SecResponseBodyLimit", "SecResponseBodyLimitAction",
	"SecResponseBodyMimeType", "SecResponseBodyMimeTypesClear", "SecRule", "SecRuleEngine", "SecRuleRemoveById",
	"SecRuleRemoveByMsg", "SecRuleRemoveByTag", "SecRuleUpdateActionById", "SecRuleUpdateTargetById",
	"SecRuleUpdateTargetByTag", "SecRxPreFilter", "SecSensorId", "SecServerSignature", "SecUploadDir",
	"SecUploadFileLimit", "SecUploadFileMode", "SecUploadKeepFiles", "SecWebAppId",
}

// nearestDirective returns the known directive with the fewest edits from name.
func nearestDirective(name string) (nearest string, edits int) {
	edits = -1
	for _, known := range directiveNames {
		if d := EditDistance(strings.ToLower(name), strings.ToLower(known)); edits < 0 || d < edits {
			nearest, edits = known, d
		}
	}
	return nearest, edits
}

// EditDistance is Levenshtein's, over bytes: what a misspelt name is away from another.
func EditDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
