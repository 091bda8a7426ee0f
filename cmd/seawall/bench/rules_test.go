package bench

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/rules"
)

func TestTheStopwatchCountsEachRuleThatRunsOnceAndAChainForItsHead(t *testing.T) {
	watch := newStopwatch()
	waf, err := rules.Compile(rules.FS(), `SecRuleEngine On
SecRule REQUEST_METHOD "@streq GET" "id:1,phase:1,pass,nolog,chain"
    SecRule REQUEST_URI "@contains /" "t:none,chain"
    SecRule REQUEST_URI "@contains nothing" "t:none"
SecAction "id:2,phase:1,pass,nolog,skipAfter:END"
SecRule REQUEST_URI "@contains /" "id:3,phase:1,deny"
SecMarker END
SecRule REQUEST_URI "@contains /" "id:4,phase:2,pass,nolog"
`, coraza.NewWAFConfig().WithDebugLogger(watch))
	require.NoError(t, err)
	defer closeWAF(waf)
	for range 3 {
		denied, err := judge(waf, &Exchange{Method: "GET", Path: "/", Host: "a", Status: 200})
		require.NoError(t, err)
		require.False(t, denied)
	}
	times := watch.take()
	for id, runs := range map[int]int{1: 3, 2: 3, 4: 3} {
		require.Contains(t, times, id)
		assert.Equal(t, runs, times[id].runs, "rule %d", id)
		assert.Positive(t, times[id].spent, "rule %d", id)
	}
	assert.NotContains(t, times, 3, "a rule that is skipped costs nothing")
	assert.Empty(t, watch.take())
}

func TestADearRuleStandsAboveACheapOne(t *testing.T) {
	config := []byte(`directives: |
  SecRuleEngine On
  SecRequestBodyAccess On
  SecRule REQUEST_URI "@contains x" "id:1,phase:1,pass,nolog,msg:'cheap'"
  SecRule ARGS|REQUEST_BODY|REQUEST_HEADERS "@rx (?i)(?:[a-z]+\s?){3,20}zzz" "id:2,phase:2,pass,nolog,msg:'dear <b>'"
  SecRule ARGS "@contains x" "id:3,phase:3,pass,nolog,skipAfter:NOWHERE"
  SecMarker NOWHERE
`)
	policy, err := PolicyOf(config, "")
	require.NoError(t, err)
	cases, err := Cases(1, []string{"form"})
	require.NoError(t, err)
	report, err := MeasureRules(context.Background(), policy, cases, Plan{Progress: io.Discard})
	require.NoError(t, err)
	require.NotEmpty(t, report.Rules)
	first := report.Rules[0]
	assert.Equal(t, 2, first.ID)
	assert.Equal(t, "dear <b>", first.Message)
	assert.Equal(t, 2, first.Phase)
	assert.Equal(t, 4, first.Line)
	assert.InDelta(t, 1, first.Runs, 0.001)
	assert.Greater(t, first.Share, 0.5)

	var page bytes.Buffer
	require.NoError(t, report.HTML(&page))
	assert.Contains(t, page.String(), "dear &lt;b&gt;")
	assert.NotContains(t, page.String(), "dear <b>", "what a config says is never markup")
	assert.NotContains(t, page.String(), "ZgotmplZ")
}
