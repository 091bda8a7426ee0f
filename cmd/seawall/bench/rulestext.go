package bench

import (
	"fmt"
	"io"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

// Text writes the dearest rules, as many as most; all of them where it is 0.
func (r *RuleReport) Text(w io.Writer, most int) error {
	fmt.Fprintf(w, "%s, on %s, %d rounds, seed %d\n%s\n", r.Policy, r.Requests, r.Rounds, r.Seed, RuleMethod)
	fmt.Fprintf(w, "A request takes %s, %s of it in %d rules; %d rules never ran. The stopwatch makes it %.2fx.\n\n",
		micros(r.Total), micros(r.InRules), len(r.Rules), r.Idle, r.Stopwatch)
	shown := r.Rules
	if most > 0 && len(shown) > most {
		shown = shown[:most]
	}
	fmt.Fprintf(w, "%8s %5s %10s %23s %6s %5s %5s  %s\n", "rule", "phase", "time", "from-to", "share", "sum", "runs", "message")
	sum := 0.0
	for _, c := range shown {
		sum += c.Share
		_, err := fmt.Fprintf(w, "%8d %5d %10s %23s %5.1f%% %4.0f%% %5.2f  %s\n", c.ID, c.Phase, micros(c.Nanos.Median),
			micros(c.Nanos.Low)+"-"+micros(c.Nanos.High), 100*c.Share, 100*sum, c.Runs, terminal.Printable(c.Message))
		if err != nil {
			return err
		}
	}
	if hidden := len(r.Rules) - len(shown); hidden > 0 {
		fmt.Fprintf(w, "and %d more, which take %.0f%%; --output json and --html have all\n", hidden, 100*(1-sum))
	}
	return nil
}
