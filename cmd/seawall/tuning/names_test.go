package tuning

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatIsNoWholePathIsNone(t *testing.T) {
	for _, path := range []string{"", "*", "search", "http://x/", "/" + strings.Repeat("a", 399) + "..."} {
		assert.Empty(t, segmentsOf(path), path)
	}
}

// settledPaths are the patterns of paths, each seen once and by a client of its own.
func settledPaths(paths ...string) map[string]string {
	p, raw, seen := places{}, map[string]string{}, map[string]*tally{}
	for _, path := range paths {
		raw[path] = segmentsOf(path)
		p.take(raw[path])
	}
	for i, path := range paths {
		path = p.widened(raw[path])
		if seen[path] == nil {
			seen[path] = &tally{}
		}
		seen[path].events++
		seen[path].clients = seen[path].clients.with(hashOf(fmt.Sprint(i)))
	}
	into := merged(seen)
	for path := range raw {
		raw[path] = into[p.widened(raw[path])]
	}
	return raw
}

func TestAPathIsWidenedOnlyWhereSeveralIdentifiersStood(t *testing.T) {
	for name, tc := range map[string]struct {
		paths []string
		want  string // of the first
	}{
		"numbers":                      {[]string{"/users/42/bio", "/users/43/bio", "/users/7"}, "/users/{number}/bio"},
		"one number":                   {[]string{"/users/42/bio", "/users/42/bio", "/users/42/bio"}, "/users/42/bio"},
		"two":                          {[]string{"/users/42/bio", "/users/43/bio"}, "/users/42/bio"},
		"at different places":          {[]string{"/users/42", "/goods/43", "/orders/44"}, "/users/42"},
		"each place by itself":         {[]string{"/a/1/b/9", "/a/2/b/9", "/a/3/b/9"}, "/a/{number}/b/9"},
		"both places":                  {[]string{"/a/1/b/7", "/a/2/b/8", "/a/3/b/9"}, "/a/{number}/b/{number}"},
		"of several kinds":             {[]string{"/o/1", "/o/deadbeef01", "/o/QmFzZTY0IGlzIGZ1bg1"}, "/o/1"},
		"UUIDs":                        {[]string{"/o/550e8400-e29b-41d4-a716-446655440000", "/o/deadbeef01", "/o/deadbeef02"}, "/o/{hex}"},
		"mixed":                        {[]string{"/f/QmFzZTY0IGlzIGZ1bg1", "/f/QmFzZTY0IGlzIGZ1bg2", "/f/QmFzZTY0IGlzIGZ1bg3"}, "/f/{id}"},
		"versions are names":           {[]string{"/api/v1", "/api/v2", "/api/v3"}, "/api/v1"},
		"words of hexadecimal letters": {[]string{"/facade-decade", "/deadbeef", "/feedface"}, "/facade-decade"},
		"slugs":                        {[]string{"/sql-injection-basics", "/sql-injection-advanced", "/sql-injection-for-all"}, "/sql-injection-basics"},
		"slugs of a year":              {[]string{"/review-of-the-year-2024", "/b/review-of-the-year-2025", "/review-of-the-year-2026"}, "/review-of-the-year-2024"},
		"nothing else is named":        {[]string{"/42", "/43", "/44"}, "/42"},
		"nor by two":                   {[]string{"/1/2", "/3/4", "/5/6"}, "/1/2"},
		"an odd one":                   {[]string{"/it's"}, ""},
		"odd ones":                     {[]string{"/x;a", "/x;b", "/x;c"}, ""},
		"odd ones below a name":        {[]string{"/a/b%2f1", "/a/b%2f2", "/a/b%2f3"}, ""},
		"SecLang":                      {[]string{`/a/x" "id:1,pass`}, ""},
		"a kind's own name":            {[]string{"/admin/{number}", "/admin/{number}"}, ""},
		"a star":                       {[]string{"/admin/*"}, ""},
		"deep":                         {[]string{"/1/2/3/4/5/a/b/c/d/e/6", "/1/2/3/4/5/a/b/c/d/e/7", "/1/2/3/4/5/a/b/c/d/e/8"}, "/1/2/3/4/5/a/b/c/d/e/6"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, settledPaths(tc.paths...)[tc.paths[0]])
		})
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	p := places{}
	for i := range mostPlaces + 10 {
		for j := range 5 {
			p.take(fmt.Sprintf("/place-%c/x%dy/%d", 'a'+i%26, i, j))
		}
	}
	assert.Len(t, p, mostPlaces)
	for _, seen := range p {
		assert.Len(t, seen, fewIdentifiers)
	}
}

func TestAPlaceWithManyNamesHasNamesOfThings(t *testing.T) {
	many := func(clients int, prefix, suffix string) map[string]*tally {
		seen := map[string]*tally{"/users/settings/bio": {events: 5000}, "/search": {events: 100}}
		for i := range 60 {
			seen[fmt.Sprintf("%sname%c%c%s", prefix, 'a'+i/26, 'a'+i%26, suffix)] =
				&tally{10, sketch{}.with(hashOf(fmt.Sprint(i % clients)))}
		}
		return seen
	}
	into := merged(many(60, "/users/", "/bio"))
	assert.Equal(t, "/users/*/bio", into["/users/nameab/bio"])
	assert.Equal(t, "/users/settings/bio", into["/users/settings/bio"], "a name of very many events is one of a place")
	assert.Equal(t, "/search", into["/search"])
	assert.Equal(t, "/users/nameab/bio", merged(many(3, "/users/", "/bio"))["/users/nameab/bio"], "three clients can make up any names")
	assert.Equal(t, "/nameab", merged(many(60, "/", ""))["/nameab"], "no pattern is of every path")
}

func TestAConditionMatchesThePathsOfItsPatternAndNoOthers(t *testing.T) {
	for pattern, tc := range map[string]struct{ operator, yes, no string }{
		"/search":              {"@streq /search", "/search", "/search/x"},
		"/users/*/bio":         {`@rx ^/users/[^/]+/bio$`, "/users/7/bio", "/users/7/8/bio"},
		"/users/{number}/bio":  {`@rx ^/users/\d+/bio$`, "/users/7/bio", "/users/login/bio"},
		"/a.b/{hex}":           {`@rx ^/a\.b/[0-9a-fA-F-]{8,}$`, "/a.b/deadbeef", "/a.b/login"},
		"/f/{id}":              {`@rx ^/f/([A-Za-z_-]*\d){2}[A-Za-z0-9_-]*$`, "/f/QmFzZTY0IGlzIGZ1", "/f/change-password-and-more"},
		"/42/deadbeef01/plain": {"@streq /42/deadbeef01/plain", "/42/deadbeef01/plain", "/43/deadbeef01/plain"},
	} {
		assert.Equal(t, tc.operator, condition(pattern))
		assert.True(t, fits(tc.yes, pattern), pattern)
		assert.False(t, fits(tc.no, pattern), pattern)
		assert.True(t, fits(pattern, pattern), pattern)
		assert.True(t, fits(example(pattern), pattern), pattern)
		if expression, ok := strings.CutPrefix(tc.operator, "@rx "); ok {
			assert.Regexp(t, expression, tc.yes)
			assert.NotRegexp(t, expression, tc.no)
		}
	}
}

func TestATargetIsWhatSecLangCanCarry(t *testing.T) {
	for variable, want := range map[string]string{
		"ARGS:q":                    "ARGS:q",
		"ARGS:json.items.12.Note":   `ARGS:/^json\.items\.\d+\.note$/`,
		"ARGS:json.0.1.2":           `ARGS:/^json\.\d+\.\d+\.\d+$/`,
		"ARGS:rows[3][name]":        `ARGS:/^rows\[\d+\]\[name\]$/`,
		"ARGS:field12345":           `ARGS:/^field\d+$/`,
		"ARGS:1":                    `ARGS:/^\d+$/`,
		"ARGS:h1":                   "ARGS:h1",
		"REQUEST_HEADERS:x-a":       "REQUEST_HEADERS:x-a",
		"REQUEST_COOKIES:s":         "REQUEST_COOKIES:s",
		"REQUEST_BODY":              "REQUEST_BODY",
		"REQUEST_URI":               "REQUEST_URI",
		"QUERY_STRING":              "QUERY_STRING",
		"REQUEST_LINE":              "REQUEST_LINE",
		"REQUEST_FILENAME":          "REQUEST_FILENAME",
		"ARGS":                      "", // of GET /?=x: its name is empty
		"ARGS_NAMES":                "",
		"REQUEST_COOKIES":           "", // of Cookie: =x
		"REQUEST_COOKIES_NAMES":     "",
		"REQUEST_HEADERS":           "",
		"REQUEST_HEADERS_NAMES":     "",
		"FILES":                     "",
		"FILES_NAMES":               "",
		"MULTIPART_PART_HEADERS":    "",
		"XML":                       "",
		"XML:/*":                    "", // one of the two that Coraza has for all of a document
		"TX:score":                  "",
		"MATCHED_VAR":               "",
		`ARGS:a",id:1,pass`:         "",
		"ARGS:a|b":                  "",
		"ARGS:a b":                  "",
		"ARGS:a\nSecRuleEngine Off": "",
		"ARGS:/x/":                  "",
		"ARGS:":                     "",
		"ARGS:" + strings.Repeat("a", 60) + "...": "",
	} {
		target := targetOf(variable)
		got := patternOf(target)
		assert.Equal(t, want, got, variable)
		if got != "" {
			assert.Equal(t, variable, target, "as it is, without evidence of others")
			assert.True(t, covers(got, variable), "%s covers %s", got, variable)
			assert.False(t, covers(got, "ARGS:other"))
		}
	}
}

func TestTheSketchCountsClients(t *testing.T) {
	var s, other sketch
	for i := range 100 {
		s = s.with(hashOf(fmt.Sprint("c", i%50)))
	}
	assert.Equal(t, 50, s.count(), "few are counted exactly")
	for i := range 5000 {
		s = s.with(hashOf(fmt.Sprint("c", i)))
		other = other.with(hashOf(fmt.Sprint("c", i+2500)))
	}
	assert.InDelta(t, 5000, s.count(), 1500)
	assert.InDelta(t, 7500, s.and(other).count(), 2200)
	assert.LessOrEqual(t, len(s), sketchSize)
	assert.Less(t, uint64(0), hashOf("a")^hashOf("b"))
	assert.Less(t, s[0], uint64(math.MaxUint64))
}

func TestACommentStaysOneLine(t *testing.T) {
	assert.Equal(t, "a?SecRuleEngine Off ?", comment("a\nSecRuleEngine Off \\"))
	for _, steering := range []string{"\u202e", "\u009b", "\u2028", "\u0085", "\x1b", "\x7f"} {
		assert.Equal(t, "a?b", comment("a"+steering+"b"), "%q", steering)
	}
	conf := NewConf([]*Exclusion{{Rule: 942100, Target: "ARGS:q", Message: "x\\\nSecRuleEngine Off"}}, nil)
	assert.NotRegexp(t, regexp.MustCompile(`(?m)^SecRuleEngine`), conf.After)
}
