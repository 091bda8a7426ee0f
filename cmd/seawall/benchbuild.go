package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/seawall-waf/seawall/cmd/seawall/bench"
)

// build measures in processes of their own, which run buildKind.
func (c *benchCommand) build(s *session, policy *bench.Policy) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("looking for this program: %w", err)
	}
	kinds, err := bench.MeasureBuild(s.ctx, func(kind string) *exec.Cmd {
		args := []string{"bench", "--build-kind", kind, "--paranoia", strconv.Itoa(c.Paranoia), "--seed", strconv.FormatUint(c.Seed, 10)}
		if c.Config != "" {
			args = append(args, "--config", c.Config, "--policy", c.Policy)
		}
		child := exec.CommandContext(s.ctx, program, args...)
		child.Stderr = s.stderr
		return child
	}, s.stderr)
	if err != nil {
		return err
	}
	report := &bench.BuildReport{Policy: policy.Name, Seed: c.Seed, Machine: bench.ThisMachine(), Kinds: kinds}
	if err := c.write(s, report); err != nil || c.Output != "text" {
		return err
	}
	if err := report.Text(s.stdout); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "\n%s\n", report.Summary())
	return nil
}

func (c *benchCommand) buildKind(s *session, policy *bench.Policy) error {
	cost, err := bench.Build(policy, c.BuildKind, c.Seed)
	if err != nil {
		return err
	}
	return json.NewEncoder(s.stdout).Encode(cost)
}
