package lint

import (
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
)

// runtimeExclusions looks at ctl:ruleRemove...: it acts on what runs after it, the
// rules below it in its phase and all those of later phases.
func (s *ruleSet) runtimeExclusions() {
	for _, r := range s.final.Rules {
		for _, one := range append([]*seclang.Rule{r}, r.Links...) {
			for _, ctl := range one.Ctls {
				s.runtimeExclusion(r, one, ctl)
			}
		}
	}
}

// runtimeExclusion checks one; head is the rule whose phase its link runs in.
func (s *ruleSet) runtimeExclusion(head, at *seclang.Rule, ctl seclang.Ctl) {
	named, target, _ := strings.Cut(ctl.Argument, ";")
	var of selection
	switch ctl.Name {
	case "ruleRemoveById", "ruleRemoveTargetById":
		var ok bool
		if of, ok = byID(strings.TrimSpace(named)); !ok {
			s.report("exclusion-unknown", Warning, at.File, at.Line, "write one ID, or a range such as 942100-942199; a second ctl for a second ID",
				"ctl:%s=%s names no ID: the action fails for every request, with a debug line only", ctl.Name, ctl.Argument)
			return
		}
	case "ruleRemoveByTag", "ruleRemoveTargetByTag":
		of = byTag(named)
	case "ruleRemoveByMsg", "ruleRemoveTargetByMsg":
		of = byMsg(named)
	default:
		return
	}
	affected := s.selected(of)
	if len(affected) == 0 {
		s.report("exclusion-unknown", Warning, at.File, at.Line, of.fix(s), "ctl:%s names %s, and there is none such", ctl.Name, of.text)
		return
	}
	runsLater := func(r *seclang.Rule) bool {
		return r.Phase > head.Phase || r.Phase == head.Phase && s.index(r) > s.index(head)
	}
	if !s.doc.fragment && !slices.ContainsFunc(affected, runsLater) {
		r := affected[0]
		s.report("exclusion-too-late", Warning, at.File, at.Line, "move it before that rule, and let its phase be no later",
			"ctl:%s names %s, which has run by then: phase %d at %s, this one phase %d", ctl.Name, of.text, r.Phase, s.spell(r.File, r.Line), head.Phase)
		return
	}
	if of.one && strings.HasPrefix(ctl.Name, "ruleRemoveTarget") {
		s.withoutEffect(at.File, at.Line, "ctl:"+ctl.Name, affected[0].ID, target)
	}
}
