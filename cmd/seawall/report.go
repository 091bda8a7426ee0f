package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/record"
	"github.com/seawall-waf/seawall/cmd/seawall/rollout"
	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
	"github.com/seawall-waf/seawall/cmd/seawall/tuning"
)

type reportCommand struct {
	Logs       []string `arg:"" name:"log" help:"Logs with Seawall's events and, to count all requests, Envoy's access log; or Coraza's audit logs; - is stdin."`
	Config     string   `placeholder:"FILE" help:"The document that was in force. Without it: the Core Rule Set."`
	Policy     string   `placeholder:"NAME" help:"The policy of the document to report on; without it the default one."`
	MinEvents  int      `default:"10" placeholder:"N" help:"Fewer events speak for nothing (${default})."`
	MinClients int      `default:"3" placeholder:"N" help:"Fewer clients speak for nothing (${default})."`
	HTML       string   `name:"html" placeholder:"FILE" help:"Write the report as a page, too."`
	Output     string   `enum:"text,json" default:"text" help:"text, or json."`
}

// Run ends with exit code 1 unless enforcing would be safe or, where the policy
// enforces already, if what it denied looks innocent.
func (c *reportCommand) Run(s *session) error {
	return s.interruptibly(func() error { return c.run(s) })
}

func (c *reportCommand) run(s *session) error {
	if err := writable("--html", c.HTML, slices.Concat(c.Logs, []string{c.Config})...); err != nil {
		return err
	}
	limits := tuning.Limits{Events: c.MinEvents, Clients: c.MinClients}
	policy, err := policyOf(limits, c.Config, c.Policy)
	if err != nil {
		return err
	}
	watch := &rollout.Watch{Limits: limits}
	reader := &record.Reader{
		Event: func(r *record.Record) {
			if c.Config == "" || r.Policy == policy.Name {
				watch.Add(r)
			}
		},
		Access: watch.Access,
	}
	if err := readLogs(s, c.Logs, reader, policy, watch.Add); err != nil {
		return err
	}
	if reader.Events+reader.Audits+reader.Accesses == 0 {
		return fmt.Errorf("no event, and no line of the access log, in %d lines of %s: Envoy's own log has both",
			reader.Lines, strings.Join(c.Logs, ", "))
	}
	report := watch.Report(policy.Scoring.Inbound)
	if c.HTML != "" {
		if err := s.writeFile("--html", c.HTML, func(w io.Writer) error { return report.HTML(w, time.Now()) }); err != nil {
			return err
		}
	}
	if c.Output == "json" {
		encoder := terminal.JSON(s.stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(report); err != nil {
			return err
		}
	} else {
		report.Text(s.stdout)
	}
	if report.Finding() {
		return &exitError{code: exitFinding}
	}
	return nil
}
