package rules

import (
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAddressListWithAnUnreadableEntryIsRefused(t *testing.T) {
	file := write(t, t.TempDir(), "list.data", "# a list\n192.0.2.1\n\n198.51.100.0/24 # trailing\n")
	for text, says := range map[string]string{
		`SecRule REMOTE_ADDR "@ipMatchFromFile ` + file + `" "id:1"`:         file + `:4: "198.51.100.0/24 # trailing" is neither`,
		`SecRule REMOTE_ADDR "@ipMatchF ` + file + `" "id:1"`:                file + ":4",
		`SecRule REMOTE_ADDR "@ipMatch 192.0.2.1, 192.0.2.0/33" "id:1"`:      `"192.0.2.0/33" is neither`,
		`SecRule REMOTE_ADDR "!@ipMatch 10.0.0.0/8,internal.example" "id:1"`: `"internal.example" is neither`,
	} {
		_, err := Compile(FS(), text, coraza.NewWAFConfig())
		var at *DirectiveError
		require.ErrorAs(t, err, &at, text)
		assert.ErrorContains(t, err, says)
	}
}

// @ipMatchFromDataset is Coraza's own and has the same list.
func TestAddressesMatchAsInCoraza(t *testing.T) {
	const list = "192.0.2.1\n198.51.100.0/24\n2001:db8::/32\n::1\n::ffff:203.0.113.9"
	file := write(t, t.TempDir(), "list.data", "\n# comment\n"+list)
	waf := compiled(t, `SecRuleEngine On
SecDataset list `+"`\n"+list+"\n`"+`
SecRule ARGS "@ipMatchFromFile `+file+`" "id:1,phase:1,pass,log,msg:'m'"
SecRule ARGS "@ipMatchFromDataset list" "id:2,phase:1,pass,log,msg:'m'"
SecRule ARGS "@ipMatch 192.0.2.1, 198.51.100.0/24,2001:db8::/32,::1,::ffff:203.0.113.9" "id:3,phase:1,pass,log,msg:'m'"`)
	for value, matches := range map[string]bool{
		"192.0.2.1": true, "192.0.2.2": false, "198.51.100.255": true, "198.51.101.0": false, "2001:db8:1::1": true,
		"2001:db9::1": false, "::1": true, "::2": false, "::ffff:192.0.2.1": true, "203.0.113.9": true, "": false, "a": false,
	} {
		got := captures(t, waf, value)
		for id := 1; id <= 3; id++ {
			_, matched := got[id]
			if id != 2 {
				_, corazas := got[2]
				assert.Equal(t, corazas, matched, "rule %d, %q", id, value)
			}
			if value != "203.0.113.9" {
				assert.Equal(t, matches, matched, "rule %d, %q", id, value)
			}
		}
	}
}
