package lint

import (
	"regexp"
	"slices"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
)

// saysBlock finds the action block in a rule as it is written.
var saysBlock = regexp.MustCompile(`(?i)[",]\s*block\s*[,"]`)

// disruptive: rules that cannot do what they say. block is what SecDefaultAction
// says it is; CRS's rules say block and count, which setvar tells.
func (s *ruleSet) disruptive() {
	for _, r := range s.final.Rules {
		counts := slices.ContainsFunc(append([]*seclang.Rule{r}, r.Links...), func(one *seclang.Rule) bool { return len(one.SetVars) > 0 })
		switch {
		case r.Marker != "" || r.Unknown != "":
		case s.config.RequestOnly && (r.Phase == 3 || r.Phase == 4), s.config.ResponseOnly && r.Phase == 2:
			s.report("rule-never-runs", Warning, r.File, r.Line, "write inspect: both, or remove the rule",
				"rule %d is of phase %d, which the config leaves out (inspect)", r.ID, r.Phase)
		case r.Phase == 5 && slices.Contains([]string{"deny", "drop", "redirect"}, r.Disruptive):
			s.report("block-without-effect", Warning, r.File, r.Line, "let the rule run in an earlier phase",
				"rule %d says %s in phase 5, when all has been sent", r.ID, r.Disruptive)
		case (r.Disruptive == "pass" || r.Disruptive == "block") && saysBlock.MatchString(r.Text) && !counts:
			s.report("block-without-effect", Warning, r.File, r.Line, "write deny,status:403; or setvar:'tx.inbound_anomaly_score_pl1=+%{tx.critical_anomaly_score}', to count as CRS's rules do",
				"rule %d says block, and blocks nothing: no SecDefaultAction of phase %d says how", r.ID, r.Phase)
		}
	}
}
