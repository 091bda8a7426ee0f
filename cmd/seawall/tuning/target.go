package tuning

import (
	"regexp"
	"strings"
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

// targetOf is a rule's target for a variable of an event: itself, or with a pattern
// for its name, "ARGS:/^json\.items\.\d+\.q$/". It is "" where SecLang cannot, or
// must not, say it.
func targetOf(variable string) string {
	collection, name, keyed := strings.Cut(variable, ":")
	switch {
	case !targets[collection]:
		return ""
	case !keyed, collection == "XML": // its parts have no names
		return collection
	case !named.MatchString(name), strings.HasSuffix(name, "..."): // cut off by the event
		return ""
	case !index.MatchString(name):
		return collection + ":" + name
	}
	// Coraza matches patterns with names in lower case.
	pattern := regexp.QuoteMeta(strings.ToLower(name))
	for indices.MatchString(pattern) { // neighbours share a dot
		pattern = indices.ReplaceAllString(pattern, `${1}\d+${2}`)
	}
	return collection + ":/^" + digits.ReplaceAllString(pattern, `\d+`) + "$/"
}

// unnamable stands for a variable that targetOf has no target for.
const unnamable = "?"

// targets are the collections that a request fills and an exclusion can name.
// What rules compute (TX, MATCHED_VARS) is not among them.
var targets = map[string]bool{
	"ARGS": true, "ARGS_GET": true, "ARGS_POST": true, "ARGS_NAMES": true, "ARGS_GET_NAMES": true, "ARGS_POST_NAMES": true,
	"REQUEST_HEADERS": true, "REQUEST_HEADERS_NAMES": true, "REQUEST_COOKIES": true, "REQUEST_COOKIES_NAMES": true,
	"FILES": true, "FILES_NAMES": true, "MULTIPART_PART_HEADERS": true, "REQUEST_BODY": true, "XML": true,
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
