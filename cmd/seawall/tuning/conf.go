package tuning

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

// firstID is where the IDs of the exclusions' own rules begin: CRS leaves 1 to
// 99,999 to its users.
const firstID = 90_001

// A Conf is the SecLang of exclusions.
type Conf struct {
	// Before goes before the Core Rule Set; "" where nothing must. After goes behind.
	Before, After string
}

// NewConf writes the exclusions down. By path they are rules with
// ctl:ruleRemoveTargetById, which must run before the rule that they concern:
// behind CRS that is so for all rules but those of phase 1. Everywhere they are
// SecRuleUpdateTargetById, which must stand behind the rule.
func NewConf(exclusions []*Exclusion, catalogue Catalogue) Conf {
	ids := catalogue.free(firstID, len(exclusions)*(mostPaths+1))
	next := func() int {
		id := ids[0]
		ids = ids[1:]
		return id
	}
	var before, after strings.Builder
	for _, e := range exclusions {
		into := &after
		if len(e.Paths) > 0 && e.Phase == 1 {
			into = &before
		}
		e.write(into, next)
	}
	return Conf{Before: before.String(), After: after.String()}
}

func (e *Exclusion) write(b *strings.Builder, next func() int) {
	fmt.Fprintf(b, "\n# %d %s\n", e.Rule, comment(e.Message))
	fmt.Fprintf(b, "# %s of %s; alone it lets pass %s of the denied ones\n", count(e.Events, "event"), count(e.Clients, "client"), Thousands(e.Alone))
	if e.Own > 0 {
		fmt.Fprintf(b, "# there, %d of the rule's %d attacks in CRS's tests pass now; other rules block the rest\n", e.Own-e.OwnBlocked, e.Own)
	}
	if e.Target == "" {
		b.WriteString("# WHOLE RULE: the events name no target. Narrow it if you know one.\n")
	}
	if e.Narrowed != "" {
		fmt.Fprintf(b, "# narrowed %s\n", e.Narrowed)
	}
	switch {
	case len(e.Paths) == 0 && e.Target == "":
		fmt.Fprintf(b, "SecRuleRemoveById %d\n", e.Rule)
	case len(e.Paths) == 0:
		fmt.Fprintf(b, "SecRuleUpdateTargetById %d \"!%s\"\n", e.Rule, e.Target)
	}
	for _, path := range e.Paths {
		control := fmt.Sprintf("ctl:ruleRemoveTargetById=%d;%s", e.Rule, e.Target)
		if e.Target == "" {
			control = fmt.Sprintf("ctl:ruleRemoveById=%d", e.Rule)
		}
		fmt.Fprintf(b, "SecRule REQUEST_FILENAME \"%s\" \\\n    \"id:%d,phase:1,pass,t:none,nolog,%s\"\n", condition(path), next(), control)
	}
}

// comment makes a rule's message fit for one line of comment: a message may hold
// what a client sent, and a backslash at the end would join the next line to it.
func comment(message string) string {
	return strings.NewReplacer(`\`, "?", "`", "?").Replace(terminal.Printable(message))
}

// Head is the comment that a file begins with. place is before or behind.
func (c Conf) Head(place string, traffic *Traffic, proof *Proof) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Rule exclusions proposed by `seawall tune` for %s", count(traffic.Events, "event"))
	if !traffic.First.IsZero() {
		fmt.Fprintf(&b, " between %s and %s", traffic.First.UTC().Format(time.DateTime), traffic.Last.UTC().Format(time.DateTime))
	}
	fmt.Fprintf(&b, ".\n# Include this file %s the Core Rule Set. Read it first: each exclusion is a place\n# at which a rule no longer looks.\n", place)
	for _, claim := range proof.Claims() {
		fmt.Fprintf(&b, "# - %s\n", claim)
	}
	return b.String()
}

// Rules returns the rules that exclusions concern.
func Rules(exclusions []*Exclusion) []int {
	var ids []int
	for _, e := range exclusions {
		ids = append(ids, e.Rule)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
