package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/bench"
)

type benchCommand struct {
	Rules bool `xor:"what" help:"What each rule costs, instead of what the engine does."`
	Envoy bool `xor:"what" help:"Real Envoys with one worker: without Seawall, with it, with its screen off."`
	Build bool `xor:"what" help:"What compiling the rules takes, time and memory."`

	Peer string `xor:"what" placeholder:"NAME" help:"Another engine beside stock: libmodsecurity is the one there is."`

	Only     []string      `placeholder:"NAME" help:"Measure only these requests; without it all, and with --rules mixed."`
	Request  []string      `type:"existingfile" placeholder:"FILE" help:"Measure a request of your own: the text of an HTTP request, as in filter/testdata/bench."`
	Config   string        `type:"existingfile" placeholder:"FILE" help:"Measure a policy of this document. Without it: the Core Rule Set."`
	Policy   string        `placeholder:"NAME" help:"Which policy of the document; without it the default one."`
	Paranoia int           `default:"1" help:"The Core Rule Set's paranoia level, 1 to 4 (${default})."`
	Time     time.Duration `default:"2m" help:"About how long to measure (${default}); each request takes a few rounds at least."`
	Seed     uint64        `help:"For the values in the requests; a new one each time without it."`

	Module string `placeholder:"PATH" help:"For --envoy: ${module}. Without it: the one beside this program."`

	Output string `enum:"text,json" default:"text" help:"text, or json, on stdout."`
	JSON   string `name:"json" placeholder:"FILE" help:"Write everything into this file as JSON, too."`
	HTML   string `name:"html" placeholder:"FILE" help:"Write what --rules found as a page with a picture, too."`
	// --build runs the program anew for each engine that it builds.
	BuildKind string `hidden:"" enum:",stock,off,on" default:""`
	Pprof     string `placeholder:"FILE" help:"Then profile Seawall alone, for a quarter of the time, into this file for go tool pprof."`
	All       bool   `help:"Show every rule that ran, not only the 40 dearest."`
}

func (c *benchCommand) Run(s *session) error {
	err := c.run(s)
	if s.ctx.Err() != nil && errors.Is(err, s.ctx.Err()) {
		return &exitError{code: exitInterrupted}
	}
	return err
}

func (c *benchCommand) run(s *session) error {
	switch {
	case c.Paranoia < 1 || c.Paranoia > 4:
		return fmt.Errorf("--paranoia %d is not within 1 to 4", c.Paranoia)
	case c.Time < 0 || c.Time > time.Hour:
		return fmt.Errorf("--time %s is not within 0s to 1h", c.Time)
	case c.HTML != "" && !c.Rules:
		return errors.New("--html is for --rules")
	case c.Peer != "" && c.Peer != "libmodsecurity":
		return fmt.Errorf("--peer %s is not known; libmodsecurity is", c.Peer)
	case c.Peer != "" && c.Config != "":
		return errors.New("--peer measures the Core Rule Set only, not --config")
	}
	for _, file := range [][2]string{{"--json", c.JSON}, {"--html", c.HTML}, {"--pprof", c.Pprof}} {
		if err := writable(file[0], file[1], slices.Concat(c.Request, []string{c.Config})...); err != nil {
			return err
		}
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	var policy *bench.Policy
	if err := s.interruptibly(func() (err error) { policy, err = c.policy(); return err }); err != nil {
		return err
	}
	switch {
	case c.Rules:
		return c.rules(s, policy)
	case c.Envoy:
		return c.envoy(s, policy)
	case c.Build:
		return c.build(s, policy)
	case c.BuildKind != "":
		return c.buildKind(s, policy)
	}
	return c.engine(s, policy)
}

// policy is what is measured.
func (c *benchCommand) policy() (*bench.Policy, error) {
	if c.Config == "" {
		if c.Policy != "" {
			return nil, errors.New("--policy names a policy of --config, which is missing")
		}
		return bench.CoreRuleSet(c.Paranoia)
	}
	document, err := readInput(c.Config, maxConfigBytes)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	policy, err := bench.PolicyOf(document, c.Policy)
	if err != nil {
		return nil, fmt.Errorf("--config %s: %w", c.Config, err)
	}
	return policy, nil
}

// cases are what --only and --request name, or what is usual.
func (c *benchCommand) cases(usual ...string) ([]*bench.Case, error) {
	own, err := bench.CasesOf(c.Seed, c.Request)
	if err != nil {
		return nil, fmt.Errorf("--request: %w", err)
	}
	if len(c.Only) > 0 || len(own) > 0 {
		usual = c.Only
	}
	cases, err := bench.Cases(c.Seed, usual)
	if err != nil {
		return nil, fmt.Errorf("--only: %w", err)
	}
	return append(own, cases...), nil
}

func (c *benchCommand) engine(s *session, policy *bench.Policy) error {
	cases, err := c.cases(bench.Names...)
	if err != nil {
		return err
	}
	peer, err := c.startPeer(s)
	if err != nil {
		return err
	}
	subjects, err := bench.Subjects(policy)
	if err != nil {
		return err
	}
	for _, line := range bench.Unscreened(subjects) {
		fmt.Fprintln(s.stderr, "bench: "+line)
	}
	if peer != nil {
		defer peer.Close()
		subjects = append(subjects, peer)
	}
	results, err := bench.Measure(s.ctx, cases, subjects, bench.Plan{Time: c.Time, Progress: s.stderr})
	if err != nil {
		return err
	}
	if c.Pprof != "" {
		err := s.writeFile("--pprof", c.Pprof, func(w io.Writer) error {
			return bench.Profile(s.ctx, cases, subjects, c.Time/4, w)
		})
		if err != nil {
			return err
		}
	}
	report := &bench.Report{Policy: policy.Name, Seed: c.Seed, Machine: bench.ThisMachine(), Cases: results}
	if err := c.write(s, report); err != nil {
		return err
	}
	if c.Output == "text" {
		if err := report.Text(s.stdout); err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "\n%s\n", report.Summary())
	}
	if report.Differences() > 0 {
		return &exitError{code: exitFinding}
	}
	return nil
}
