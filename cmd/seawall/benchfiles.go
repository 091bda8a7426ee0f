package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// write puts a report into the JSON file, and on stdout, where that is asked for.
func (c *benchCommand) write(s *session, report any) error {
	print := func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(report)
	}
	if c.JSON != "" {
		if err := s.writeFile("--json", c.JSON, print); err != nil {
			return err
		}
	}
	if c.Output == "json" {
		return print(s.stdout)
	}
	return nil
}

// writeFile writes a file; writable has looked at its name. flag is for errors. As
// other programs do, it waits for the reader of a FIFO: os.Create opens to read, too,
// and what it writes is lost where nobody else reads.
func (s *session) writeFile(flag, name string, print func(io.Writer) error) error {
	return s.interruptibly(func() error { return writeFile(flag, name, print) })
}

func writeFile(flag, name string, print func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if err := print(file); err != nil {
		_ = file.Close()
		return fmt.Errorf("%s: %w", flag, err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}
