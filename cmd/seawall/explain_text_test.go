package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seawall-waf/seawall/filter"
)

func TestWhatMatchedIsMarkedWhateverStandsBeforeIt(t *testing.T) {
	for _, c := range []struct{ before, part, after, plain string }{
		{"", "evil", " x", "evil x\n^^^^"},
		{"a\nb\x00", "ev\til", "", `a\nb\x00ev\til` + "\n" + `        ^^^^^^`},
		{"größe ", "evil", "", "größe evil\n      ^^^^"},
		{strings.Repeat("x", 100), "evil", strings.Repeat("y", 100),
			"..." + strings.Repeat("x", 60) + "evil" + strings.Repeat("y", 60) + "...\n" + strings.Repeat(" ", 63) + "^^^^"},
		{"\x1b[31m", "evil", "\x9b", `\x1b[31mevil\x9b` + "\n" + `        ^^^^`},
	} {
		v := &filter.ValueMatch{After: c.before + c.part + c.after, Start: len(c.before), End: len(c.before + c.part)}
		assert.Equal(t, c.plain, (&explainText{}).marked(v, ""))
		coloured := (&explainText{colour: true}).marked(v, "")
		assert.Contains(t, coloured, "\x1b[1;31m"+show(c.part)+"\x1b[0m")
		assert.Equal(t, 2, strings.Count(coloured, "\x1b"), "only our own escapes: %q", coloured)
	}
}

// A buffer is no terminal, and neither is one where NO_COLOR asks for none: stories
// check the first. Exit code 1 says that it is blocked.
func TestExplainIsPlainWhereNobodyLooks(t *testing.T) {
	var out, errs bytes.Buffer
	code := run([]string{"explain", "--no-prove", "http://h/?q=1%27%20or%201=1--%20"}, &out, &errs, func(string) string { return "" })
	assert.Equal(t, exitFinding, code, "%s", &errs)
	assert.NotContains(t, out.String(), "\x1b")
	assert.Empty(t, errs.String())
}
