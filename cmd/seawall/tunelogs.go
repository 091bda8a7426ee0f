package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/cmd/seawall/record"
	"github.com/seawall-waf/seawall/cmd/seawall/tuning"
	"github.com/seawall-waf/seawall/filter"
)

// readLogs reads the files, "-" being stdin, into a reader. What is in audit logs policy
// judges, for add.
func readLogs(s *session, names []string, reader *record.Reader, policy *tuning.Policy, add func(*record.Record)) error {
	unread := 0
	reader.Audit = func(text []byte) {
		x, err := exchange.Read(text, 0)
		if err != nil || x.Event != nil {
			unread++
			return
		}
		add(policy.Judge(x))
	}
	for _, name := range names {
		if err := readLog(s, name, reader); err != nil {
			return err
		}
	}
	if reader.Overlong > 0 {
		fmt.Fprintf(s.stderr, "%d lines of more than 1 MiB were skipped\n", reader.Overlong)
	}
	if unread > 0 {
		fmt.Fprintf(s.stderr, "records of an audit log left out, for they could not be read: %d\n", unread)
	}
	if reader.Cut > 0 {
		fmt.Fprintf(s.stderr, "records of an audit log left out, for they are cut short, without part Z: %d\n", reader.Cut)
	}
	if reader.Faults > 0 {
		fmt.Fprintf(s.stderr, "%d events are of faults of Seawall's own (\"event\":\"seawall_error\"): look at them\n", reader.Faults)
	}
	return nil
}

func readLog(s *session, name string, reader *record.Reader) error {
	file := os.Stdin
	if name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return fmt.Errorf("opening a log: %w", err)
		}
		defer file.Close()
	}
	err := reader.Read(untilDone{s, file})
	if err != nil && s.ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

// untilDone ends a file with the session.
type untilDone struct {
	session *session
	io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.session.ctx.Err(); err != nil {
		return 0, err
	}
	return u.Reader.Read(p)
}

// configOf reads the document that a log was written under; "" is the default one.
func configOf(file string) (*filter.Config, error) {
	var document []byte
	if file != "" {
		var err error
		if document, err = readInput(file, maxConfigBytes); err != nil {
			return nil, fmt.Errorf("--config: %w", err)
		}
	}
	config, err := filter.ParseConfig(document)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if config.Disabled {
		return nil, errors.New(file + ": it says disabled: true")
	}
	return config, nil
}

// policyOf checks what tune and report are told before they read a log, and finds the
// policy.
func policyOf(limits tuning.Limits, config, policy string) (*tuning.Policy, error) {
	if limits.Events < 1 || limits.Clients < 1 {
		return nil, errors.New("--min-events and --min-clients must be at least 1")
	}
	parsed, err := configOf(config)
	if err != nil {
		return nil, err
	}
	return tuning.NewPolicy(parsed, policy)
}
