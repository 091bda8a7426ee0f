package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
	"github.com/seawall-waf/seawall/filter"
)

type explainCommand struct {
	Request string `arg:"" optional:"" placeholder:"REQUEST" help:"A file with the request, or - for stdin: a curl command line, raw HTTP, HAR, an audit log's record, an event. Or a URL."`

	Config string `placeholder:"FILE" help:"Seawall's document, YAML or JSON. Without it: the Core Rule Set."`
	Curl   string `placeholder:"LINE" help:"The request as a curl command line."`
	ID     string `name:"id" placeholder:"BLOCKID" help:"Explain the exchange with this ID in --log."`
	Log    string `placeholder:"FILE" help:"Events (of seawall run --events, or Envoy's log) or an audit log; - for stdin."`
	Entry  int    `placeholder:"N" help:"Which entry of a HAR file, from 1."`
	Client string `placeholder:"ADDRESS" help:"The client's IP address; without it 127.0.0.1, or the record's."`

	ReadFiles bool `help:"Read the files that a curl command line names (-d @FILE); look at the line first."`

	Prove   bool   `negatable:"" default:"true" help:"Replay the request, and CRS's own attacks, with each exclusion that is shown."`
	Attacks int    `default:"60" help:"How many of CRS's attacks at most to replay for a category (${default})."`
	Output  string `enum:"text,json" default:"text" help:"text or json."`
}

// An explainReport is what --output json prints.
type explainReport struct {
	Source  string   `json:"source"`
	Request string   `json:"request"` // "GET /search?q=1 HTTP/1.1"
	Host    string   `json:"host"`
	Missing []string `json:"missing,omitempty"`

	*filter.Explanation
	Timing   *filter.Timing  `json:"timing,omitempty"`
	Event    *exchange.Event `json:"event,omitempty"`
	Remedies []*remedy       `json:"remedies,omitempty"`
}

func (c *explainCommand) Run(s *session) error {
	return s.interruptibly(func() error { return c.explain(s) })
}

func (c *explainCommand) explain(s *session) error {
	x, err := c.read()
	if err != nil {
		return err
	}
	if c.Client != "" {
		if client, err := netip.ParseAddr(c.Client); err != nil || client.Zone() != "" {
			return fmt.Errorf("--client %q is no IP address, such as 192.0.2.1", c.Client)
		}
		x.Client = c.Client
	}
	x.ThroughEnvoy()
	if c.Attacks < 0 || c.Attacks > 1000 {
		return fmt.Errorf("--attacks %d is not within 0 to 1000", c.Attacks)
	}
	config, err := c.config()
	if err != nil {
		return err
	}
	report := &explainReport{Source: x.Source, Request: x.Method + " " + x.Path + " " + x.Protocol, Host: x.Host, Missing: x.Missing, Event: x.Event}
	explainer := filter.NewExplainer(config)
	if x.Event != nil {
		report.Explanation = explainEvent(x.Event)
	} else if report.Explanation, err = explainer.Explain(x.Filter()); err != nil {
		return fmt.Errorf("--config %s: %w", c.Config, err)
	} else if report.Timing, err = explainer.Time(x.Filter()); err != nil {
		return err
	}
	if report.Blocked() {
		prover := &prover{session: s, explainer: explainer, request: x, found: report.Explanation, attacks: c.Attacks, prove: c.Prove}
		if report.Remedies, err = prover.remedies(); err != nil {
			return err
		}
	}
	if err := s.ctx.Err(); err != nil {
		return &exitError{code: exitInterrupted}
	}
	if err := c.write(s, report); err != nil {
		return err
	}
	if report.Blocked() {
		return &exitError{code: exitFinding}
	}
	return nil
}

func (c *explainCommand) write(s *session, report *explainReport) error {
	if c.Output == "json" {
		encoder := terminal.JSON(s.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	text := explainText{colour: s.env("NO_COLOR") == "" && terminal.Is(s.stdout)}
	_, err := io.WriteString(s.stdout, text.write(report))
	return err
}

func (c *explainCommand) config() (*filter.Config, error) {
	var document []byte
	if c.Config != "" {
		var err error
		if document, err = readInput(c.Config, maxConfigBytes); err != nil {
			return nil, fmt.Errorf("--config: %w", err)
		}
	}
	config, err := filter.ParseConfig(document)
	if err != nil {
		return nil, fmt.Errorf("--config %s: %w", c.Config, err)
	}
	return config, nil
}

// read finds the request in the one place that was given.
func (c *explainCommand) read() (*exchange.Exchange, error) {
	given := 0
	for _, s := range []string{c.Request, c.Curl, c.ID} {
		if s != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return nil, errors.New("explain what? Give a file, -, a URL, --curl LINE, or --id BLOCKID --log FILE")
	case given > 1:
		return nil, errors.New("give one of a request, --curl and --id")
	case c.ID != "" && c.Log == "":
		return nil, errors.New("--id needs --log, the file that has the event")
	case c.Log != "" && c.ID == "":
		return nil, errors.New("--log needs --id, the ID of the exchange (x-seawall-id of the reply)")
	case c.Curl != "":
		x, err := exchange.Reader{Files: c.ReadFiles}.Curl(c.Curl)
		if err != nil {
			return nil, fmt.Errorf("--curl: %w", err)
		}
		return x, nil
	case c.ID != "":
		in, err := open(c.Log)
		if err != nil {
			return nil, fmt.Errorf("--log: %w", err)
		}
		defer in.Close()
		x, err := exchange.Find(in, c.ID)
		if err != nil {
			return nil, fmt.Errorf("--log %s: %w", c.Log, err)
		}
		return x, nil
	}
	return c.readRequest()
}

func (c *explainCommand) readRequest() (*exchange.Exchange, error) {
	text := []byte(c.Request)
	if !exchange.Inline(c.Request) {
		var err error
		if text, err = readInput(c.Request, exchange.MaxText); err != nil {
			return nil, fmt.Errorf("reading the request: %w", err)
		}
	}
	x, err := exchange.Reader{Entry: c.Entry, Files: c.ReadFiles}.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%.60s: %w", c.Request, err)
	}
	return x, nil
}

func open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	return os.Open(name)
}
