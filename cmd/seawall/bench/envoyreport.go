package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// An EnvoyReport is what MeasureEnvoy found.
type EnvoyReport struct {
	Policy  string         `json:"policy"`
	Seed    uint64         `json:"seed"`
	Envoy   string         `json:"envoy_version"`
	Machine Machine        `json:"machine"`
	Results []*EnvoyResult `json:"results"`
}

// Text writes the table.
func (r *EnvoyReport) Text(w io.Writer) error {
	fmt.Fprintf(w, "Envoy %s with one worker, %s, seed %d, %d CPUs\n", r.Envoy, r.Policy, r.Seed, r.Machine.CPUs)
	fmt.Fprint(w, "Throughput: as fast as it answers, and how many CPUs it used then (well below 1: the load generator was the limit).\n"+
		"The rest: an open loop at the same rate for all, half of what the slowest takes.\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, strings.Join([]string{"request", "filter", "req/s", "CPUs", "at rate", "requests", "p50", "p99", "p99.9", "CPU/req", "RSS", "peak"}, "\t")+"\t")
	for _, x := range r.Results {
		fmt.Fprintf(t, "%s\t%s\t%.0f\t%.2f\t%d/s\t%d\t%.2f ms\t%.2f ms\t%.2f ms\t%.0f us\t%d MiB\t%d MiB\t\n", x.Request, title(x.Envoy),
			x.Throughput, x.Busy, x.Rate, x.Requests, x.P50, x.P99, x.P999, x.CPU, x.RSS>>20, x.PeakRSS>>20)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, x := range r.Results {
		if !x.Held {
			_, err := fmt.Fprintf(w, "\n%s, %s: the rate was not held, for the machine is too busy: these latencies are not Envoy's\n", x.Request, title(x.Envoy))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Summary is the last line.
func (r *EnvoyReport) Summary() string {
	var parts []string
	for _, x := range r.Results {
		if x.Envoy == On {
			parts = append(parts, fmt.Sprintf("%s p99 %.1f ms at %d/s, %.0f req/s, %.0f us CPU", x.Request, x.P99, x.Rate, x.Throughput, x.CPU))
		}
	}
	return "bench: envoy, one worker: " + strings.Join(parts, "; ")
}
