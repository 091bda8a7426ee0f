package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/record"
	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
	"github.com/seawall-waf/seawall/cmd/seawall/tuning"
)

type tuneCommand struct {
	Logs       []string `arg:"" name:"log" help:"Logs with Seawall's events, in Envoy's own or another's lines, or Coraza's audit logs; - is stdin."`
	Config     string   `placeholder:"FILE" help:"The document that was in force. Without it: the Core Rule Set."`
	Policy     string   `placeholder:"NAME" help:"The policy of the document to tune; without it the default one."`
	MinEvents  int      `default:"10" placeholder:"N" help:"Propose nothing for fewer events (${default})."`
	MinClients int      `default:"3" placeholder:"N" help:"Propose nothing for fewer clients (${default})."`
	Out        string   `short:"o" placeholder:"FILE" help:"Write the exclusions into this file, to be included behind the Core Rule Set."`
	Output     string   `enum:"text,json" default:"text" help:"text, or json."`
}

// A tuned is what a tuning came to.
type tuned struct {
	Policy     string              `json:"policy"`
	Events     int                 `json:"events"`
	Denied     int                 `json:"denied"` // or would have been
	OfOthers   map[string]int      `json:"events_of_other_policies,omitempty"`
	Scanners   int                 `json:"attacking_clients"`
	OfScanners int                 `json:"events_of_attacking_clients"`
	OfNothing  int                 `json:"events_not_found"`
	Unkept     int                 `json:"events_too_varied_to_keep"`
	Proposed   []*tuning.Exclusion `json:"proposed"`
	Passing    tuning.Passing      `json:"lets_pass"`
	Refused    []tuning.Refused    `json:"not_proposed"`
	Proof      *tuning.Proof       `json:"proof"`
	Before     string              `json:"before,omitempty"` // SecLang
	After      string              `json:"after,omitempty"`

	traffic *tuning.Traffic
}

func (c *tuneCommand) Run(s *session) error {
	return s.interruptibly(func() error { return c.run(s) })
}

func (c *tuneCommand) run(s *session) error {
	for _, name := range [2]string{c.Out, c.outs()[0]} {
		if err := writable("-o", name, slices.Concat(c.Logs, []string{c.Config})...); err != nil {
			return err
		}
	}
	limits := tuning.Limits{Events: c.MinEvents, Clients: c.MinClients}
	policy, err := policyOf(limits, c.Config, c.Policy)
	if err != nil {
		return err
	}
	result := &tuned{Policy: policy.Name, traffic: &tuning.Traffic{}, OfOthers: map[string]int{},
		Proposed: []*tuning.Exclusion{}, Refused: []tuning.Refused{}} // [] in JSON, not null
	if err := c.read(s, policy, result); err != nil {
		return err
	}
	if err := result.tune(s, policy, limits); err != nil {
		if s.ctx.Err() != nil {
			return &exitError{code: exitInterrupted}
		}
		return err
	}
	files, err := c.write(s, result)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		encoder := terminal.JSON(s.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result)
	}
	result.text(s.stdout, c.Out, files)
	return nil
}

func (c *tuneCommand) read(s *session, policy *tuning.Policy, result *tuned) error {
	reader := &record.Reader{
		Event: func(r *record.Record) {
			if c.Config != "" && r.Policy != policy.Name {
				result.OfOthers[r.Policy]++
				return
			}
			result.traffic.Add(r)
		},
	}
	if err := readLogs(s, c.Logs, reader, policy, result.traffic.Add); err != nil {
		return err
	}
	if reader.Events+reader.Audits == 0 {
		return fmt.Errorf("no event in %d lines of %s: Envoy's own log has them, and the file of `seawall run --events`",
			reader.Lines, strings.Join(c.Logs, ", "))
	}
	result.Events, result.Denied = result.traffic.Events, result.traffic.Denied
	result.Scanners, result.OfScanners, result.Unkept = result.traffic.Scanners(), result.traffic.OfScanners, result.traffic.Unkept
	result.OfNothing = result.traffic.OfNothing
	return nil
}

func (t *tuned) tune(s *session, policy *tuning.Policy, limits tuning.Limits) error {
	proposed, refused := t.traffic.Propose(limits, policy.Catalogue)
	t.Proposed, t.Refused = append(t.Proposed, proposed...), append(t.Refused, refused...)
	if len(proposed) == 0 {
		return nil
	}
	fmt.Fprintf(s.stderr, "tune: %d events read, %d exclusions to prove\n", t.Events, len(proposed))
	proven, proof, err := policy.Prove(s.ctx, proposed)
	if err != nil {
		return err
	}
	t.Proposed, t.Proof = append([]*tuning.Exclusion{}, proven...), proof
	t.Passing = t.traffic.Estimate(proven, policy.Catalogue, policy.Scoring)
	conf := tuning.NewConf(proven, policy.Catalogue)
	if conf.Before != "" {
		t.Before = conf.Head("before", t.traffic, proof) + conf.Before
	}
	if conf.After != "" {
		t.After = conf.Head("behind", t.traffic, proof) + conf.After
	}
	return nil
}

// outs are the files that it may write, in the order of their Include; "" for none.
func (c *tuneCommand) outs() (names [2]string) {
	if c.Out == "" {
		return names
	}
	extension := filepath.Ext(c.Out)
	return [2]string{strings.TrimSuffix(c.Out, extension) + "-before" + extension, c.Out}
}

// write returns the names of the files that it wrote, in the order of their Include.
func (c *tuneCommand) write(s *session, t *tuned) (files [2]string, err error) {
	if c.Out == "" {
		return files, nil
	}
	names := c.outs()
	for i, text := range []string{t.Before, t.After} {
		if text == "" {
			continue
		}
		if err := s.writeFile("-o", names[i], func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		}); err != nil {
			return files, err
		}
		files[i] = names[i]
	}
	return files, nil
}

func (t *tuned) text(w io.Writer, out string, files [2]string) {
	p := printer(func(format string, args ...any) {
		if rest, found := strings.CutPrefix(format, "\n"); found {
			fmt.Fprintln(w)
			format = rest
		}
		fmt.Fprintln(w, terminal.Printable(fmt.Sprintf(format, args...))) // it holds what clients sent
	})
	p("%d events, %d denied or would be; policy %s", t.Events, t.Denied, t.Policy)
	for _, name := range slices.Sorted(maps.Keys(t.OfOthers)) {
		p("%d events of the policy %s are left out: --policy %s tunes that", t.OfOthers[name], name, name)
	}
	if t.OfScanners > 0 {
		p("%s left out: from attacking clients (%d), once these were known by five of CRS's attack classes or by their own word", eventsAre(t.OfScanners), t.Scanners)
	}
	if t.OfNothing > 0 {
		p("%s left out: the upstream has nothing at their paths (404, 410)", eventsAre(t.OfNothing))
	}
	if t.Unkept > 0 {
		p("%s left out: too varied to keep", eventsAre(t.Unkept))
	}
	t.proposals(w, p)
	for i, r := range t.Refused {
		if i == 0 {
			p("\nNot proposed")
		}
		if i == mostRefused {
			p("  ... and %d more", len(t.Refused)-i)
			break
		}
		p("  %d %s %s: %s", r.Rule, r.Target, pathsOf(r.Cluster), r.Reason)
	}
	t.ending(w, p, out, files)
}

const mostRefused = 20
