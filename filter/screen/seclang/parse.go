package seclang

import (
	"fmt"
	"strings"

	"github.com/seawall-waf/seawall/rules"
)

// Parse models directives as rules.Walk returned them for a text that Coraza
// accepted. On any other it gives some model, and never panics.
func Parse(directives []rules.Directive) *RuleSet {
	p := parser{set: &RuleSet{}, datasets: map[string][]string{}}
	for _, d := range directives {
		p.directive(d)
	}
	p.finish()
	return p.set
}

// A parser holds what a directive may change for those below it.
type parser struct {
	set      *RuleSet
	defaults []string // the arguments of SecDefaultAction so far
	datasets map[string][]string
}

func (p *parser) directive(d rules.Directive) {
	name, argument := cut(d.Text)
	switch name {
	case "include": // what it includes follows
	case "secrule", "secaction":
		p.rule(d, name == "secrule", argument)
	case "secmarker":
		p.set.Rules = append(p.set.Rules, &Rule{File: d.File, Line: d.Line, Text: d.Text, Marker: argument})
	case "secruleremovebyid", "secruleremovebytag", "secruleremovebymsg",
		"secruleupdatetargetbyid", "secruleupdatetargetbytag", "secruleupdateactionbyid":
		p.set.Changes = append(p.set.Changes, d)
		if err := p.change(name, argument); err != nil {
			p.doubt(d, err.Error())
		}
	default:
		p.set.Settings = append(p.set.Settings, d)
		p.setting(d, name, argument)
	}
}

func (p *parser) setting(d rules.Directive, name, argument string) {
	switch {
	case name == "secdefaultaction":
		p.defaults = append(p.defaults, argument)
	case name == "secdataset":
		p.dataset(argument)
	case name == "secignorerulecompilationerrors" && strings.EqualFold(argument, "on"):
		p.doubt(d, "the rules below it may be missing without an error")
	case !settings[name]:
		p.doubt(d, "a directive that Coraza 3.8.1 does not have")
	}
}

// doubt marks the whole set; the first reason stays.
func (p *parser) doubt(d rules.Directive, reason string) {
	if p.set.Unknown == "" {
		name, _, _ := strings.Cut(d.Text, " ")
		p.set.Unknown = fmt.Sprintf("%s (line %d): %s", name, d.Line, reason)
		if d.File != "" {
			p.set.Unknown = fmt.Sprintf("%s (%s:%d): %s", name, d.File, d.Line, reason)
		}
	}
}

// cut gives a directive's lower-case name and its argument as evaluateLine of
// Coraza's internal/seclang/parser.go does: quotes that enclose all of the
// argument are taken off, however many.
func cut(text string) (name, argument string) {
	name, argument, _ = strings.Cut(text, " ")
	if len(argument) >= 3 && argument[0] == '"' && argument[len(argument)-1] == '"' {
		argument = strings.Trim(argument, `"`)
	}
	return strings.ToLower(name), argument
}

// dataset keeps SecDataset's lines. A name given twice is replaced for the rules
// below.
func (p *parser) dataset(argument string) {
	name, block, _ := strings.Cut(argument, " ")
	var lines []string
	for line := range strings.SplitSeq(strings.Trim(block, "`"), "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	p.datasets[name] = lines
}

// finish marks what only the whole set shows.
func (p *parser) finish() {
	times := map[int]int{}
	for _, r := range p.set.Rules {
		if r.Marker == "" {
			times[r.ID]++
		}
	}
	for _, r := range p.set.Rules {
		for _, link := range r.Links {
			if link.Unknown != "" {
				r.doubt("in its chain: " + link.Unknown)
			}
		}
		switch {
		case r.Marker != "":
		case r.ID == 0:
			r.doubt("it has no id")
		case times[r.ID] > 1: // SecRuleUpdateActionById can do that
			r.doubt("another rule has the same id")
		}
	}
}

// settings are Coraza 3.8.1's remaining directives, those that it ignores
// included (SecRuleScript, SecRuleUpdateTargetByMsg).
var settings = func() map[string]bool {
	known := map[string]bool{}
	for name := range strings.FieldsSeq(`
		SecArgumentSeparator SecArgumentsLimit SecAuditEngine SecAuditLog SecAuditLogDirMode
		SecAuditLogFileMode SecAuditLogFormat SecAuditLogParts SecAuditLogRelevantStatus
		SecAuditLogStorageDir SecAuditLogType SecCollectionTimeout SecComponentSignature
		SecConnEngine SecConnReadStateLimit SecConnWriteStateLimit SecCookieFormat SecDataDir
		SecDataset SecDebugLog SecDebugLogLevel SecDefaultAction SecGsbLookupDb SecHashEngine
		SecHashKey SecHashMethodPm SecHashMethodRx SecHashParam SecHttpBlKey
		SecIgnoreRuleCompilationErrors SecPcreMatchLimit SecPcreMatchLimitRecursion
		SecRemoteRulesFailAction SecRequestBodyAccess SecRequestBodyInMemoryLimit
		SecRequestBodyJsonDepthLimit SecRequestBodyLimit SecRequestBodyLimitAction
		SecRequestBodyNoFilesLimit SecResponseBodyAccess SecResponseBodyJsonDepthLimit
		SecResponseBodyLimit SecResponseBodyLimitAction SecResponseBodyMimeType
		SecResponseBodyMimeTypesClear SecRuleEngine SecRulePerfTime SecRuleScript
		SecRuleUpdateTargetByMsg SecRxPreFilter SecSensorId SecServerSignature SecTmpDir
		SecUnicodeMap SecUploadDir SecUploadFileLimit SecUploadFileMode SecUploadKeepFiles
		SecWebAppId`) {
		known[strings.ToLower(name)] = true
	}
	return known
}()
