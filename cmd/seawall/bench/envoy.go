package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// An EnvoyPlan is a measurement with real Envoys, each with one worker thread.
type EnvoyPlan struct {
	Plan
	Path      string // of the Envoy
	ModuleDir string // the folder of libseawall.so
	Policy    *Policy
}

// None is the Envoy without Seawall.
const None = "none"

// An EnvoyResult is one case through one Envoy.
type EnvoyResult struct {
	Envoy      string  `json:"envoy"` // none, off, on
	Request    string  `json:"request"`
	Throughput float64 `json:"requests_per_second"` // as many as it takes
	// Busy is how much of one CPU Envoy used then. Well below 1, the load generator
	// was the limit, and Envoy could do more.
	Busy float64 `json:"cpus_at_throughput"`
	// The rest is at Rate, the same for all Envoys: half of what the slowest takes.
	Rate     int    `json:"rate"`
	Requests uint64 `json:"requests"`
	// Held: the generator kept the rate. Otherwise the machine had no CPU left for
	// it, and the latencies are not Envoy's.
	Held     bool           `json:"rate_held"`
	P50      float64        `json:"p50_ms"`
	P99      float64        `json:"p99_ms"`
	P999     float64        `json:"p99.9_ms"`
	CPU      float64        `json:"cpu_us_per_request"` // of the whole process
	RSS      int64          `json:"rss_bytes"`
	PeakRSS  int64          `json:"rss_peak_bytes"`
	Statuses map[string]int `json:"statuses"`
}

// A guarded is one running Envoy and what was measured of it.
type guarded struct {
	name           string
	envoy          *launch.Envoy
	url            string
	fastest, paced vegeta.Metrics
	fastUse, use   use
}

// use is the time that some turns took, Envoy's CPU time in them, and how many
// requests the rate asks for.
type use struct {
	elapsed, cpu time.Duration
	wanted       float64
}

// Each Envoy has its turns in both parts, so that all see the machine in the
// same states.
const (
	fastTurns  = 2
	pacedTurns = 3
	heldShare  = 0.95 // of the requests that a rate asks for
)

// MeasureEnvoy starts three Envoys before one upstream and sends each case
// through them in turns: as fast as they answer, then at a fixed rate.
func MeasureEnvoy(ctx context.Context, cases []*Case, plan EnvoyPlan) ([]*EnvoyResult, error) {
	upstream, err := startUpstream()
	if err != nil {
		return nil, err
	}
	defer upstream.Close()
	var results []*EnvoyResult
	for _, c := range cases {
		// Fresh processes for each case: what one did to their memory is not the
		// next one's.
		found, err := measureThrough(ctx, c, upstream.Addr, plan, plan.Time/time.Duration(len(cases)))
		if err != nil {
			return nil, fmt.Errorf("measuring %s through envoy: %w", c.Name, err)
		}
		results = append(results, found...)
	}
	return results, nil
}

func measureThrough(ctx context.Context, c *Case, upstream string, plan EnvoyPlan, share time.Duration) ([]*EnvoyResult, error) {
	var all []*guarded
	defer func() {
		for _, g := range all {
			_ = g.envoy.Stop()
		}
	}()
	for _, name := range []string{None, On, Off} {
		fmt.Fprintf(plan.Progress, "bench: envoy: starting %s for %s\n", name, c.Name)
		g, err := startGuarded(ctx, name, upstream, plan)
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	// A quarter of the time at full speed, the rest at the fixed rate.
	fast, paced := share/4/time.Duration(fastTurns*len(all)), share*3/4/time.Duration(pacedTurns*len(all))
	slowest := 0.0
	for turn := range fastTurns {
		for _, g := range all {
			fmt.Fprintf(plan.Progress, "bench: envoy: %s through %s, as fast as it answers (%d of %d)\n", c.Name, g.name, turn+1, fastTurns)
			if err := g.attack(ctx, c, 0, fast, &g.fastest, &g.fastUse); err != nil {
				return nil, err
			}
		}
	}
	for _, g := range all {
		g.fastest.Close()
		if perSecond := g.throughput(); slowest == 0 || perSecond < slowest {
			slowest = perSecond
		}
	}
	rate := max(1, int(slowest/2))
	for turn := range pacedTurns {
		for _, g := range all {
			fmt.Fprintf(plan.Progress, "bench: envoy: %s through %s, %d a second (%d of %d)\n", c.Name, g.name, rate, turn+1, pacedTurns)
			if err := g.attack(ctx, c, rate, paced, &g.paced, &g.use); err != nil {
				return nil, err
			}
		}
	}
	var results []*EnvoyResult
	for _, g := range all {
		g.paced.Close()
		r, err := g.result(c.Name, rate)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

// attack loads one Envoy, until its last answer.
func (g *guarded) attack(ctx context.Context, c *Case, rate int, last time.Duration, into *vegeta.Metrics, used *use) error {
	l := &load{of: c, url: g.url}
	before, err := processCPU(g.envoy.PID())
	if err != nil {
		return err
	}
	start := time.Now()
	if err := l.attack(ctx, rate, last, into); err != nil {
		return fmt.Errorf("%s: %w", g.name, err)
	}
	used.elapsed += time.Since(start)
	used.wanted += float64(rate) * last.Seconds()
	after, err := processCPU(g.envoy.PID())
	used.cpu += after - before
	return err
}

// throughput is without the pauses between turns, which vegeta's own counts.
func (g *guarded) throughput() float64 {
	return float64(g.fastest.Requests) / g.fastUse.elapsed.Seconds()
}

func (g *guarded) result(request string, rate int) (*EnvoyResult, error) {
	resident, peak, err := processMemory(g.envoy.PID())
	if err != nil {
		return nil, err
	}
	millis := func(quantile float64) float64 {
		return float64(g.paced.Latencies.Quantile(quantile)) / float64(time.Millisecond)
	}
	return &EnvoyResult{
		Envoy: g.name, Request: request, Throughput: g.throughput(), Busy: g.fastUse.cpu.Seconds() / g.fastUse.elapsed.Seconds(),
		Rate: rate, Requests: g.paced.Requests, Held: float64(g.paced.Requests) >= heldShare*g.use.wanted, P50: millis(0.5), P99: millis(0.99), P999: millis(0.999),
		CPU: float64(g.use.cpu.Microseconds()) / float64(max(g.paced.Requests, 1)), RSS: resident, PeakRSS: peak, Statuses: g.paced.StatusCodes,
	}, nil
}

func startUpstream() (*http.Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the upstream: %w", err)
	}
	server := &http.Server{Addr: listener.Addr().String(), ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_, _ = io.WriteString(w, `{"ok":true}`)
		})}
	go func() { _ = server.Serve(listener) }() // until Close
	return server, nil
}
