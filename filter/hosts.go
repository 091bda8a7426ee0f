package filter

import (
	"net/netip"
	"strings"
)

// maxHost bounds a host's name: RFC 3986, 3.2.2 (and DNS has less).
const maxHost = 255

// NormalizeHost returns the host that an authority (a Host header, an :authority,
// a host pattern without wildcard) names, in the one form in which hosts are
// compared: lower case, without port, without a trailing dot, an IPv6 address in
// RFC 5952's form without brackets, an IPv4-mapped one as the IPv4 address.
//
// ok is false where the authority is not one host as RFC 9110, 7.2 and RFC 3986,
// 3.2.2 have it, with registered names limited to letters, digits, "-", "." and
// "_": a list, a userinfo, a percent-encoding, an empty label, a port that is no
// number up to 65535. host is then empty. Where the authority is already in that
// form, nothing is allocated and host shares its memory.
func NormalizeHost(authority string) (host string, ok bool) {
	if strings.HasPrefix(authority, "[") {
		return normalizeIPv6(authority[1:])
	}
	name, port, hasPort := strings.Cut(authority, ":")
	if hasPort && !validPort(port) {
		return "", false
	}
	name = strings.TrimSuffix(name, ".")
	if len(name) == 0 || len(name) > maxHost {
		return "", false
	}
	upper, labelStart := false, true
	for i := range len(name) {
		switch c := name[i]; {
		case c == '.':
			if labelStart {
				return "", false
			}
			labelStart = true
			continue
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		case 'A' <= c && c <= 'Z':
			upper = true
		default:
			return "", false
		}
		labelStart = false
	}
	if labelStart {
		return "", false
	}
	if upper {
		name = strings.ToLower(name)
	}
	return name, true
}

// normalizeIPv6 reads what follows the opening bracket.
func normalizeIPv6(rest string) (string, bool) {
	literal, port, closed := strings.Cut(rest, "]")
	if !closed || port != "" && (port[0] != ':' || !validPort(port[1:])) {
		return "", false
	}
	addr, err := netip.ParseAddr(literal)
	if err != nil || !addr.Is6() || addr.Zone() != "" {
		return "", false
	}
	var buf [46]byte // the longest form of an IPv6 address
	canonical := addr.Unmap().AppendTo(buf[:0])
	if string(canonical) == literal {
		return literal, true
	}
	return string(canonical), true
}

// validPort accepts RFC 3986's port, which may be empty, up to 65535.
func validPort(port string) bool {
	if len(port) > 5 {
		return false
	}
	n := 0
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return false
		}
		n = n*10 + int(port[i]-'0')
	}
	return n <= 65535
}

// PolicyFor returns the name of the policy for a request's authority: that of
// the host itself, else that of the longest wildcard above it, else the default.
//
// ok is false where Hosts is not empty and the authority is no valid host: the
// caller refuses the request, since a client could otherwise choose the default
// policy by a malformed Host. Nothing is allocated for a host in lower case.
func (c *Config) PolicyFor(authority string) (name string, ok bool) {
	if len(c.Hosts) == 0 {
		return c.DefaultPolicy, true
	}
	host, ok := NormalizeHost(authority)
	if !ok {
		return "", false
	}
	if name, found := c.Hosts[host]; found {
		return name, true
	}
	// The patterns above a.b.c are *.b.c and *.c: the byte before each dot is
	// overwritten by the star, from the longest pattern to the shortest.
	var buf [maxHost]byte
	pattern := buf[:copy(buf[:], host)]
	for i := 1; i < len(pattern); i++ {
		if pattern[i] != '.' {
			continue
		}
		pattern[i-1] = '*'
		if name, found := c.Hosts[string(pattern[i-1:])]; found {
			return name, true
		}
	}
	return c.DefaultPolicy, true
}

// normalizePattern returns a host pattern in the form of Config.Hosts, or what
// is wrong with it.
func normalizePattern(pattern string) (host, problem string) {
	below, wildcard := strings.CutPrefix(pattern, "*.")
	host, ok := NormalizeHost(below)
	switch {
	case pattern == "*":
		return "", `"*" is what the default policy is for`
	case strings.Contains(below, "*"):
		return "", `a "*" stands for whole labels at the beginning only, as in "*.example.com"`
	case strings.Contains(below, "/") || strings.Contains(below, "@"):
		return "", "want a host only, such as api.example.com, without scheme, user or path"
	case strings.Count(below, ":") > 1 && !strings.HasPrefix(below, "["):
		return "", "an IPv6 address stands in brackets, as in [2001:db8::1]"
	case strings.ContainsFunc(below, func(r rune) bool { return r > '~' }):
		return "", `want the host as it is sent, in ASCII ("xn--..." for an international name)`
	case !ok:
		return "", "is no valid host; want one such as api.example.com, *.example.com or [2001:db8::1]"
	case !wildcard:
		return host, ""
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return "", "an IP address has nothing below it"
	}
	if len(host)+1 > maxHost {
		return "", "is longer than a host can be"
	}
	return "*." + host, ""
}
