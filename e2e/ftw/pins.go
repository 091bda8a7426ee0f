package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
)

//go:embed testdata
var testdata embed.FS

// pins returns what is to be seen of each test that does not simply match, by
// the test's ID.
func pins(protocol string) (map[string]string, error) {
	pinned := map[string]string{}
	text, err := testdata.ReadFile("testdata/" + protocol + ".json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &pinned); err != nil {
		return nil, fmt.Errorf("reading the pins of %s: %w", protocol, err)
	}
	return pinned, nil
}

// pin holds what was seen against testdata: a test that ended otherwise has
// failed. With update it writes what was seen instead.
func pin(protocol string, results []result, update bool) error {
	if update {
		seen := map[string]string{}
		for _, r := range results {
			if text := r.exception(); text != "" {
				seen[r.Test] = text
			}
		}
		return writeJSON(filepath.Join("e2e", "ftw", "testdata", protocol+".json"), seen)
	}
	pinned, err := pins(protocol)
	if err != nil {
		return err
	}
	for i := range results {
		r := &results[i]
		if seen := r.exception(); seen != pinned[r.Test] {
			r.Class, r.Drift = failed, fmt.Sprintf("seen %q, but testdata has %q", seen, pinned[r.Test])
		}
	}
	return nil
}

// exception is each stage's class and cause; empty if all of them match.
func (r *result) exception() string {
	var stages []string
	plain := true
	for _, s := range r.Stages {
		plain = plain && s.Class == matched
		stages = append(stages, strings.TrimSuffix(s.Class+": "+s.Cause, ": "))
	}
	if plain {
		return ""
	}
	return strings.Join(stages, " | ")
}
