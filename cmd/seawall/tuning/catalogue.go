package tuning

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/replay"
	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/rules"
)

// A Catalogue is what a policy's rules say of themselves, by ID.
type Catalogue map[int]entry

type entry struct {
	level  int  // CRS's paranoia level of the score that it adds to; 0: to none
	answer bool // it adds to the outbound score
	// first are the collections that a chain's first rule looks at; nil where the
	// rule is no chain. An exclusion of one of those keeps all of the chain from
	// matching.
	first []string
}

var (
	ruleID  = regexp.MustCompile(`[",\s]id:'?(\d+)`)
	addsTo  = regexp.MustCompile(`setvar:'?tx\.(inbound|outbound)_anomaly_score_pl(\d)`)
	isChain = regexp.MustCompile(`[",\s]chain[",\s]`)
)

// CatalogueOf reads a policy's rules, those of its includes as well.
func CatalogueOf(policy *filter.Policy) (Catalogue, error) {
	directives, err := rules.Walk(rules.FS(), policyText(policy))
	if err != nil {
		return nil, fmt.Errorf("reading the policy's rules: %w", err)
	}
	found := Catalogue{}
	last := 0 // the rule that a chain belongs to
	chained := false
	for _, d := range directives {
		if name, _, _ := strings.Cut(d.Text, " "); !strings.EqualFold(name, "SecRule") && !strings.EqualFold(name, "SecAction") {
			continue
		}
		begins := !chained
		if begins {
			last = 0
			if m := ruleID.FindStringSubmatch(d.Text); m != nil {
				last, _ = strconv.Atoi(m[1])
			}
		}
		chained = isChain.MatchString(d.Text)
		e := found[last]
		if begins && chained {
			e.first = collections(d.Text)
		}
		if m := addsTo.FindStringSubmatch(d.Text); m != nil {
			e.level, _ = strconv.Atoi(m[2])
			e.answer = m[1] == "outbound"
		}
		found[last] = e
	}
	return found, nil
}

// collections are those that a SecRule looks at: its second word says.
func collections(rule string) []string {
	_, rest, _ := strings.Cut(rule, " ")
	variables, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	var names []string
	for variable := range strings.SplitSeq(strings.Trim(variables, `"`), "|") {
		if name, _, _ := strings.Cut(variable, ":"); !strings.HasPrefix(name, "!") {
			names = append(names, strings.ToUpper(name))
		}
	}
	return names
}

// narrows says that an exclusion of a target keeps a rule from matching.
func (c Catalogue) narrows(rule int, target string) bool {
	first := c[rule].first
	collection, _, _ := strings.Cut(target, ":")
	return first == nil || slices.Contains(first, collection)
}

func policyText(policy *filter.Policy) string {
	var b strings.Builder
	for _, s := range policy.Snippets {
		b.WriteString(strings.TrimSuffix(s.Text, "\n") + "\n")
	}
	return b.String()
}

// points is what one match of a rule adds to the score that blocks.
func (c Catalogue) points(m matched, scoring replay.Scoring) int {
	if e := c[m.id]; e.level == 0 || e.level > scoring.Paranoia {
		return 0
	}
	return scoring.Points[m.severity]
}

func (c Catalogue) outbound(rule int) bool { return c[rule].answer }

// free returns n rule IDs that no rule has, from first on.
func (c Catalogue) free(first, n int) []int {
	var ids []int
	for id := first; len(ids) < n; id++ {
		if _, taken := c[id]; !taken {
			ids = append(ids, id)
		}
	}
	return ids
}
