package transform

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// htmlEntityDecode decodes as the HTML parser that Coraza uses does, and asks it only
// about a value with something that may be an entity: the "&b=" of a query is none.
func htmlEntityDecode(v string) string {
	for rest := v; ; {
		at := strings.IndexByte(rest, '&')
		if at < 0 {
			return v
		}
		rest = rest[at+1:]
		if mayBeEntity(rest) {
			break
		}
	}
	decoded := html.UnescapeString(v)
	if decoded == v {
		return v
	}
	return decoded
}

// mayBeEntity reports whether an ampersand before v may begin an entity: a number, a
// name with a semicolon that is no longer than HTML's longest, or one of the names
// that need no semicolon.
func mayBeEntity(v string) bool {
	if v == "" {
		return false
	}
	if v[0] == '#' {
		return len(v) > 1
	}
	n := 0
	for n < len(v) && v[n] != '*' && alnumOrStar(v[n]) {
		n++
	}
	if n < len(v) && v[n] == ';' && n > 0 && n <= len("CounterClockwiseContourIntegral") {
		return true
	}
	for size := min(n, len("frac12")); size >= len("gt"); size-- {
		if _, found := slices.BinarySearch(bareEntities, v[:size]); found {
			return true
		}
	}
	return false
}

// bareEntities are the named character references that HTML decodes without their
// semicolon (https://html.spec.whatwg.org/multipage/named-characters.html).
var bareEntities = func() []string {
	names := strings.Fields(`
		AMP COPY GT LT QUOT REG amp copy gt lt quot reg
		AElig ETH THORN aelig eth szlig thorn
		Aacute Agrave Acirc Atilde Auml Aring aacute agrave acirc atilde auml aring
		Eacute Egrave Ecirc Euml eacute egrave ecirc euml
		Iacute Igrave Icirc Iuml iacute igrave icirc iuml
		Oacute Ograve Ocirc Otilde Ouml Oslash oacute ograve ocirc otilde ouml oslash
		Uacute Ugrave Ucirc Uuml uacute ugrave ucirc uuml
		Yacute yacute yuml Ccedil ccedil Ntilde ntilde
		acute cedil macr uml
		brvbar cent curren deg divide frac12 frac14 frac34 iexcl iquest laquo micro
		middot nbsp not ordf ordm para plusmn pound raquo sect shy sup1 sup2 sup3
		times yen`)
	slices.Sort(names)
	return names
}()
