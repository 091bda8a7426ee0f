package lint

import (
	"strings"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// defaultActions: Coraza reads every SecDefaultAction again with each rule, and
// refuses the first rule below a second one for the same phase. With no rule below
// it nothing fails, and nothing is set either.
func (s *ruleSet) defaultActions() {
	first := map[string]string{}
	for _, d := range s.directives {
		if !strings.EqualFold(nameOf(d), "SecDefaultAction") {
			continue
		}
		phase := phaseOf(argumentOf(d))
		if before, twice := first[phase]; twice {
			s.report("default-action-twice", Warning, d.File, d.Line,
				"keep one SecDefaultAction for each phase; @crs-setup.conf brings those of phases 1 and 2",
				"a second SecDefaultAction for phase %s, first at %s: Coraza refuses the next rule that is added", phase, before)
			continue
		}
		first[phase] = s.spell(d.File, d.Line)
	}
}

func phaseOf(actions string) string {
	for action := range strings.SplitSeq(actions, ",") {
		name, value, _ := strings.Cut(action, ":")
		if strings.EqualFold(strings.TrimSpace(name), "phase") {
			return strings.Trim(strings.TrimSpace(value), "'")
		}
	}
	return "2" // Coraza's own
}

// Ranges of IDs that CRS gives its files (crs-setup.conf.example; 901 is
// REQUEST-901-INITIALIZATION, whose first rule looks for the setup's version).
const (
	setupFirst, setupLast = 900000, 900999
	initFirst, initLast   = 901000, 901999
	crsWithoutSetup       = 901001
	crsFirst, crsLast     = 901000, 999999
)

// setup: rules 901... read what the setup left, and fill in what it did not. What
// sets the same variables behind them comes after every decision of phase 1.
func (s *ruleSet) setup() {
	var first *seclang.Rule // of 901...
	given := map[string]bool{}
	for _, r := range s.written {
		if r.ID < initFirst || r.ID > initLast {
			continue
		}
		if first == nil {
			first = r
		}
		for _, v := range r.Variables {
			if v.Name == "TX" && v.Count && v.Key != "" {
				given[strings.ToLower(v.Key)] = true
			}
		}
	}
	if first == nil || s.doc.fragment {
		return
	}
	hasVersion := false
	for _, r := range s.written {
		late := s.index(r) > s.index(first)
		sets := ""
		for _, v := range r.SetVars {
			name := strings.ToLower(v.Name)
			hasVersion = hasVersion || name == "crs_setup_version" && !late
			if given[name] && sets == "" {
				sets = "tx." + name
			}
		}
		switch {
		case !late || r.ID >= crsFirst && r.ID <= crsLast || sets == "" || r.Operator != nil:
		default:
			what := "a setting of the Core Rule Set"
			if r.ID >= setupFirst && r.ID <= setupLast {
				what = "the Core Rule Set's setup"
			}
			s.report("setup-after-crs", Warning, r.File, r.Line, "move it before the Include of the Core Rule Set (before Include @seawall.conf, if that is yours)",
				"rule %d is %s (%s) and stands behind rule %d, which reads it", r.ID, what, sets, first.ID)
		}
	}
	if !hasVersion && s.lives(crsWithoutSetup) {
		file, line := first.File, first.Line
		if d, ok := s.includeOf(first); ok {
			file, line = d.File, d.Line
		}
		s.report("setup-missing", Warning, file, line, "write Include @crs-setup.conf, or your own crs-setup.conf, before it",
			"the Core Rule Set stands here without its setup: rule %d answers every request with 500", crsWithoutSetup)
	}
}

func (s *ruleSet) lives(id int) bool {
	for _, r := range s.final.Rules {
		if r.ID == id {
			return true
		}
	}
	return false
}

// markers: Coraza 3.8.1 skips until it meets the marker, and does not forget it at
// the end of a phase (internal/corazawaf/rulegroup.go, Eval).
func (s *ruleSet) markers() {
	for i, r := range s.final.Rules {
		if r.SkipAfter == "" {
			continue
		}
		found, before := false, false
		for j, m := range s.final.Rules {
			found = found || j > i && m.Marker == r.SkipAfter
			before = before || j < i && m.Marker == r.SkipAfter
		}
		if found {
			continue
		}
		where := "there is no SecMarker of that name: every rule behind it is skipped, those of later phases too"
		if before {
			where = "that SecMarker stands before the rule: every rule is skipped until it comes by in the next phase"
		}
		s.report("skip-to-nowhere", Warning, r.File, r.Line, "write SecMarker "+r.SkipAfter+" behind the rules to be skipped",
			"skipAfter:%s, and %s", r.SkipAfter, where)
	}
}

// includeOf is the Include of the document itself that brought r.
func (s *ruleSet) includeOf(r *seclang.Rule) (d rules.Directive, ok bool) {
	for _, one := range s.directives[:s.index(r)+1] {
		if one.File == "" && strings.EqualFold(nameOf(one), "Include") {
			d, ok = one, true
		}
	}
	return d, ok && r.File != ""
}
