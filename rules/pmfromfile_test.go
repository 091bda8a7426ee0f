package rules

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The older WAF stays open, as it does while its last transactions run.
func TestChangedPhraseFileTakesEffectWhileTheOldWAFLives(t *testing.T) {
	dir := t.TempDir()
	data := write(t, dir, "words.data", "oldword\n")
	text := `SecRuleEngine On
SecRule ARGS "@pmFromFile ` + data + `" "id:1,phase:1,deny,status:403"`
	before := compiled(t, text)
	write(t, dir, "words.data", "newword\n")
	after := compiled(t, text)

	assert.Equal(t, 200, send(t, after, browserLike("/?a=oldword")).status)
	assert.Equal(t, 403, send(t, after, browserLike("/?a=newword")).status)
	assert.Equal(t, 403, send(t, before, browserLike("/?a=oldword")).status)
}

// @pm is Coraza's own and builds the same automaton from the same words.
func TestPhraseFileMatchesAsPM(t *testing.T) {
	words := []string{"select", "sel", "union all", "ünïcode", "<script", "a"}
	file := write(t, t.TempDir(), "words.data", "# comment\n\n  "+strings.ToUpper(words[0])+" \r\n"+strings.Join(words[1:], "\n"))
	// @pm separates words by spaces, so the phrase with one is left to its parts.
	rule := func(id, operator string) string {
		return `SecRule ARGS "@` + operator + `" "id:` + id + `,phase:1,pass,capture,log,msg:'phrase',logdata:'%{tx.0}|%{tx.1}|%{tx.9}'"` + "\n"
	}
	waf := compiled(t, "SecRuleEngine On\n"+rule("1", "pmFromFile "+file)+rule("2", "pmf "+file))
	plain := compiled(t, "SecRuleEngine On\n"+rule("1", "pm select sel ünïcode <script a"))
	for _, query := range []string{"SELECT", "xxsel", "se", "b", "", "aaaaaaaaaaaaaaa", "%c3%bcn%c3%afcode", "%3CScRiPt", "selselect+a", "bcd"} {
		got, want := captures(t, waf, query), captures(t, plain, query)
		assert.Equal(t, want[1], got[1], "%q", query)
		assert.Equal(t, got[1], got[2], "%q", query)
	}
	assert.NotEmpty(t, captures(t, waf, "x=union+all")[1])
	assert.Empty(t, captures(t, waf, "comm")[1], "a comment is no phrase")
}
