package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// A Peer is another engine in a process of its own: modsecurity/driver.c, which
// speaks of the protocol.
type Peer struct {
	name    string
	Version string // as the engine names itself
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	dir     string // of its rules
}

// StartModSecurity starts the driver with CRS at a paranoia level.
func StartModSecurity(ctx context.Context, driver string, paranoia int) (*Peer, error) {
	dir, err := os.MkdirTemp("", "seawall-bench-")
	if err != nil {
		return nil, fmt.Errorf("starting libmodsecurity: %w", err)
	}
	p := &Peer{name: "libmodsecurity", dir: dir}
	if err := p.start(ctx, driver, paranoia); err != nil {
		return nil, errors.Join(fmt.Errorf("starting libmodsecurity: %w", err), os.RemoveAll(dir))
	}
	return p, nil
}

func (p *Peer) start(ctx context.Context, driver string, paranoia int) error {
	rules, err := modSecurityRules(p.dir, paranoia)
	if err != nil {
		return err
	}
	p.command = exec.CommandContext(ctx, driver, rules)
	var fault strings.Builder
	p.command.Stderr = &fault
	if p.in, err = p.command.StdinPipe(); err != nil {
		return err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return err
	}
	p.out = bufio.NewReader(out)
	if err := p.command.Start(); err != nil {
		return err
	}
	line, err := p.out.ReadString('\n')
	version, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ready {
		_ = p.in.Close()
		return errors.Join(fmt.Errorf("it says: %s", strings.TrimSpace(fault.String())), p.command.Wait())
	}
	p.Version = version
	return nil
}

// Close ends the process and removes its rules.
func (p *Peer) Close() error {
	_ = p.in.Close()
	return errors.Join(p.command.Wait(), os.RemoveAll(p.dir))
}

// Name implements Subject.
func (p *Peer) Name() string { return p.name }

// Run implements Subject. Reading the batch is not in the cost, and there is no
// count of allocations.
func (p *Peer) Run(batch []*Exchange) (Cost, []bool, error) {
	w := bufio.NewWriter(p.in)
	number := func(n int) { text(w, fmt.Sprint(n)) }
	headers := func(all [][2]string) {
		number(len(all))
		for _, h := range all {
			text(w, h[0])
			text(w, h[1])
		}
	}
	number(len(batch))
	for _, x := range batch {
		text(w, x.Method)
		text(w, x.Path)
		text(w, x.Host)
		headers(x.Headers)
		text(w, string(x.Body))
		number(x.Status)
		headers(x.ResponseHeaders)
		text(w, string(x.ResponseBody))
	}
	if err := w.Flush(); err != nil {
		return Cost{}, nil, fmt.Errorf("sending to %s: %w", p.name, err)
	}
	var nanos float64
	var outcomes string
	if _, err := fmt.Fscanf(p.out, "%g %s\n", &nanos, &outcomes); err != nil || len(outcomes) != len(batch) {
		return Cost{}, nil, fmt.Errorf("reading what %s took: %q: %w", p.name, outcomes, errors.Join(err, io.ErrUnexpectedEOF))
	}
	denied := make([]bool, len(batch))
	for i := range denied {
		denied[i] = outcomes[i] == '1'
	}
	return Cost{Nanos: nanos}, denied, nil
}

// text writes a netstring.
func text(w *bufio.Writer, s string) {
	fmt.Fprintf(w, "%d:", len(s))
	_, _ = w.WriteString(s) // Flush tells
}
