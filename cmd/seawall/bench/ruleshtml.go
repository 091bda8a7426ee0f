package bench

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed rules.html
var rulesPage string

var rulesTemplate = template.Must(template.New("rules.html").Funcs(template.FuncMap{
	"micros":  micros,
	"percent": func(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) },
}).Parse(rulesPage))

// What the picture shows, in units of its viewBox, which is 1000 wide.
const (
	mostBars = 40
	barLeft  = 80.0
	barRoom  = 460.0 // for the longest bar; the rest is for its label
	barStep  = 18.0
)

// A ruleBar is one rule's bar and the range of its median.
type ruleBar struct {
	Rule                                     *RuleCost
	Y, Middle, Text, Width, Low, High, Label float64
}

// HTML writes a page that needs nothing but itself.
func (r *RuleReport) HTML(w io.Writer) error {
	shown := r.Rules[:min(len(r.Rules), mostBars)]
	page := struct {
		*RuleReport
		Bars   []ruleBar
		Height float64
	}{RuleReport: r, Height: barStep * float64(len(shown))}
	longest := 1.0
	for _, c := range shown {
		longest = max(longest, c.Nanos.High)
	}
	scale := func(nanos float64) float64 { return nanos / longest * barRoom }
	for i, c := range shown {
		y := barStep * float64(i)
		page.Bars = append(page.Bars, ruleBar{Rule: c, Y: y, Middle: y + 6, Text: y + 10,
			Width: scale(c.Nanos.Median), Low: barLeft + scale(c.Nanos.Low), High: barLeft + scale(c.Nanos.High),
			Label: barLeft + scale(c.Nanos.High) + 8})
	}
	return rulesTemplate.Execute(w, page)
}
