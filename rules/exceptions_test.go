package rules

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Two transactions at once, each with an exclusion of its own at runtime: each is
// judged with its own. With three exclusions of the rule's own, Coraza's slice of them
// has room for a fourth, which is then written by both.
func TestRuntimeExclusionsStayWithTheirTransaction(t *testing.T) {
	for own := range 8 {
		var excluded strings.Builder
		for i := range own {
			fmt.Fprintf(&excluded, "|!ARGS:own%d", i)
		}
		waf := compiled(t, `SecRuleEngine On
SecRule REQUEST_FILENAME "@streq /a" "id:1,phase:1,pass,nolog,ctl:ruleRemoveTargetById=3;ARGS:a"
SecRule REQUEST_FILENAME "@streq /b" "id:2,phase:1,pass,nolog,ctl:ruleRemoveTargetById=3;ARGS:b"
SecRule REQUEST_METHOD "@streq GET" "id:3,phase:2,deny,chain"
  SecRule ARGS`+excluded.String()+` "@streq evil"
`)
		var wait sync.WaitGroup
		var wrong atomic.Int64
		for i := range 8 {
			uri, want := "/a?a=evil", false
			switch i % 4 {
			case 1:
				uri, want = "/b?b=evil", false
			case 2:
				uri, want = "/a?b=evil", true
			case 3:
				uri, want = "/b?a=evil", true
			}
			wait.Go(func() {
				for range 1500 {
					tx := waf.NewTransaction()
					tx.ProcessURI(uri, "GET", "HTTP/1.1")
					it := tx.ProcessRequestHeaders()
					if it == nil {
						it, _ = tx.ProcessRequestBody()
					}
					if (it != nil) != want {
						wrong.Add(1)
					}
					_ = tx.Close()
				}
			})
		}
		wait.Wait()
		assert.Zero(t, wrong.Load(), "of 12000 verdicts, with %d exclusions of the rule's own", own)
	}
}
