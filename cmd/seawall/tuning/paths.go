package tuning

import (
	"regexp"
	"slices"
	"strings"
)

// In a pattern the segment anything stands for one of any text, and rest, which is
// the last, for whatever follows.
const (
	anything = "*"
	rest     = "**"
)

// deepest is how many segments of a path are told apart.
const deepest = 10

var (
	plainSegment = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)
	// An identifier: a number, a UUID or another long one in hexadecimal, or 16 and
	// more letters and digits mixed.
	number = regexp.MustCompile(`^\d+$`)
	hex    = regexp.MustCompile(`^[0-9a-fA-F-]{8,}$`)
	mixed  = regexp.MustCompile(`^[A-Za-z0-9_-]{16,}$`)
	digit  = regexp.MustCompile(`\d`)
)

// generalised replaces what looks like an identifier in a path, and what a rule
// could not name safely. Ok is false for what is no whole path.
func generalised(path string) (pattern string, ok bool) {
	if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "...") {
		return "", false // cut off by the event, or the * of OPTIONS
	}
	segments := strings.Split(path[1:], "/")
	for i, segment := range segments {
		if i == deepest {
			segments = append(segments[:i], rest)
			break
		}
		if !plainSegment.MatchString(segment) || isIdentifier(segment) {
			segments[i] = anything
		}
	}
	return "/" + strings.Join(segments, "/"), true
}

func isIdentifier(segment string) bool {
	return number.MatchString(segment) ||
		digit.MatchString(segment) && (hex.MatchString(segment) || mixed.MatchString(segment))
}

// A place with more names than manyNames has names of things in it (users,
// products); those with less than a hundredth of its events become anything.
const (
	manyNames   = 40
	fewOfEvents = 100
)

// merged maps each of many patterns, given with their counts of events, to the one
// that stands for it.
func merged(counts map[string]int) map[string]string {
	type one struct {
		pattern  string
		segments []string
	}
	all := make([]*one, 0, len(counts))
	for pattern := range counts {
		all = append(all, &one{pattern, strings.Split(pattern, "/")})
	}
	var walk func(group []*one, depth int)
	walk = func(group []*one, depth int) {
		names, total := map[string]int{}, 0
		for _, o := range group {
			if depth < len(o.segments) {
				names[o.segments[depth]] += counts[o.pattern]
				total += counts[o.pattern]
			}
		}
		if len(names) == 0 {
			return
		}
		next := map[string][]*one{}
		for _, o := range group {
			if depth >= len(o.segments) {
				continue
			}
			if len(names) > manyNames && names[o.segments[depth]]*fewOfEvents < total && o.segments[depth] != rest {
				o.segments[depth] = anything
			}
			next[o.segments[depth]] = append(next[o.segments[depth]], o)
		}
		for _, below := range next {
			walk(below, depth+1)
		}
	}
	walk(all, 1)
	into := make(map[string]string, len(all))
	for _, o := range all {
		into[o.pattern] = strings.Join(o.segments, "/")
	}
	return into
}

// condition is the operator that matches a pattern in REQUEST_FILENAME.
func condition(pattern string) string {
	if !strings.Contains(pattern, anything) {
		return "@streq " + pattern
	}
	segments := strings.Split(pattern, "/")
	for i, segment := range segments {
		switch segment {
		case anything:
			segments[i] = "[^/]+"
		case rest:
			segments[i] = ".*"
		default:
			segments[i] = regexp.QuoteMeta(segment)
		}
	}
	return "@rx ^" + strings.Join(segments, "/") + "$"
}

// fits tells whether a path, or a narrower pattern, is one of those of a pattern.
func fits(path, pattern string) bool {
	have, want := strings.Split(path, "/"), strings.Split(pattern, "/")
	if end := len(want) - 1; want[end] == rest && len(have) > end {
		have, want = have[:end], want[:end]
	}
	return slices.EqualFunc(have, want, func(h, w string) bool { return h == w || w == anything && h != "" && h != rest })
}

// example is a path of a pattern.
func example(pattern string) string {
	segments := strings.Split(pattern, "/")
	for i, segment := range segments {
		if segment == anything || segment == rest {
			segments[i] = "1"
		}
	}
	return strings.Join(segments, "/")
}
