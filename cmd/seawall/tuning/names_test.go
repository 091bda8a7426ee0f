package tuning

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPathsAreGeneralisedWhereTheyHoldIdentifiers(t *testing.T) {
	for path, want := range map[string]string{
		"/":             "/",
		"/search":       "/search",
		"/users/42/bio": "/users/*/bio",
		"/api/v2/items": "/api/v2/items",
		"/o/550e8400-e29b-41d4-a716-446655440000": "/o/*",
		"/o/deadbeef01":          "/o/*",
		"/facade/decade":         "/facade/decade", // hexadecimal letters, but words
		"/f/QmFzZTY0IGlzIGZ1bg1": "/f/*",
		"/sql-injection-basics":  "/sql-injection-basics",
		"/a/it's":                "/a/*",
		`/a/x" "id:1,pass`:       "/a/*", // nothing of an attacker's makes SecLang
		"/a/b%2fc":               "/a/*",
		"/1/2/3/4/5/a/b/c/d/e/f": "/*/*/*/*/*/a/b/c/d/e/**",
	} {
		got, ok := generalised(path)
		assert.True(t, ok, path)
		assert.Equal(t, want, got, path)
	}
	for _, path := range []string{"", "*", "search", "http://x/", "/" + strings.Repeat("a", 399) + "..."} {
		_, ok := generalised(path)
		assert.False(t, ok, path)
	}
}

func TestAPlaceWithManyNamesHasNamesOfThings(t *testing.T) {
	counts := map[string]int{"/users/settings/bio": 5000, "/search": 100}
	for i := range 60 {
		counts[fmt.Sprintf("/users/name%c%c/bio", 'a'+i/26, 'a'+i%26)] = 10
	}
	into := merged(counts)
	assert.Equal(t, "/users/*/bio", into["/users/nameab/bio"])
	assert.Equal(t, "/users/settings/bio", into["/users/settings/bio"], "a name of very many events is one of a place")
	assert.Equal(t, "/search", into["/search"])
}

func TestAConditionMatchesThePathsOfItsPatternAndNoOthers(t *testing.T) {
	for pattern, tc := range map[string]struct{ operator, yes, no string }{
		"/search":      {"@streq /search", "/search", "/search/x"},
		"/users/*/bio": {`@rx ^/users/[^/]+/bio$`, "/users/7/bio", "/users/7/8/bio"},
		"/a.b/*":       {`@rx ^/a\.b/[^/]+$`, "/a.b/c", "/axb/c"},
		"/a/**":        {`@rx ^/a/.*$`, "/a/b/c", "/b/a/c"},
	} {
		assert.Equal(t, tc.operator, condition(pattern))
		assert.True(t, fits(tc.yes, pattern), pattern)
		assert.False(t, fits(tc.no, pattern), pattern)
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
		"ARGS:h1":                   "ARGS:h1",
		"REQUEST_HEADERS:x-a":       "REQUEST_HEADERS:x-a",
		"REQUEST_COOKIES:s":         "REQUEST_COOKIES:s",
		"REQUEST_BODY":              "REQUEST_BODY",
		"XML:whatever":              "XML",
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
		got := targetOf(variable)
		assert.Equal(t, want, got, variable)
		if got != "" {
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
	conf := NewConf([]*Exclusion{{Rule: 942100, Target: "ARGS:q", Message: "x\\\nSecRuleEngine Off"}}, nil)
	assert.NotRegexp(t, regexp.MustCompile(`(?m)^SecRuleEngine`), conf.After)
}
