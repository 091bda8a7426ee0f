package screen

import (
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/seawall-waf/seawall/filter/screen/dfa"
)

// A matcher is an operator with its argument, on one transformed value. It never
// says false where Coraza's operator matches.
type matcher func(value string) bool

// matcher builds an operator that is evaluated value by value; nil where the screen
// does not know it.
func (c *compiler) matcher(name, argument string) matcher {
	if name == "rx" && c.scans.parse(argument) == nil {
		return nil
	}
	return newMatcher(name, argument)
}

// newMatcher builds an operator that is evaluated value by value. argument has
// its macros expanded already, except where Coraza expands none; as an expression, it
// has been parsed. The meaning of each is that of Coraza's internal/operators.
func newMatcher(name, argument string) matcher {
	switch name {
	case "rx":
		return newRx(argument)
	case "streq":
		return func(v string) bool { return v == argument }
	case "contains", "strmatch":
		return func(v string) bool { return strings.Contains(v, argument) }
	case "beginswith":
		return func(v string) bool { return strings.HasPrefix(v, argument) }
	case "endswith":
		return func(v string) bool { return strings.HasSuffix(v, argument) }
	case "within":
		return func(v string) bool { return strings.Contains(argument, v) }
	case "eq", "ge", "gt", "le", "lt":
		return newComparison(name, argument)
	case "detectsqli":
		return isSQLi
	case "detectxss":
		return isXSS
	case "validatebyterange":
		return newByteRange(argument)
	case "validateurlencoding":
		return func(v string) bool { return !validURLEncoding(v) }
	case "validateutf8encoding":
		return func(v string) bool { return !utf8.ValidString(v) }
	case "ipmatch":
		return newIPMatch(argument)
	case "unconditionalmatch":
		return func(string) bool { return true }
	case "nomatch":
		return func(string) bool { return false }
	}
	return nil
}

// expandsMacros are the operators whose argument Coraza expands.
var expandsMacros = map[string]bool{"streq": true, "contains": true, "strmatch": true, "beginswith": true,
	"endswith": true, "within": true, "eq": true, "ge": true, "gt": true, "le": true, "lt": true}

// newRx is for links, which see few values; the rest is for the DFAs. Most are never
// asked, and are not compiled then.
func newRx(pattern string) matcher {
	if dfa.OverBytes(pattern) {
		return nil
	}
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("(?sm)" + pattern) })
	return func(v string) bool { return compiled().MatchString(v) }
}

// stockRx compiles as Coraza does; nil where it would take its matcher of bytes.
func stockRx(pattern string) *regexp.Regexp {
	if dfa.OverBytes(pattern) {
		return nil
	}
	re, err := regexp.Compile("(?sm)" + pattern)
	if err != nil {
		return nil
	}
	return re
}

// newComparison takes what is no number for 0, as Coraza does.
func newComparison(name, argument string) matcher {
	bound, _ := strconv.Atoi(argument)
	return func(v string) bool {
		n, _ := strconv.Atoi(v)
		switch name {
		case "eq":
			return n == bound
		case "ge":
			return n >= bound
		case "gt":
			return n > bound
		case "le":
			return n <= bound
		}
		return n < bound
	}
}

func newByteRange(argument string) matcher {
	if argument == "" {
		return func(string) bool { return true }
	}
	var valid [256]bool
	for part := range strings.SplitSeq(argument, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.Atoi(from)
		last := first
		if isRange && err == nil {
			last, err = strconv.Atoi(to)
		}
		if err != nil || first < 0 || last > 255 {
			return nil
		}
		for b := first; b <= last; b++ {
			valid[b] = true
		}
	}
	return func(v string) bool {
		for i := range len(v) {
			if !valid[v[i]] {
				return true
			}
		}
		return false
	}
}

func validURLEncoding(v string) bool {
	for {
		i := strings.IndexByte(v, '%')
		if i < 0 {
			return true
		}
		if i+2 >= len(v) || !hex(v[i+1]) || !hex(v[i+2]) {
			return false
		}
		v = v[i+3:]
	}
}

func hex(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}

// newIPMatch reads the list as the rules package's own @ipMatch does.
func newIPMatch(argument string) matcher {
	var networks []*net.IPNet
	for entry := range strings.SplitSeq(argument, ",") {
		entry = strings.TrimSpace(entry)
		switch {
		case entry == "":
			continue
		case strings.Contains(entry, "/"):
		case strings.Contains(entry, ":"):
			entry += "/128"
		default:
			entry += "/32"
		}
		_, network, err := net.ParseCIDR(entry)
		if err != nil {
			return nil
		}
		networks = append(networks, network)
	}
	return func(v string) bool {
		ip := net.ParseIP(v)
		for _, network := range networks {
			if network.Contains(ip) {
				return true
			}
		}
		return false
	}
}
