package bench

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/seawall-waf/seawall/rules"
)

var (
	idAction    = regexp.MustCompile(`[",\s]id:\s*'?(\d+)`)
	phaseAction = regexp.MustCompile(`[",\s]phase:\s*'?(\w+)`)
	msgAction   = regexp.MustCompile(`[",\s]msg:\s*'((?:[^'\\]|\\.)*)'`)
	phaseNames  = map[string]int{"request": 2, "response": 4, "logging": 5}
)

// listRules finds where each rule is written, and what it says of itself.
func listRules(text string) (map[int]*RuleCost, error) {
	directives, err := rules.Walk(rules.FS(), text)
	if err != nil {
		return nil, err
	}
	known := map[int]*RuleCost{}
	for _, d := range directives {
		name, _, _ := strings.Cut(d.Text, " ")
		name = strings.ToLower(name)
		id := idAction.FindStringSubmatch(d.Text)
		if id == nil || name != "secrule" && name != "secaction" {
			continue
		}
		c := &RuleCost{File: d.File, Line: d.Line, Phase: 2}
		c.ID, _ = strconv.Atoi(id[1])
		if m := phaseAction.FindStringSubmatch(d.Text); m != nil {
			if c.Phase = phaseNames[m[1]]; c.Phase == 0 {
				c.Phase, _ = strconv.Atoi(m[1])
			}
		}
		if m := msgAction.FindStringSubmatch(d.Text); m != nil {
			c.Message = m[1]
		}
		known[c.ID] = c
	}
	return known, nil
}
