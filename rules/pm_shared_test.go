package rules

import (
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Both WAFs are open, as two policies are, or a reload's old and new one.
func TestADatasetIsItsOwnPolicys(t *testing.T) {
	with := func(words string) string {
		return "SecRuleEngine On\nSecDataset words `\n" + words + "\n`\n" +
			`SecRule ARGS "@pmFromDataset words" "id:1,phase:1,deny,status:403"`
	}
	first := compiled(t, with("evil"))
	second := compiled(t, with("wicked"))
	assert.Equal(t, 403, send(t, first, browserLike("/?a=evil")).status)
	assert.Equal(t, 403, send(t, second, browserLike("/?a=wicked")).status)
	assert.Equal(t, 200, send(t, second, browserLike("/?a=evil")).status)
}

func TestPhrasesAndSelectorsOfTheSameTextCompile(t *testing.T) {
	for _, text := range []string{
		"SecRule ARGS \"@pm foo\" \"id:1\"\nSecRule ARGS:/foo/ \"@rx a\" \"id:2\"",
		"SecRule ARGS:/bar/ \"@rx a\" \"id:1\"\nSecRule ARGS \"@pm bar\" \"id:2\"",
	} {
		_, err := Compile(FS(), text, coraza.NewWAFConfig())
		require.NoError(t, err)
	}
}
