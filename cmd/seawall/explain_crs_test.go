package main

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/filter"
)

// crsDetects is what CRS's own tests are written for: paranoia level 4, detecting.
const crsDetects = "directives: |\n  Include @recommended.conf\n  Include @crs-ftw\n  Include @owasp_crs/*.conf\n"

// unsayable are tests that no rule behind an Envoy can see, as e2e/ftw/testdata/h1.json
// has them.
var unsayable = map[string]string{
	"920210-2": "Envoy gives its filters no Connection header",
	"920280-1": "Envoy answers a request without Host itself",
	"920430-5": "Envoy answers HTTP/0.9 itself",
}

// attackSpread takes n attacks from CRS's tests so that every file has its share.
func attackSpread(t *testing.T, n int) []exchange.Attack {
	t.Helper()
	files, err := exchange.AttackFiles()
	require.NoError(t, err)
	var byFile [][]exchange.Attack
	for _, file := range files {
		attacks, err := exchange.AttacksIn(file)
		require.NoError(t, err)
		byFile = append(byFile, attacks)
	}
	var chosen []exchange.Attack
	for round := 0; len(chosen) < n; round++ {
		before := len(chosen)
		for _, attacks := range byFile {
			if round < len(attacks) && len(chosen) < n && unsayable[attacks[round].Test] == "" {
				chosen = append(chosen, attacks[round])
			}
		}
		require.Greater(t, len(chosen), before, "CRS has fewer than %d attacks", n)
	}
	return chosen
}

func TestExplainNamesTheRulesThatCRSsTestsExpect(t *testing.T) {
	config, err := filter.ParseConfig([]byte(crsDetects))
	require.NoError(t, err)
	explainer := filter.NewExplainer(config)
	attacks := attackSpread(t, 300)
	work := make(chan exchange.Attack)
	var wait sync.WaitGroup
	var mu sync.Mutex
	var unnamed, unbalanced []string
	for range 2 {
		wait.Go(func() {
			for a := range work {
				found, err := explainer.Explain(a.Request.Filter())
				if !assert.NoError(t, err, a.Test) {
					continue
				}
				var named []int
				for _, m := range found.Matches {
					named = append(named, m.ID)
					for _, v := range m.On {
						assert.True(t, 0 <= v.Start && v.Start <= v.End && v.End <= len(v.After), "%s: %d: %+v", a.Test, m.ID, v)
					}
				}
				missing := slices.DeleteFunc(slices.Clone(a.Expect), func(id int) bool { return slices.Contains(named, id) })
				mu.Lock()
				if len(missing) > 0 {
					unnamed = append(unnamed, fmt.Sprintf("%s lacks %v, names %v", a.Test, missing, named))
				}
				for _, account := range append(found.Ledger.Categories, found.Ledger.Inbound, found.Ledger.Outbound) {
					if account.Unaccounted != 0 {
						unbalanced = append(unbalanced, fmt.Sprintf("%s: %s has %d unaccounted", a.Test, account.Name, account.Unaccounted))
					}
				}
				mu.Unlock()
			}
		})
	}
	for _, a := range attacks {
		work <- a
	}
	close(work)
	wait.Wait()
	assert.Empty(t, unnamed, "of %d attacks", len(attacks))
	assert.Empty(t, unbalanced, "every point is some rule's")
}
