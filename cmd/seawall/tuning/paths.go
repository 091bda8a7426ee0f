package tuning

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// In a pattern the segment anything stands for one of any text, and that of a kind
// for one that looks like such an identifier. None of them is a segment that a rule
// could name, so that no client's path reads as a pattern.
const anything = "*"

// A kind is what identifiers look alike in.
type kind struct {
	segment    string // in a pattern
	expression string // what the pattern matches: no path of words
	shortest   int    // that is taken for one, in bytes
	example    string
}

var kinds = []kind{
	{"{number}", `\d+`, 1, "1"},
	{"{hex}", `[0-9a-fA-F-]{8,}`, 8, "0000000a"}, // a UUID, or another in hexadecimal
	{"{id}", `([A-Za-z_-]*\d){2}[A-Za-z0-9_-]*`, 16, "000000000000000x"},
}

var (
	plainSegment = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)
	digit        = regexp.MustCompile(`\d`)
	wholeKinds   = func() (all []*regexp.Regexp) {
		for _, k := range kinds {
			all = append(all, regexp.MustCompile("^"+k.expression+"$"))
		}
		return all
	}()
)

// kindOf is the kind of identifier that a segment looks like, or stands for; nil
// where it is none.
func kindOf(segment string) *kind {
	for i := range kinds {
		k := &kinds[i]
		if segment == k.segment || len(segment) >= k.shortest && digit.MatchString(segment) && wholeKinds[i].MatchString(segment) {
			return k
		}
	}
	return nil
}

// odd begins what stands for a segment that a rule could not name safely.
const odd = "?"

// segmentsOf makes a path of an event fit to be told apart from others; "" is no
// whole path.
func segmentsOf(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "...") {
		return "" // cut off by the event, or the * of OPTIONS
	}
	segments := strings.Split(path[1:], "/")
	for i, segment := range segments {
		if !plainSegment.MatchString(segment) {
			segments[i] = fmt.Sprintf("%s%016x", odd, hashOf(segment))
		}
	}
	return "/" + strings.Join(segments, "/")
}

// nameable is a pattern that a rule can carry, or "".
func nameable(pattern string) string {
	if strings.Contains(pattern, "/"+odd) {
		return ""
	}
	return pattern
}

// isLiteral says that a segment of a pattern stands for itself alone.
func isLiteral(segment string) bool {
	return segment != "" && plainSegment.MatchString(segment)
}

func hasLiteral(pattern string) bool {
	return slices.ContainsFunc(strings.Split(pattern, "/"), isLiteral)
}

// condition is the operator that matches a pattern in REQUEST_FILENAME.
func condition(pattern string) string {
	segments := strings.Split(pattern, "/")
	wide := false
	for i, segment := range segments {
		switch k := kindOf(segment); {
		case segment == anything:
			segments[i], wide = "[^/]+", true
		case k != nil && segment == k.segment:
			segments[i], wide = k.expression, true
		default:
			segments[i] = regexp.QuoteMeta(segment)
		}
	}
	if !wide {
		return "@streq " + pattern
	}
	return "@rx ^" + strings.Join(segments, "/") + "$"
}

// fits tells whether a path, or a narrower pattern, is one of those of a pattern.
func fits(path, pattern string) bool {
	return slices.EqualFunc(strings.Split(path, "/"), strings.Split(pattern, "/"), func(have, want string) bool {
		if have == want || want == anything {
			return have == want || have != ""
		}
		i := slices.IndexFunc(kinds, func(k kind) bool { return k.segment == want })
		return i >= 0 && wholeKinds[i].MatchString(have)
	})
}

// example is a path of a pattern.
func example(pattern string) string {
	segments := strings.Split(pattern, "/")
	for i, segment := range segments {
		if segment == anything {
			segments[i] = "1"
		} else if k := kindOf(segment); k != nil && segment == k.segment {
			segments[i] = k.example
		}
	}
	return strings.Join(segments, "/")
}
