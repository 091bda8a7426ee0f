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
		if err := writeFile("--json", c.JSON, print); err != nil {
			return err
		}
	}
	if c.Output == "json" {
		return print(s.stdout)
	}
	return nil
}

// writeFile writes a file; folderExists has looked for its folder. flag is for errors.
func writeFile(flag, name string, print func(io.Writer) error) error {
	file, err := os.Create(name)
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
