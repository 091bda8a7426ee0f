package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/attack"
	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

type attackCommand struct {
	URLs     []string      `arg:"" optional:"" name:"url" default:"http://127.0.0.1:8080" help:"The servers to attack (${default})."`
	Owned    bool          `name:"i-own-this-host" help:"Allow a server that is not on loopback."`
	CRS      bool          `name:"crs" help:"Send the Core Rule Set's own attacks, too: those that it stops at --paranoia."`
	Paranoia int           `default:"1" help:"The server's paranoia level, 1 to 4, for --crs (${default})."`
	Class    []string      `placeholder:"NAME" help:"Send only attacks of these classes: sqli, xss, lfi, rfi, rce, php, java, ssrf, scanner ... Innocent requests are always sent."`
	Count    int           `default:"300" help:"Requests to send at most in a round, 1 to 5000 (${default}); with --crs a spread over all classes."`
	Rate     int           `default:"50" help:"Requests a second, 1 to 200 (${default})."`
	Rounds   int           `default:"1" help:"Times to send everything, 1 to 20 (${default})."`
	Wait     time.Duration `default:"0s" help:"How long to wait for the server to listen (${default})."`
	Output   string        `enum:"text,json" default:"text" help:"text, or json: one object for each server, one a line."`
}

func (c *attackCommand) Run(s *session) error {
	err := c.run(s)
	if s.ctx.Err() != nil && errors.Is(err, s.ctx.Err()) {
		return &exitError{code: exitInterrupted} // its user knows
	}
	return err
}

func (c *attackCommand) run(s *session) error {
	for _, bound := range []struct {
		name        string
		value, most int
	}{{"rate", c.Rate, 200}, {"rounds", c.Rounds, 20}, {"count", c.Count, 5000}, {"paranoia", c.Paranoia, 4}} {
		if bound.value < 1 || bound.value > bound.most {
			return fmt.Errorf("--%s %d is not within 1 to %d", bound.name, bound.value, bound.most)
		}
	}
	if c.Wait < 0 {
		return fmt.Errorf("--wait %s is less than 0s", c.Wait)
	}
	targets := make([]*target, len(c.URLs))
	for i, text := range c.URLs {
		target, err := c.target(s, text)
		if err != nil {
			return err
		}
		targets[i] = target
	}
	cases, err := c.cases(s)
	if err != nil {
		return err
	}
	fine := true
	for _, target := range targets {
		report, err := c.attack(s, target, cases)
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

// cases are what --crs, --class and --count make of all that there are: first
// ours, then CRS's.
func (c *attackCommand) cases(s *session) ([]attack.Case, error) {
	ours := attack.Cases()
	var theirs []attack.Case
	if c.CRS {
		var err error
		if theirs, err = attack.FromCRS(s.ctx, c.Paranoia); err != nil {
			return nil, err
		}
	}
	var classes []string
	for _, one := range slices.Concat(ours, theirs) {
		if !one.Benign() && !slices.Contains(classes, one.Class) {
			classes = append(classes, one.Class)
		}
	}
	for _, class := range c.Class {
		if !slices.Contains(classes, class) {
			hint := ""
			if !c.CRS {
				hint = "; --crs has more"
			}
			return nil, fmt.Errorf("--class %s is not known; there are %s%s", class, strings.Join(classes, ", "), hint)
		}
	}
	unwanted := func(one attack.Case) bool {
		return len(c.Class) > 0 && !one.Benign() && !slices.Contains(c.Class, one.Class)
	}
	ours, theirs = slices.DeleteFunc(ours, unwanted), slices.DeleteFunc(theirs, unwanted)
	if len(ours) > c.Count {
		return attack.Spread(ours, c.Count), nil
	}
	return append(ours, attack.Spread(theirs, c.Count-len(ours))...), nil
}

// A target is a server to attack.
type target struct {
	*url.URL
	// addresses are those of this machine that it has; none where it is its user's own.
	addresses []netip.Addr
}

// target checks a URL: it must be of this machine, or its user's own. HOST:PORT
// alone means http.
func (c *attackCommand) target(s *session, text string) (*target, error) {
	whole := text
	if !strings.Contains(text, "://") {
		whole = "http://" + text
	}
	u, err := url.Parse(whole)
	switch {
	case err != nil:
		return nil, fmt.Errorf("attacking %s: %w", text, err)
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, fmt.Errorf("attacking %s: want http://HOST:PORT", text)
	}
	if err := checkPort(u.Port()); err != nil {
		return nil, fmt.Errorf("attacking %s: %w", text, err)
	}
	if c.Owned {
		return &target{URL: u}, nil
	}
	addresses, err := attack.Loopback(s.ctx, u.Hostname(), net.DefaultResolver.LookupNetIP)
	if err != nil {
		return nil, fmt.Errorf("attacking %s: %w; if it is yours to attack, say --i-own-this-host", text, err)
	}
	return &target{u, addresses}, nil
}

// checkPort refuses what no TCP port can be; "" is the scheme's own.
func checkPort(port string) error {
	if n, err := strconv.Atoi(port); port != "" && (err != nil || n < 1 || n > 65535) {
		return fmt.Errorf("port %s is not within 1 to 65535", port)
	}
	return nil
}

func (c *attackCommand) attack(s *session, target *target, cases []attack.Case) (*attack.Report, error) {
	report := &attack.Report{Target: target.String()}
	text := attack.Text{W: s.stdout, Colour: s.env("NO_COLOR") == "" && terminal.Is(s.stdout)}
	progress := newProgress(s.stderr, len(cases)*c.Rounds)
	each := func(r attack.Result) {
		if c.Output == "text" && len(report.Results) == 0 { // a server that never answers has no table
			text.Begin(report.Target)
		}
		report.Add(r)
		if c.Output == "text" && (!c.CRS || !r.OK) {
			progress.clear()
			text.Row(r)
		}
		if c.Output != "text" || c.CRS { // otherwise the rows tell
			progress.show(len(report.Results))
		}
	}
	plan := attack.Plan{Cases: cases, Rate: c.Rate, Rounds: c.Rounds, Timeout: 10 * time.Second, Wait: c.Wait, Addresses: target.addresses}
	err := attack.Send(s.ctx, target.URL, plan, each)
	progress.clear()
	if err != nil {
		return nil, err
	}
	report.Sum()
	if c.Output == "text" {
		text.End(report)
		return report, nil
	}
	return report, json.NewEncoder(s.stdout).Encode(report)
}
