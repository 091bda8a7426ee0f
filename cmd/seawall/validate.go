package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/lint"
	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

type validateCommand struct {
	Files  []string `arg:"" optional:"" name:"file" help:"Seawall's document, an Envoy configuration with it inside, or a file of directives; - is stdin."`
	Envoy  string   `placeholder:"PATH|URL" help:"Check that the library fits this Envoy: a binary, or the admin interface of a running one."`
	Module string   `placeholder:"PATH" help:"The library for --envoy. Without it: the one beside this program."`
	Output string   `enum:"text,json,sarif" default:"text" help:"text, json, or sarif for code scanning."`
}

// Help is what kong prints below the usage.
func (*validateCommand) Help() string {
	return `Names every fault with file, line and fix, and what loads but guards less than it says. Relative Includes
are looked up as Envoy would: from the working directory.

Exit codes: 0 fine (notes do not count), 1 warnings, 2 a config or library that Envoy would refuse, 3 --envoy URL does not answer.`
}

func (c *validateCommand) Run(s *session) error {
	return s.interruptibly(func() error { return c.validate(s) })
}

func (c *validateCommand) validate(s *session) error {
	if len(c.Files) == 0 && c.Envoy == "" {
		return errors.New("validate: name a file, or - for stdin, or --envoy; see seawall validate --help")
	}
	report := &lint.Report{}
	for _, file := range c.Files {
		contents, err := readInput(file, maxConfigBytes)
		if err != nil {
			return fmt.Errorf("validating: %w", err)
		}
		if file == "-" {
			file = "stdin"
		}
		report.Checked = append(report.Checked, file)
		report.Findings = append(report.Findings, lint.File(file, contents)...)
	}
	var unanswered error
	if c.Envoy != "" {
		checked, findings, err := c.fits(s)
		if unanswered = err; err == nil {
			report.Checked = append(report.Checked, checked)
			report.Findings = append(report.Findings, findings...)
		}
	}
	if len(report.Checked) > 0 { // the files' findings count whatever the Envoy says
		if err := c.print(s, report); err != nil {
			return err
		}
	}
	if unanswered != nil {
		return unanswered
	}
	switch lint.Worst(report.Findings) {
	case lint.Error:
		return &exitError{code: exitUsage}
	case lint.Warning:
		return &exitError{code: exitFinding}
	}
	return nil
}

// maxConfigBytes is twice what the library reads of a document, and all that lint
// reads of an Envoy configuration.
const maxConfigBytes = 8 << 20

func (c *validateCommand) print(s *session, report *lint.Report) error {
	switch c.Output {
	case "json":
		return report.JSON(s.stdout)
	case "sarif":
		return report.SARIF(s.stdout, strings.TrimPrefix(version(), "seawall "))
	}
	report.Text(s.stdout, s.env("NO_COLOR") == "" && terminal.Is(s.stdout))
	return nil
}
