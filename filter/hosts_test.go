package filter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNormalizeHost(t *testing.T) {
	for authority, want := range map[string]string{
		"example.com":                   "example.com",
		"EXAMPLE.com":                   "example.com",
		"example.com:8443":              "example.com",
		"example.com:":                  "example.com",
		"example.com.":                  "example.com",
		"Example.Com.:443":              "example.com",
		"a_b-c.example":                 "a_b-c.example",
		"10.0.0.1:80":                   "10.0.0.1",
		"[::1]":                         "::1",
		"[2001:DB8:0:0::1]:443":         "2001:db8::1",
		"[::ffff:10.0.0.1]":             "10.0.0.1",
		"[::ffff:a00:1]":                "10.0.0.1",
		"localhost":                     "localhost",
		strings.Repeat("a.", 127) + "a": strings.Repeat("a.", 127) + "a",
	} {
		t.Run(authority, func(t *testing.T) {
			host, ok := NormalizeHost(authority)
			assert.True(t, ok)
			assert.Equal(t, want, host)
		})
	}
}

func TestNormalizeHostRefusesWhatIsNoHost(t *testing.T) {
	for name, authority := range map[string]string{
		"Empty":            "",
		"OnlyDot":          ".",
		"OnlyPort":         ":80",
		"List":             "a.com,b.com",
		"Space":            "a.com b",
		"TrailingSpace":    "a.com ",
		"PercentEncoding":  "a%2ecom",
		"UserInfo":         "user@a.com",
		"PortOfLetters":    "a.com:http",
		"PortTooLarge":     "a.com:65536",
		"PortTooLong":      "a.com:000080",
		"NegativePort":     "a.com:-1",
		"TwoPorts":         "a.com:80:80",
		"BareIPv6":         "::1",
		"UnclosedBracket":  "[::1",
		"AfterBracket":     "[::1]x",
		"EmptyBrackets":    "[]",
		"IPv4InBrackets":   "[10.0.0.1]",
		"NameInBrackets":   "[a.com]",
		"Zone":             "[fe80::1%eth0]",
		"IPvFuture":        "[v1.a]",
		"TwoTrailingDots":  "a.com..",
		"EmptyLabel":       "a..com",
		"LeadingDot":       ".a.com",
		"Wildcard":         "*.a.com",
		"NUL":              "a.com\x00",
		"LineBreak":        "a.com\n",
		"NotASCII":         "bücher.example",
		"KelvinSign":       "\u212a.com",
		"Path":             "a.com/x",
		"LongerThanDNSHas": strings.Repeat("a", 256),
	} {
		t.Run(name, func(t *testing.T) {
			host, ok := NormalizeHost(authority)
			assert.False(t, ok)
			assert.Empty(t, host)
		})
	}
}

var manyHosts = &Config{DefaultPolicy: "default", Hosts: map[string]string{
	"api.example.com":      "api",
	"*.example.com":        "wide",
	"*.eu.example.com":     "narrow",
	"exact.eu.example.com": "exact",
	"2001:db8::1":          "six",
	"10.0.0.1":             "four",
	"*." + strings.Repeat("a.", 100) + "deep": "deep",
}}

func TestPolicyForTakesHostThenLongestWildcardThenDefault(t *testing.T) {
	for authority, want := range map[string]string{
		"api.example.com":                  "api",
		"API.Example.COM.:8443":            "api",
		"other.example.com":                "wide",
		"a.b.c.example.com":                "wide",
		"x.eu.example.com":                 "narrow",
		"y.x.eu.example.com:1":             "narrow",
		"exact.eu.example.com":             "exact",
		"x.exact.eu.example.com":           "narrow",
		"x.api.example.com":                "wide",
		"eu.example.com":                   "wide",
		"example.com":                      "default",
		"notexample.com":                   "default",
		"x.notexample.com":                 "default",
		"example.com.evil":                 "default",
		"[2001:db8:0::1]:443":              "six",
		"[::ffff:10.0.0.1]":                "four",
		strings.Repeat("a.", 101) + "deep": "deep",
	} {
		t.Run(authority, func(t *testing.T) {
			name, ok := manyHosts.PolicyFor(authority)
			assert.True(t, ok)
			assert.Equal(t, want, name)
		})
	}
}

func TestMalformedHostDoesNotChooseThePolicy(t *testing.T) {
	for _, authority := range []string{"", "api.example.com,x", "api.example.com:99999", "*.example.com"} {
		_, ok := manyHosts.PolicyFor(authority)
		assert.False(t, ok, authority)
	}
	name, ok := (&Config{DefaultPolicy: "default"}).PolicyFor("a b,c")
	assert.True(t, ok, "without Hosts there is nothing to choose")
	assert.Equal(t, "default", name)
}

func TestPolicyForDoesNotAllocate(t *testing.T) {
	for _, authority := range []string{"api.example.com", "a.b.c.d.example.com:8443", "unknown.test", "[2001:db8::1]:443"} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { manyHosts.PolicyFor(authority) }), authority)
	}
}

func BenchmarkPolicyFor(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		manyHosts.PolicyFor("a.b.c.example.com:8443")
	}
}

func FuzzNormalizeHost(f *testing.F) {
	for _, s := range []string{"a.com", "A.com:80", "[::1]:1", "[::ffff:1.2.3.4]", "a,b", "a..b", "10.0.0.1", "[2001:DB8::1]", "a.com.:", "\u212a", "x\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, authority string) {
		host, ok := NormalizeHost(authority)
		if !ok {
			assert.Empty(t, host)
			return
		}
		assert.Equal(t, strings.ToLower(host), host)
		assert.False(t, strings.HasSuffix(host, "."))
		assert.False(t, strings.ContainsAny(host, "[]@, %/\x00"))
		literal := host
		if strings.Contains(host, ":") { // an IPv6 address: an authority has it in brackets
			literal = "[" + host + "]"
		}
		again, ok := NormalizeHost(literal)
		assert.True(t, ok)
		assert.Equal(t, host, again)
		withPort, ok := NormalizeHost(literal + ":8443")
		assert.True(t, ok)
		assert.Equal(t, host, withPort)
	})
}
