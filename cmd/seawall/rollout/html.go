package rollout

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

//go:embed page.html
var page string

// The template escapes everything: names of paths and clients are attackers' text. It
// leaves what does not print as it is, which can turn the order of reading.
var tmpl = template.Must(template.New("report").Funcs(template.FuncMap{
	"bar": func(n, most int) string { return fmt.Sprintf("%.1f", 100*float64(n)/float64(max(most, 1))) },
	"most": func(rows []Count) int {
		most := 1
		for _, r := range rows {
			most = max(most, r.Events)
		}
		return most
	},
	// x, y and height of a bar of the picture over time, 600 by 100.
	"slot": func(i, of int) string { return fmt.Sprintf("%.2f", 600*float64(i)/float64(of)) },
	"wide": func(of int) string { return fmt.Sprintf("%.2f", max(600/float64(of)-1, 0.5)) },
	"high": func(n, most int) string { return fmt.Sprintf("%.1f", 100*float64(n)/float64(max(most, 1))) },
	"top":  func(n, most int) string { return fmt.Sprintf("%.1f", 100-100*float64(n)/float64(max(most, 1))) },
}).Parse(page))

// HTML writes the report as a page that needs nothing from elsewhere.
func (r *Report) HTML(w io.Writer, written time.Time) error {
	var text strings.Builder
	err := tmpl.Execute(&text, map[string]any{
		"R": r, "Innocent": r.innocent(), "Denials": r.denials(), "Written": written.UTC().Format(time.DateTime) + " UTC",
		"Tables": []map[string]any{
			{"Title": "Denials by rule", "Rows": r.Rules},
			{"Title": "Denials by path", "Rows": r.Paths},
			{"Title": "Denials by client", "Rows": r.Clients},
			{"Title": fmt.Sprintf("Events by inbound score (threshold %d)", r.Threshold), "Rows": r.Scores},
		},
	})
	if err == nil {
		_, err = io.WriteString(w, terminal.PrintableLines(text.String()))
	}
	if err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}
