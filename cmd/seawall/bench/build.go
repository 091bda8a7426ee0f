package bench

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// A BuildCost is what compiling rules takes in a process of its own: what one
// WAF leaves in Coraza's process-wide caches would make the next one cheap.
type BuildCost struct {
	FirstNanos    float64 `json:"first_ns"` // CPU time
	FirstBytes    float64 `json:"first_bytes"`
	FurtherNanos  float64 `json:"further_ns"` // each further policy, by the mean of several
	FurtherBytes  float64 `json:"further_bytes"`
	TrafficBytes  float64 `json:"traffic_bytes"` // what judging requests left beside, per policy
	ResidentBytes float64 `json:"resident_bytes"`
}

const (
	furtherPolicies = 3
	trafficRequests = 5
	buildRounds     = 3
)

// Build measures one kind, Stock, Off or On, in this process, which must have
// compiled nothing yet.
func Build(policy *Policy, kind string, seed uint64) (*BuildCost, error) {
	cost := &BuildCost{}
	var subjects []Subject
	bytes := heap()
	start := cpuTime()
	for i := range 1 + furtherPolicies {
		s, err := buildOne(policy, kind, i)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, s)
		if i == 0 {
			cost.FirstNanos = float64(cpuTime() - start)
			cost.FirstBytes = heap() - bytes
			bytes, start = heap(), cpuTime()
		}
	}
	cost.FurtherNanos = float64(cpuTime()-start) / furtherPolicies
	cost.FurtherBytes = (heap() - bytes) / furtherPolicies
	bytes = heap()
	cases, err := Cases(seed, []string{"browser", "form", "json2k"})
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		for _, s := range subjects {
			batch, err := c.Batch(trafficRequests)
			if err != nil {
				return nil, err
			}
			if _, _, err := s.Run(batch); err != nil {
				return nil, err
			}
		}
	}
	cost.TrafficBytes = (heap() - bytes) / (1 + furtherPolicies)
	// Where there is no /proc the process's memory is not told.
	if resident, _, err := processMemory(os.Getpid()); err == nil {
		cost.ResidentBytes = float64(resident)
	}
	runtime.KeepAlive(subjects)
	return cost, nil
}

// buildOne compiles the policy with a rule more: policies with the same text
// would share one engine.
func buildOne(policy *Policy, kind string, number int) (Subject, error) {
	text := policy.Text + fmt.Sprintf("SecAction \"id:%d,phase:1,pass,t:none,nolog\"\n", 9990000+number)
	if kind == Stock {
		return newCoraza(Stock, text)
	}
	return newSeawall(kind, newPolicy(policy.Name, text, &policy.config).withScreen(kind == On))
}

// heap is what the process's live objects take, in bytes.
func heap() float64 {
	runtime.GC()
	runtime.GC() // pools are emptied by the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// A BuildReport holds the spread of each figure, by kind.
type BuildReport struct {
	Policy  string                       `json:"policy"`
	Seed    uint64                       `json:"seed"`
	Machine Machine                      `json:"machine"`
	Kinds   map[string]map[string]Spread `json:"kinds"`
}

// MeasureBuild runs self, which is this program with arguments that make it
// print Build's result as JSON, once a round for each kind.
func MeasureBuild(ctx context.Context, self func(kind string) *exec.Cmd, progress io.Writer) (map[string]map[string]Spread, error) {
	samples := map[string]map[string][]float64{}
	for round := range buildRounds {
		for _, kind := range []string{Stock, Off, On} {
			fmt.Fprintf(progress, "bench: building %s (%d of %d)\n", kind, round+1, buildRounds)
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			out, err := self(kind).Output()
			if err != nil {
				// Ctrl-C ends that process too.
				return nil, fmt.Errorf("building %s in a process of its own: %w", kind, cmp.Or(ctx.Err(), err))
			}
			var figures map[string]float64
			if err := json.Unmarshal(out, &figures); err != nil {
				return nil, fmt.Errorf("reading what building %s took: %w", kind, err)
			}
			if samples[kind] == nil {
				samples[kind] = map[string][]float64{}
			}
			for name, value := range figures {
				samples[kind][name] = append(samples[kind][name], value)
			}
		}
	}
	kinds := map[string]map[string]Spread{}
	for kind, figures := range samples {
		kinds[kind] = map[string]Spread{}
		for name, values := range figures {
			kinds[kind][name] = spreadOf(values)
		}
	}
	return kinds, nil
}

// Text writes the table.
func (r *BuildReport) Text(w io.Writer) error {
	fmt.Fprintf(w, "%s: compiling it, each in %d processes of its own; medians (from-to)\n\n", r.Policy, buildRounds)
	fmt.Fprintf(w, "%-12s%32s%32s%32s\n", "", title(Stock), title(Off), title(On))
	for _, row := range []struct{ figure, name string }{
		{"first_ns", "first, CPU"}, {"first_bytes", "first, heap"}, {"further_ns", "each more"}, {"further_bytes", "each, heap"},
		{"traffic_bytes", "by requests"}, {"resident_bytes", "RSS"},
	} {
		unit := func(bytes float64) string { return fmt.Sprintf("%.1f MiB", bytes/(1<<20)) }
		if strings.HasSuffix(row.figure, "_ns") {
			unit = func(ns float64) string { return (time.Duration(ns)).Round(100 * time.Microsecond).String() }
		}
		fmt.Fprintf(w, "%-12s", row.name)
		for _, kind := range []string{Stock, Off, On} {
			s := r.Kinds[kind][row.figure]
			fmt.Fprintf(w, "%32s", fmt.Sprintf("%s (%s-%s)", unit(s.Median), unit(s.Low), unit(s.High)))
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}

// Summary is the last line.
func (r *BuildReport) Summary() string {
	figure := func(kind, name string) float64 { return r.Kinds[kind][name].Median }
	return fmt.Sprintf("bench: first engine %.1fx of stock's time, %+.1f MiB; each further policy %+.1f MiB; requests add %+.1f MiB to each",
		figure(On, "first_ns")/max(figure(Stock, "first_ns"), 1), (figure(On, "first_bytes")-figure(Stock, "first_bytes"))/(1<<20),
		figure(On, "further_bytes")/(1<<20), figure(On, "traffic_bytes")/(1<<20))
}
