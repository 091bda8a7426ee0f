package bench

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scripted is a subject whose costs and verdicts a test chooses.
type scripted struct {
	name   string
	nanos  float64 // per exchange
	denies func(nth int) bool
	asked  int
}

func (s *scripted) Name() string { return s.name }

func (s *scripted) Run(batch []*Exchange) (Cost, []bool, error) {
	denied := make([]bool, len(batch))
	for i := range batch {
		denied[i] = s.denies != nil && s.denies(s.asked)
		s.asked++
	}
	return Cost{Nanos: s.nanos * float64(len(batch))}, denied, nil
}

func four(stock, off, on, parse float64) []Subject {
	return []Subject{&scripted{name: Stock, nanos: stock}, &scripted{name: Off, nanos: off}, &scripted{name: On, nanos: on}, &scripted{name: Parse, nanos: parse}}
}

func measureScripted(t *testing.T, subjects []Subject, names ...string) *Report {
	t.Helper()
	cases, err := Cases(1, names)
	require.NoError(t, err)
	results, err := Measure(context.Background(), cases, subjects, Plan{Progress: io.Discard})
	require.NoError(t, err)
	return &Report{Policy: "rules", Cases: results}
}

func TestTheLastLineHasOneForm(t *testing.T) {
	r := measureScripted(t, four(4e6, 2e6, 1e5, 25e3), "browser", "tiny", "form", "attacks")
	assert.Equal(t, "bench: browser 40x, tiny 40x, form 40x, attacks 40x vs stock coraza 3.8.1; browser 4.0x of parse-only", r.Summary())
}

func TestOfAGroupTheWorstIsTold(t *testing.T) {
	ratio := func(r float64) map[string]Spread { return map[string]Spread{Stock: {Median: r}} }
	r := &Report{Cases: []*Result{
		{Name: "attack-a", Group: "attacks", Ratios: ratio(30)},
		{Name: "attack-b", Group: "attacks", Ratios: ratio(3.14)},
		{Name: "attack-c", Group: "attacks", Ratios: ratio(12)},
	}}
	assert.Equal(t, "bench: attacks 3.1x vs stock coraza 3.8.1", r.Summary())
}

func TestRatiosComeFirst(t *testing.T) {
	var text strings.Builder
	require.NoError(t, measureScripted(t, four(4e6, 2e6, 1e5, 25e3), "browser").Text(&text))
	ratios, times := strings.Index(text.String(), "40x (40-40x)"), strings.Index(text.String(), "4.00 ms")
	require.Positive(t, ratios)
	assert.Greater(t, times, ratios)
}

func TestADifferentVerdictIsCountedUnlessStockDiffersFromItself(t *testing.T) {
	subjects := four(1e8, 1e8, 1e6, 1e5)
	subjects[2].(*scripted).denies = func(int) bool { return true }
	r := measureScripted(t, subjects, "tiny")
	assert.Equal(t, r.Cases[0].Rounds, r.Differences(), "every exchange differs")

	subjects = four(1e8, 1e8, 1e6, 1e5)
	subjects[2].(*scripted).denies = func(int) bool { return true }
	subjects[0].(*scripted).denies = func(nth int) bool { return nth%2 == 0 }
	assert.Zero(t, measureScripted(t, subjects, "tiny").Differences())
}

func TestAFaultEndsTheMeasurement(t *testing.T) {
	cases, err := Cases(1, []string{"tiny"})
	require.NoError(t, err)
	_, err = Measure(context.Background(), cases, []Subject{faulty{}}, Plan{Progress: io.Discard})
	assert.ErrorContains(t, err, "measuring tiny: stock: out of order")
}

type faulty struct{}

func (faulty) Name() string { return Stock }
func (faulty) Run([]*Exchange) (Cost, []bool, error) {
	return Cost{}, nil, fmt.Errorf("out of order")
}

func TestAMeasurementEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cases, err := Cases(1, Names)
	require.NoError(t, err)
	_, err = Measure(ctx, cases, four(1, 1, 1, 1), Plan{Time: time.Hour, Progress: io.Discard})
	assert.ErrorIs(t, err, context.Canceled)
}
