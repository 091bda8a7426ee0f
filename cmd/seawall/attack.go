package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/attack"
	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

type attackCommand struct {
	URLs   []string      `arg:"" optional:"" name:"url" default:"http://127.0.0.1:8080" help:"The servers to attack (${default})."`
	Owned  bool          `name:"i-own-this-host" help:"Allow a server that is not on loopback."`
	Rate   int           `default:"50" help:"Requests a second, 1 to 200 (${default})."`
	Rounds int           `default:"1" help:"Times to send everything, 1 to 20 (${default})."`
	Wait   time.Duration `default:"0s" help:"How long to wait for the server to listen (${default})."`
	Output string        `enum:"text,json" default:"text" help:"text, or json: one object for each server, one a line."`
}

func (c *attackCommand) Run(s *session) error {
	err := c.run(s)
	if s.ctx.Err() != nil && errors.Is(err, s.ctx.Err()) {
		return &exitError{code: exitInterrupted} // its user knows
	}
	return err
}

func (c *attackCommand) run(s *session) error {
	if c.Rate < 1 || c.Rate > 200 {
		return fmt.Errorf("--rate %d is not within 1 to 200", c.Rate)
	}
	if c.Rounds < 1 || c.Rounds > 20 {
		return fmt.Errorf("--rounds %d is not within 1 to 20", c.Rounds)
	}
	targets := make([]*url.URL, len(c.URLs))
	for i, text := range c.URLs {
		target, err := c.target(text)
		if err != nil {
			return err
		}
		targets[i] = target
	}
	fine := true
	for _, target := range targets {
		report, err := c.attack(s, target)
		var unreachable *attack.UnreachableError
		if errors.As(err, &unreachable) {
			return &exitError{code: exitUnreachable, cause: err}
		}
		if err != nil {
			return err
		}
		fine = fine && report.OK()
	}
	if !fine {
		return &exitError{code: exitFinding}
	}
	return nil
}

// target checks a URL: it must be of this machine, or its user's own. HOST:PORT
// alone means http.
func (c *attackCommand) target(text string) (*url.URL, error) {
	whole := text
	if !strings.Contains(text, "://") {
		whole = "http://" + text
	}
	target, err := url.Parse(whole)
	switch {
	case err != nil:
		return nil, fmt.Errorf("attacking %s: %w", text, err)
	case target.Scheme != "http" && target.Scheme != "https", target.Hostname() == "":
		return nil, fmt.Errorf("attacking %s: want http://HOST:PORT", text)
	case !attack.IsLoopback(target.Hostname()) && !c.Owned:
		return nil, fmt.Errorf("attacking %s: %s is not this machine; if it is yours to attack, say --i-own-this-host",
			text, target.Hostname())
	}
	return target, nil
}

func (c *attackCommand) attack(s *session, target *url.URL) (*attack.Report, error) {
	report := &attack.Report{Target: target.String()}
	each := report.Add
	text := attack.Text{W: s.stdout, Colour: s.env("NO_COLOR") == "" && terminal.Is(s.stdout)}
	if c.Output == "text" {
		each = func(r attack.Result) {
			if len(report.Results) == 0 { // a server that never answers has no table
				text.Begin(report.Target)
			}
			report.Add(r)
			text.Row(r)
		}
	}
	plan := attack.Plan{Rate: c.Rate, Rounds: c.Rounds, Timeout: 10 * time.Second, Wait: c.Wait}
	if err := attack.Send(s.ctx, target, plan, each); err != nil {
		return nil, err
	}
	if c.Output == "text" {
		text.End(report)
		return report, nil
	}
	return report, json.NewEncoder(s.stdout).Encode(report)
}
