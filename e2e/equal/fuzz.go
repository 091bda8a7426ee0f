package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// fuzz adds what fuzzing has found worth keeping, whatever the target, as the
// payload of requests. (The targets themselves replay it as exchanges, with stock
// as their oracle: make equal runs them.)
func (in *inputs) fuzz() error {
	files, err := filepath.Glob(filepath.Join(root(), "filter", "testdata", "fuzz", "*", "*"))
	if err != nil {
		return err
	}
	more, err := filepath.Glob(filepath.Join(root(), "filter", "*", "testdata", "fuzz", "*", "*"))
	if err != nil {
		return err
	}
	rules := crsRules(2, "On")
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for i, payload := range seeds(string(text)) {
			name := fmt.Sprintf("%s/%s/%d", filepath.Base(filepath.Dir(file)), filepath.Base(file), i)
			in.payload("fuzz", name, rules, payload)
		}
	}
	return nil
}

// seeds reads the values of a corpus file that are bytes or text.
func seeds(file string) []string {
	var values []string
	for line := range strings.Lines(file) {
		for _, kind := range []string{"[]byte(", "string("} {
			literal, ok := strings.CutPrefix(strings.TrimSpace(line), kind)
			if value, err := strconv.Unquote(strings.TrimSuffix(literal, ")")); ok && err == nil {
				values = append(values, value)
			}
		}
	}
	return values
}
