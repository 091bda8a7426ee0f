package dfa

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/stretchr/testify/require"
)

// crsPattern is one @rx of the Core Rule Set.
type crsPattern struct {
	text     string
	phase    string
	paranoia string
}

var (
	rxArgument = regexp.MustCompile(`"!?@rx ((?:\\.|[^"\\])*)"`)
	rulePhase  = regexp.MustCompile(`phase:(\d)`)
	ruleLevel  = regexp.MustCompile(`paranoia-level/(\d)`)
)

// crsPatterns reads them from the rule files, chain links included. They have
// the phase and level of the rule that the chain begins with.
func crsPatterns(t testing.TB) []crsPattern {
	files, err := fs.Glob(coreruleset.FS, "@owasp_crs/*.conf")
	require.NoError(t, err)
	var patterns []crsPattern
	seen := map[string]bool{}
	for _, name := range files {
		text, err := fs.ReadFile(coreruleset.FS, name)
		require.NoError(t, err)
		joined := strings.ReplaceAll(string(text), "\\\n", " ")
		phase, paranoia := "", ""
		for _, line := range strings.Split(joined, "\n") {
			line = strings.TrimSpace(line)
			if !strings.HasPrefix(line, "SecRule ") {
				continue
			}
			if m := rulePhase.FindStringSubmatch(line); m != nil {
				phase, paranoia = m[1], "1"
			}
			if m := ruleLevel.FindStringSubmatch(line); m != nil {
				paranoia = m[1]
			}
			if m := rxArgument.FindStringSubmatch(line); m != nil {
				p := strings.ReplaceAll(m[1], `\"`, `"`)
				if !seen[p] {
					seen[p] = true
					patterns = append(patterns, crsPattern{p, phase, paranoia})
				}
			}
		}
	}
	require.Greater(t, len(patterns), 250)
	return patterns
}

// crsTexts are the patterns of rules up to a level, of requests (phases 1 and
// 2) or of all phases.
func crsTexts(t testing.TB, level string, requests bool) []string {
	var texts []string
	for _, p := range crsPatterns(t) {
		if p.paranoia <= level && (!requests || p.phase <= "2") {
			texts = append(texts, p.text)
		}
	}
	return texts
}
