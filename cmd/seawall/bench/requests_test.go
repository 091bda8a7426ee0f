package bench

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// alerts are the rules that a user would see in a log.
func alerts(t *testing.T, stock *coraza3, x *Exchange) (ids []int, denied bool) {
	t.Helper()
	tx := stock.waf.NewTransaction()
	defer tx.Close()
	it, err := inspect(tx, x)
	require.NoError(t, err)
	for _, m := range tx.MatchedRules() {
		if log, ok := m.(interface{ Log() bool }); ok && log.Log() {
			ids = append(ids, m.Rule().ID())
		}
	}
	return ids, it != nil
}

func TestTheRequestsAreWhatTheirNamesSay(t *testing.T) {
	policy, err := CoreRuleSet(1)
	require.NoError(t, err)
	stock, err := newCoraza(Stock, policy.Text)
	require.NoError(t, err)
	defer closeWAF(stock.waf)
	f, err := newFresh(1)
	require.NoError(t, err)
	for name, want := range map[string]struct {
		alert, body, response int // an alert's rule; bytes, give or take 20 %
	}{
		"tiny":           {},
		"browser":        {},
		"browser+html":   {response: 8 << 10},
		"form":           {body: 1 << 10},
		"json2k":         {body: 2 << 10},
		"json20k":        {body: 20 << 10},
		"json100k":       {body: 100 << 10},
		"multipart1m":    {body: 1 << 20},
		"alerted":        {alert: 920420, body: 20 << 10},
		"alerted-type":   {alert: 920420, body: 2 << 10},
		"alerted-header": {alert: 920350},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := open(name, f)
			require.NoError(t, err)
			for range 3 {
				x, err := r.Next()
				require.NoError(t, err)
				ids, denied := alerts(t, stock, x)
				assert.Equal(t, want.alert == 920420, denied, "that alert alone reaches the threshold")
				assert.InEpsilon(t, max(want.body, 1), max(len(x.Body), 1), 0.2, "bytes of the body")
				if want.response > 0 {
					assert.InEpsilon(t, want.response, len(x.ResponseBody), 0.2, "bytes of the response's body")
				}
				if want.alert == 0 {
					assert.Empty(t, ids, "%s", x.Body)
				} else {
					const blocking = 949110 // says that the threshold is reached
					ids = slices.DeleteFunc(ids, func(id int) bool { return id == blocking })
					assert.Equal(t, []int{want.alert}, ids)
				}
			}
		})
	}
	for _, name := range Names {
		if group(name) == "attacks" {
			r, err := open(name, f)
			require.NoError(t, err)
			x, err := r.Next()
			require.NoError(t, err)
			_, denied := alerts(t, stock, x)
			assert.True(t, denied, name)
		}
	}
}

func TestTheAdversarialAreTenKilobytesOfWhatParses(t *testing.T) {
	cases, err := Cases(3, []string{"adversarial"})
	require.NoError(t, err)
	require.Len(t, cases, 2)
	for _, c := range cases {
		batch, err := c.Batch(20)
		require.NoError(t, err)
		for _, x := range batch {
			assert.InEpsilon(t, 10<<10, len(x.Body), 0.25, c.Name)
			if c.Name == "adversarial-json" {
				assert.True(t, json.Valid(x.Body), "%s", x.Body)
			} else {
				_, err := url.ParseQuery(string(x.Body))
				assert.NoError(t, err)
			}
		}
	}
}

func TestTheMalformedIsNoJSONAtItsVeryEnd(t *testing.T) {
	cases, err := Cases(3, []string{"malformed"})
	require.NoError(t, err)
	batch, err := cases[0].Batch(1)
	require.NoError(t, err)
	assert.False(t, json.Valid(batch[0].Body))
	assert.True(t, json.Valid(append(batch[0].Body, '}')))
}

func TestTheMixIsAsItsFileSays(t *testing.T) {
	cases, err := Cases(1, []string{"mixed"})
	require.NoError(t, err)
	batch, err := cases[0].Batch(1)
	require.NoError(t, err)
	bodies, large := 0, 0
	for _, x := range batch {
		if len(x.Body) > 0 {
			bodies++
		}
		if len(x.Body) >= 17<<10 {
			large++
		}
	}
	assert.Equal(t, len(batch)/2, bodies)
	assert.Equal(t, 4, large)
	alerted := 0
	for _, p := range cases[0].parts {
		if group(p.request.Name) == "alerted" {
			alerted += p.share
		}
	}
	assert.Equal(t, 0.15, float64(alerted)/float64(len(batch)))
}

func TestOneSeedMakesTheSameRequestsAndEachOnce(t *testing.T) {
	batch := func(seed uint64) []*Exchange {
		cases, err := Cases(seed, Names)
		require.NoError(t, err)
		var all []*Exchange
		for _, c := range cases {
			if c.Name == "mixed" || c.Name == "multipart1m" {
				continue // more of the same, and much of it
			}
			b, err := c.Batch(2)
			require.NoError(t, err)
			all = append(all, b...)
		}
		return all
	}
	first, again, other := batch(1), batch(1), batch(2)
	assert.Equal(t, first, again)
	for i := range first {
		assert.NotEqual(t, first[i], other[i])
		if i > 0 {
			assert.NotEqual(t, first[i-1], first[i])
		}
	}
}

func TestANameThatIsNoRequestIsRefused(t *testing.T) {
	_, err := Cases(1, []string{"tiny", "nonsense"})
	assert.ErrorContains(t, err, `no request is named "nonsense"; there are: tiny, browser`)
}
