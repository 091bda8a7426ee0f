package main

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sparse is how few of the inputs that are no fixtures the test takes: make equal
// takes all of them. A prime, so that every source and level has some.
const sparse = 149

// TestSeawallShowsWhatStockShows: invariant 2, on every fixture and a sample of
// the rest. SEAWALL_SCREEN is on or off, for a config that says so.
func TestSeawallShowsWhatStockShows(t *testing.T) {
	o := options{levels: []int{1, 2, 3, 4}, every: sparse, workers: 2, screen: os.Getenv("SEAWALL_SCREEN"),
		corpora: "../shared/corpora", progress: io.Discard}
	if raced {
		o.workers, o.every = 1, 10*sparse
	}
	start := time.Now()
	r, err := run(o)
	require.NoError(t, err)
	for _, line := range r.Skipped {
		if strings.HasPrefix(line, "the corpora") {
			t.Log("skipped:", line)
		}
	}
	for _, d := range r.Differences {
		t.Error(d.block())
	}
	t.Logf("%s, in %s", r.verdict(), time.Since(start).Round(time.Second))
	for source, tally := range r.Sources {
		t.Logf("%-12s %+v", source, *tally)
	}

	// Equality of nothing with nothing would prove nothing.
	fixtures, crs := r.Sources["fixture"], r.Sources["crs"]
	require.NotNil(t, fixtures)
	require.NotNil(t, crs)
	assert.Positive(t, fixtures.Denied)
	assert.Positive(t, fixtures.WouldDeny)
	assert.Positive(t, fixtures.Audited)
	assert.Positive(t, crs.Denied)
	assert.Positive(t, crs.WouldDeny)
	assert.Less(t, r.Control, r.Inputs/10, "where stock is unsteady, nothing is proven")
}

// What a difference is: a Seawall with one rule less must be caught, on the
// aspects that a user would miss.
func TestARuleThatSeawallLosesIsADifference(t *testing.T) {
	const rules = `SecRuleEngine On
SecAction "id:1,phase:1,pass,nolog,setvar:tx.a_score=0"
SecRule ARGS "@contains evil" "id:2,phase:1,pass,log,setvar:tx.a_score=+5"
SecRule TX:a_score "@ge 5" "id:3,phase:2,deny,status:403,log,msg:'score %{tx.a_score}'"
`
	whole := &ruleSet{name: "whole", text: rules}
	weak := &ruleSet{name: "weak", text: rules + "SecRuleRemoveById 2\n"}
	require.NoError(t, whole.compileStock())
	require.NoError(t, whole.compileSeawall(""))
	require.NoError(t, weak.compileSeawall(""))

	evil := job{source: "test", name: "evil", rules: whole, input: browser("GET", "/?a=evil")}
	assert.Nil(t, compare(evil).difference)
	whole.engine = weak.engine
	d := compare(evil).difference
	require.NotNil(t, d)
	for _, aspect := range []string{"verdict", "rules", "scores", "event", "rule 2 matched", "rule 3 message"} {
		assert.Contains(t, d.Aspects, aspect)
	}
	assert.Contains(t, d.block(), `stock:   "deny: phase 2, status 403, seawall_denied{3}`)
	assert.Nil(t, compare(job{rules: whole, input: browser("GET", "/?a=good")}).difference)
}

// What stock itself does now and then is no difference; what it never does, is.
func TestOnlySteadyAspectsCount(t *testing.T) {
	a, b := outcome{"rules": "1", "verdict": "pass"}, outcome{"rules": "1 2", "verdict": "pass"}
	assert.Equal(t, []string{"rules"}, a.differs(b))
	assert.Empty(t, a.differs(a))
	assert.Equal(t, []string{"audit", "rules", "verdict"}, a.differs(outcome{"audit": "x"}))
}
