package dfa

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// trickyPatterns are about what automata and regexp easily disagree on.
var trickyPatterns = []string{
	``, `a*`, `a+`, `^$`, `^`, `$`, `\A`, `\z`, `\b`, `\B`, `.`, `\z\A`, `^\B$`,
	`^a`, `a$`, `^a$`, `\Aa`, `a\z`, `\Aa\z`, `(?-m)^a`, `(?-m)a$`, `(?-s)a.c`, `a.c`, `a[^b]c`,
	`\bfoo\b`, `\Bfoo`, `foo\B`, `\b\d+\b`, `(?i)k`, `(?i)s`, `(?i)[k]`, `(?i)straße`, `(?i)ſ`, `K`,
	`é`, `[é-ü]`, `[^a-z]`, `\x{FFFD}`, `[^\x{FFFD}]`, `\PL`, `\p{Greek}`, `(?i)σ`, `\x{10FFFF}`, `\x{212a}`,
	`a{2,4}b`, `(?:ab){3}`, `(a|b)*abb`, `a.{0,3}b`, `x.{2,30}y`, `select.*from`, `^[^=]*=`, `.*\.php$`,
	`(?:a|ab)(?:c|bcd)(?:d*)`, `(?U)a+b`, `a+?b`, `\n`, `a\n^b`, `a$\nb`, `[\s\S]`, `\s\w`, `\W`, `(?i)\bunion\b`,
	`\xff`, `\x80`, `[\x80-\xff]`, `\x{c2}\x{b4}`, `a\xffb`, `^\xe9$`, `[^\x00-\x7f]`, `(?i)\xe5`, `.\xfe.*z`, `\xff*`, `\ba\xff`,
	`[[:alpha:]]+\d`, `\Qa.b\E`, `\\x80`, `\x41`, `(?:)`, `[^\n]$`, `a|`, `|a`, `(?:^|b)c`, `\b`, `x*$`, `^x*`,
}

var trickyTexts = []string{
	"", "a", "b", "ab", "abb", "aab", "aaaab", "abc", "a\nc", "a\nb", "\n", "\n\n", "x\n", "\na", "foo", "foo bar", "xfoo", "foox", "foo_", "éfoo", "fooé",
	"k", "K", "\u212a", "s", "S", "\u017f", "STRASSE", "straße", "STRAẞE", "é", "É", "\xe9", "\xc3", "\xa9", "\xc3\xa9", "caf\xc3", "\xff", "a\xffb", "a\xff", "\xffa",
	"\xef\xbf\xbd", "\ufffd", "\xf0\x9f\x98\x80", "\xf0\x9f\x98", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\U0010ffff", "σς", "Σ",
	"xaby", "x" + strings.Repeat("é", 20) + "y", "x" + strings.Repeat("a", 31) + "y", "select a from b", "from select", "a=b", "=b", "index.php", "index.php\nx", "a.php5",
	"\xc2\xb4", "´", "\xe5", "\xc5", "å", "\x80", "z\xfe\n..z", "xx\nxx", "12 34", "a b", "union", "UNION all", "reunion", "\\x80", "A", "bc", "c", "\nc", "a.b", "\x00", "a\x00b",
}

func TestEachPatternMatchesWhereRegexpDoes(t *testing.T) {
	for _, p := range trickyPatterns {
		o := newOracle(t, []string{p}, NewBudget(1<<20))
		for _, v := range trickyTexts {
			assert.True(t, o.agrees(t, v), "an empty cache has credit: %q", p)
		}
	}
}

func TestAUnionReportsWhichPatternsMatch(t *testing.T) {
	o := newOracle(t, trickyPatterns, NewBudget(16<<20))
	for _, v := range trickyTexts {
		assert.True(t, o.agrees(t, v))
		for _, w := range trickyTexts {
			o.agrees(t, v+w)
		}
	}
}

func TestSetBitsStay(t *testing.T) {
	s, err := Compile([]string{"a", "b"}, NewBudget(1<<20))
	require.NoError(t, err)
	hits := []uint64{1 << 1}
	assert.True(t, s.Scan("a", hits))
	assert.Equal(t, []uint64{1<<0 | 1<<1}, hits)
}

func TestAnErrorNamesThePattern(t *testing.T) {
	_, err := Compile([]string{"a", "(b"}, NewBudget(1<<20))
	require.Error(t, err)
	assert.Contains(t, err.Error(), "pattern 1: ")
	_, err = Parse("(b")
	assert.Error(t, err)
	_, err = Parse(`\xff`)
	assert.NoError(t, err)
	_, err = Compile(make([]string, 64*maxWords+1), NewBudget(1<<20))
	assert.ErrorContains(t, err, "1025 patterns")

	var many strings.Builder
	for r := rune(0x20000); r < 0x10ffff; r += 20 {
		fmt.Fprintf(&many, `\x{%x}`, r)
	}
	b := NewBudget(1 << 20)
	_, err = Compile([]string{"[" + many.String() + "]"}, b)
	assert.ErrorContains(t, err, "ranges of runes")
	assert.Zero(t, b.Held())
}

func TestAnEmptySetFindsNothing(t *testing.T) {
	s, err := Compile(nil, NewBudget(1<<20))
	require.NoError(t, err)
	assert.Zero(t, s.Words())
	assert.True(t, s.Scan("anything", nil))
}

func TestASetRulesOutTextsWithoutTheBytesThatEveryMatchNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		patterns  []string
		out, asks string
	}{
		{[]string{`eval\(`, `\$\{jndi`}, "evaluate the jndi word", "a(b"},
		{[]string{`<script`, "(?i)on[a-z]+="}, "one script (or two)", "a=b"},
		{[]string{`x[<>]y`}, "x[y]", "1 < 2"},
	} {
		set, err := Compile(c.patterns, NewBudget(1<<20))
		require.NoError(t, err)
		assert.True(t, set.RulesOut(c.out), c.out)
		assert.True(t, set.RulesOut(""), "nothing")
		assert.False(t, set.RulesOut(c.asks), c.asks)
	}
	for _, pattern := range []string{`union`, `^$`, `\(|é`, `.`, `[^<]`, `\d-\d|<`} {
		set, err := Compile([]string{pattern}, NewBudget(1<<20))
		require.NoError(t, err)
		assert.Equal(t, pattern == `\d-\d|<`, set.required != nil, pattern)
	}
}
