package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// benign adds requests as honest clients send them, at the two lower levels: what
// the screen is for, and where a rule that fires must fire for both.
func (in *inputs) benign() error {
	text, err := os.ReadFile(filepath.Join(root(), "e2e", "equal", "testdata", "benign.http"))
	if err != nil {
		return err
	}
	for level := 1; level <= 2; level++ {
		rules := crsRules(level, "On")
		if err := in.file("benign", rules, text); err != nil {
			return fmt.Errorf("benign.http: %w", err)
		}
	}
	return nil
}
