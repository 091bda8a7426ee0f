package bench

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// A Report is a whole run, as --json writes it.
type Report struct {
	Policy  string    `json:"policy"`
	Seed    uint64    `json:"seed"`
	Machine Machine   `json:"machine"`
	Cases   []*Result `json:"cases"`
}

// A Machine is what the times depend on.
type Machine struct {
	Go   string `json:"go"`
	OS   string `json:"os"`
	CPUs int    `json:"cpus"`
}

// ThisMachine describes where the program runs.
func ThisMachine() Machine {
	return Machine{Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU()}
}

// Text writes the tables: ratios first, then times, then allocations.
func (r *Report) Text(w io.Writer) error {
	fmt.Fprintf(w, "%s, seed %d, %s, %s, %d CPUs\n", r.Policy, r.Seed, r.Machine.Go, r.Machine.OS, r.Machine.CPUs)
	fmt.Fprintf(w, "\nCPU time of the others over Seawall's, round by round: the median (95 %% interval)\n")
	others := r.others()
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row(t, "request", others, func(name string) string { return title(name) + "/" + title(On) }, title(On)+"/"+title(Parse), "rounds", "denied")
	for _, c := range r.Cases {
		row(t, c.Name, others, func(name string) string { return c.Ratios[name].times() },
			factor(1/c.Ratios[Parse].Median), fmt.Sprint(c.Rounds), fmt.Sprintf("%.0f %%", 100*c.Denied[On]))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	all := append([]string{On}, append(others, Parse)...)
	for _, table := range []struct {
		title string
		cell  func(*Result, string) string
	}{
		{"CPU time for one request: the median", func(c *Result, name string) string { return micros(c.Costs[name].Median) }},
		{"Allocations for one request, and bytes", func(c *Result, name string) string {
			if c.Bytes[name] == 0 {
				return "-"
			}
			return fmt.Sprintf("%.0f, %s", c.Allocs[name], kib(c.Bytes[name]))
		}},
	} {
		fmt.Fprintf(w, "\n%s\n", table.title)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		row(t, "request", all, title)
		for _, c := range r.Cases {
			row(t, c.Name, all, func(name string) string { return table.cell(c, name) })
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	if n := r.Differences(); n > 0 {
		fmt.Fprintf(w, "\n%d exchanges got another verdict from Seawall than from stock: the ratios mean nothing\n", n)
	}
	return nil
}

// Differences counts exchanges on which Seawall and stock disagree.
func (r *Report) Differences() int {
	n := 0
	for _, c := range r.Cases {
		n += c.Differences
	}
	return n
}

// others are the subjects beside Seawall with its screen on and parsing: stock,
// then Seawall without its screen, then peers.
func (r *Report) others() []string {
	others := []string{Stock, Off}
	if len(r.Cases) == 0 {
		return others
	}
	for name := range r.Cases[0].Costs {
		if name != On && name != Parse && !slices.Contains(others, name) {
			others = append(others, name)
		}
	}
	return others
}

// Summary is the last line. Of a group it tells the worst.
func (r *Report) Summary() string {
	var parts []string
	for _, group := range []string{"browser", "tiny", "form", "json20k", "mixed", "attacks", "adversarial"} {
		worst := 0.0
		for _, c := range r.Cases {
			if ratio := c.Ratios[Stock].Median; c.Group == group && (worst == 0 || ratio < worst) {
				worst = ratio
			}
		}
		if worst > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", group, factor(worst)))
		}
	}
	line := "bench: " + strings.Join(parts, ", ") + " vs stock coraza 3.8.1"
	for _, c := range r.Cases {
		if c.Name == "browser" {
			line += fmt.Sprintf("; browser %.1fx of parse-only", 1/c.Ratios[Parse].Median)
		}
	}
	return line
}

func row(w io.Writer, name string, subjects []string, cell func(string) string, more ...string) {
	cells := []string{name}
	for _, s := range subjects {
		cells = append(cells, cell(s))
	}
	fmt.Fprintln(w, strings.Join(append(cells, more...), "\t")+"\t")
}

// title is a subject's name for readers.
func title(name string) string {
	switch name {
	case On:
		return "seawall"
	case Off:
		return "screen off"
	case Parse:
		return "parse only"
	}
	return name
}

func (s Spread) times() string {
	return fmt.Sprintf("%s (%s-%s)", factor(s.Median), strings.TrimSuffix(factor(s.Low), "x"), factor(s.High))
}

// factor has two digits where that says something.
func factor(ratio float64) string {
	if ratio < 10 {
		return fmt.Sprintf("%.1fx", ratio)
	}
	return fmt.Sprintf("%.0fx", ratio)
}

func micros(ns float64) string {
	if ns < 1e6 {
		return fmt.Sprintf("%.1f us", ns/1e3)
	}
	return fmt.Sprintf("%.2f ms", ns/1e6)
}

func kib(bytes float64) string { return fmt.Sprintf("%.1f KiB", bytes/1024) }
