package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

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
	matching := regexp.MustCompile(lowerNames(pattern))
	return slices.ContainsFunc(f.lines, func(line string) bool { return matching.MatchString(lowerNames(line)) })
}

var headerVariable = regexp.MustCompile(`(REQUEST|RESPONSE)_HEADERS:[\w-]+`)

// lowerNames writes the names of header fields as Envoy gives them to its filters,
// and as HTTP/2 has them: "REQUEST_HEADERS:Referer" in a log line, or in what is
// expected of one, becomes "REQUEST_HEADERS:referer".
func lowerNames(text string) string {
	return headerVariable.ReplaceAllStringFunc(text, func(v string) string {
		collection, name, _ := strings.Cut(v, ":")
		return collection + ":" + strings.ToLower(name)
	})
}

// with is the same findings with these log lines.
func (f findings) with(lines []string) findings {
	f.lines = lines
	return f
}

// covers reports whether every rule of other is in f.
func (f findings) covers(other findings) bool {
	return !slices.ContainsFunc(other.ids, func(id int) bool { return !slices.Contains(f.ids, id) })
}

// reads reports whether a test can only be judged by the lines' text.
func reads(expect test.Output) bool {
	return expect.Log.MatchRegex != "" || expect.Log.NoMatchRegex != ""
}
