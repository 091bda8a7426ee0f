package main

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/coreruleset/go-ftw/v2/test"
)

// findings are the rules that matched in one exchange and that log.
type findings struct {
	ids   []int    // sorted, each once
	lines []string // the log line of each match, where they were kept
}

func (f *findings) add(id int, line string) {
	if at, found := slices.BinarySearch(f.ids, id); !found {
		f.ids = slices.Insert(f.ids, at, id)
	}
	if line != "" {
		f.lines = append(f.lines, line)
	}
}

// unmet lists what a test expects of the log and does not find there, by the
// same rules as go-ftw.
func (f findings) unmet(expect test.Output) []string {
	var unmet []string
	for _, id := range expect.Log.ExpectIds {
		if !slices.Contains(f.ids, int(id)) {
			unmet = append(unmet, fmt.Sprintf("rule %d is not logged", id))
		}
	}
	for _, id := range expect.Log.NoExpectIds {
		if slices.Contains(f.ids, int(id)) {
			unmet = append(unmet, fmt.Sprintf("rule %d is logged", id))
		}
	}
	if p := expect.Log.MatchRegex; p != "" && !f.matches(p) {
		unmet = append(unmet, "no log line matches "+p)
	}
	if p := expect.Log.NoMatchRegex; p != "" && f.matches(p) {
		unmet = append(unmet, "a log line matches "+p)
	}
	return unmet
}

func (f findings) matches(pattern string) bool {
	return slices.ContainsFunc(f.lines, regexp.MustCompile(pattern).MatchString)
}

// reads reports whether a test can only be judged by the lines' text.
func reads(expect test.Output) bool {
	return expect.Log.MatchRegex != "" || expect.Log.NoMatchRegex != ""
}
