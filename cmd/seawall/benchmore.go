package main

import (
	"fmt"
	"path/filepath"

	"github.com/seawall-waf/seawall/cmd/seawall/bench"
	"github.com/seawall-waf/seawall/envoy/launch"
)

func (c *benchCommand) rules(s *session, policy *bench.Policy) error {
	cases, err := c.cases("mixed")
	if err != nil {
		return err
	}
	report, err := bench.MeasureRules(s.ctx, policy, cases, bench.Plan{Time: c.Time, Progress: s.stderr})
	if err != nil {
		return err
	}
	report.Seed = c.Seed
	if c.HTML != "" {
		if err := s.writeFile("--html", c.HTML, report.HTML); err != nil {
			return err
		}
	}
	if err := c.write(s, report); err != nil || c.Output != "text" {
		return err
	}
	const dearest = 40
	if c.All {
		return report.Text(s.stdout, 0)
	}
	return report.Text(s.stdout, dearest)
}

func (c *benchCommand) envoy(s *session, policy *bench.Policy) error {
	cases, err := c.cases("browser", "mixed")
	if err != nil {
		return err
	}
	setUp := runCommand{Module: c.Module, EnvoyVersion: launch.DefaultVersion}
	module, err := setUp.modulePath()
	if err != nil {
		return err
	}
	path, err := setUp.findEnvoy(s)
	if err != nil {
		return err
	}
	version, err := launch.Version(s.ctx, path)
	if err != nil {
		return err
	}
	results, err := bench.MeasureEnvoy(s.ctx, cases, bench.EnvoyPlan{
		Plan: bench.Plan{Time: c.Time, Progress: s.stderr}, Path: path, ModuleDir: filepath.Dir(module), Policy: policy,
	})
	if err != nil {
		return err
	}
	report := &bench.EnvoyReport{Policy: policy.Name, Seed: c.Seed, Envoy: version, Machine: bench.ThisMachine(), Results: results}
	if err := c.write(s, report); err != nil || c.Output != "text" {
		return err
	}
	if err := report.Text(s.stdout); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "\n%s\n", report.Summary())
	return nil
}
