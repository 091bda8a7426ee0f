package tuning

import (
	"regexp"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/filter"
)

// named matches what names of arguments, headers and cookies SecLang can carry
// without a quote: an exclusion must never be made of an attacker's punctuation.
var named = regexp.MustCompile(`^[A-Za-z0-9_.\[\]-]+$`)

// index matches what is another number in each request: an index in JSON, and three
// digits or more within a name.
var index = regexp.MustCompile(`(^|[.\[])\d+($|[.\]])|\d{3,}`)

// The same in a name that is quoted for a pattern.
var (
	indices = regexp.MustCompile(`(^|\.|\[)\d+(\\?[.\]]|$)`)
	digits  = regexp.MustCompile(`\d{3,}`)
)

// targetOf is a rule's target for a variable of an event. It is "" where SecLang
// cannot, or must not, say it: a field with an empty name reads as all of its kind.
func targetOf(variable string) string {
	collection, name, keyed := strings.Cut(variable, ":")
	switch {
	case !targets[collection], filter.Nameless(variable):
		return ""
	case keyed && !named.MatchString(name), strings.HasSuffix(name, "..."): // cut off by the event
		return ""
	}
	return variable
}

// patternOf is a target with a pattern for its name, "ARGS:/^json\.items\.\d+\.q$/",
// or the target itself where its name has nothing that varies.
func patternOf(target string) string {
	collection, name, _ := strings.Cut(target, ":")
	if !named.MatchString(name) || !index.MatchString(name) {
		return target
	}
	// Coraza matches patterns with names in lower case.
	pattern := regexp.QuoteMeta(strings.ToLower(name))
	for indices.MatchString(pattern) { // neighbours share a dot
		pattern = indices.ReplaceAllString(pattern, `${1}\d+${2}`)
	}
	return collection + ":/^" + digits.ReplaceAllString(pattern, `\d+`) + "$/"
}

// A fields keeps the hashes of names, fewIdentifiers at most, by the pattern that is
// theirs: as with paths, it takes several to make a pattern of one.
type fields map[string][]uint64

// take counts the names of a shape's variables as evidence, and widens them.
func (f fields) take(s *shape) {
	for _, m := range s.rules {
		for _, target := range m.variables {
			pattern := patternOf(target)
			seen := f[pattern]
			if pattern != target && len(seen) < fewIdentifiers && (seen != nil || len(f) < mostPlaces) {
				f[pattern] = sketch(seen).with(hashOf(target))
			}
		}
	}
	s.rules = f.widened(s.rules)
}

// widened are rules of a shape with patterns where there is evidence for them.
func (f fields) widened(rules []matched) []matched {
	rules = slices.Clone(rules)
	for i := range rules {
		variables := slices.Clone(rules[i].variables)
		for j, target := range variables {
			if pattern := patternOf(target); len(f[pattern]) >= fewIdentifiers {
				variables[j] = pattern
			}
		}
		slices.Sort(variables)
		rules[i].variables = variables
	}
	return rules
}

// unnamable stands for a variable that targetOf has no target for.
const unnamable = "?"

// targets are the variables that a request fills and an exclusion can name. What
// rules compute (TX, MATCHED_VARS) is not among them, nor is XML: the engine has no
// names for its parts.
var targets = map[string]bool{
	"ARGS": true, "ARGS_GET": true, "ARGS_POST": true, "ARGS_NAMES": true, "ARGS_GET_NAMES": true, "ARGS_POST_NAMES": true,
	"REQUEST_HEADERS": true, "REQUEST_HEADERS_NAMES": true, "REQUEST_COOKIES": true, "REQUEST_COOKIES_NAMES": true,
	"FILES": true, "FILES_NAMES": true, "MULTIPART_PART_HEADERS": true, "REQUEST_BODY": true,
	"REQUEST_FILENAME": true, "REQUEST_BASENAME": true, "REQUEST_URI": true, "REQUEST_URI_RAW": true, "REQUEST_LINE": true,
	"REQUEST_METHOD": true, "REQUEST_PROTOCOL": true, "QUERY_STRING": true,
	"RESPONSE_BODY": true, "RESPONSE_HEADERS": true, "RESPONSE_STATUS": true,
}

// isNamed says that a target is one field of a request, not all of a kind.
func isNamed(target string) bool { return strings.Contains(target, ":") }

// everyRequests says that a field is one that a client sends wherever it goes.
func everyRequests(target string) bool {
	return strings.HasPrefix(target, "REQUEST_HEADERS") || strings.HasPrefix(target, "REQUEST_COOKIES")
}

// covers tells whether an excluded target takes a variable of an event out.
func covers(target, variable string) bool {
	collection, name, keyed := strings.Cut(target, ":")
	other, key, _ := strings.Cut(variable, ":")
	if collection != other {
		return false
	}
	if !keyed {
		return true
	}
	if len(name) > 2 && name[0] == '/' && name[len(name)-1] == '/' {
		pattern, err := regexp.Compile("(?i)" + name[1:len(name)-1])
		return err == nil && pattern.MatchString(key)
	}
	return strings.EqualFold(name, key)
}
