package filter

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
)

// A Ledger says which rule added what to CRS's anomaly scores.
type Ledger struct {
	// BlockingLevel and DetectionLevel are CRS's paranoia levels; scores of levels
	// above the first are counted, but never block.
	BlockingLevel  int      `json:"blocking_paranoia_level"`
	DetectionLevel int      `json:"detection_paranoia_level"`
	Inbound        *Account `json:"inbound"`
	Outbound       *Account `json:"outbound"`
	// Categories are the scores that name a kind of attack (sql_injection_score).
	Categories []*Account `json:"categories,omitempty"`

	variables map[string]string // TX, as it was in the end
}

// An Account is one score and who added to it.
type Account struct {
	Name      string  `json:"name"`
	Score     int     `json:"score"` // of the levels that block, for Inbound and Outbound
	Threshold int     `json:"threshold,omitempty"`
	Levels    [4]int  `json:"levels,omitzero"` // by paranoia level, from 1
	By        []Entry `json:"by,omitempty"`
	// Unaccounted is what the score has beyond the entries: points of a chain whose
	// first rule scores and whose last one did not match, say.
	Unaccounted int `json:"unaccounted,omitempty"`
}

// An Entry is what one rule added.
type Entry struct {
	Rule   int `json:"rule"`
	Points int `json:"points"`
	Times  int `json:"times"` // it matched, and added, that often
	Level  int `json:"paranoia_level,omitempty"`
}

func newLedger(values plugintypes.TransactionVariables) *Ledger {
	l := &Ledger{variables: map[string]string{}}
	for _, m := range values.TX().FindAll() {
		l.variables[strings.ToLower(m.Key())] = strings.Clone(m.Value())
	}
	l.BlockingLevel, l.DetectionLevel = l.number("blocking_paranoia_level"), l.number("detection_paranoia_level")
	l.Inbound, l.Outbound = l.direction("inbound"), l.direction("outbound")
	return l
}

func (l *Ledger) number(name string) int {
	n, _ := strconv.Atoi(l.variables[name])
	return n
}

func (l *Ledger) direction(name string) *Account {
	a := &Account{Name: name, Score: l.number("blocking_" + name + "_anomaly_score"),
		Threshold: l.number(name + "_anomaly_score_threshold")}
	for i := range a.Levels {
		a.Levels[i] = l.number(name + "_anomaly_score_pl" + strconv.Itoa(i+1))
	}
	return a
}

// enter counts what a rule's setvar actions added: once for each value that it, or
// the link of its chain that has them, matched.
func (l *Ledger) enter(e *RuleMatch, head *seclang.Rule, m types.MatchedRule) {
	times := map[int]int{}
	for _, d := range m.MatchedDatas() {
		times[d.ChainLevel()]++
	}
	for level, r := range append([]*seclang.Rule{head}, head.Links...) {
		for _, set := range r.SetVars {
			name := strings.ToLower(set.Name)
			points := l.expand(set.Value) * times[level]
			if set.Op != "=+" || set.Collection != "TX" || points == 0 || strings.Contains(name, "%{") {
				continue
			}
			l.add(e, name, points, times[level])
		}
	}
}

// expand reads a number, or the macro of one.
func (l *Ledger) expand(value string) int {
	if name, ok := strings.CutPrefix(strings.ToLower(value), "%{tx."); ok {
		value = l.variables[strings.TrimSuffix(name, "}")]
	}
	n, _ := strconv.Atoi(value)
	return n
}

// add files points under the score's name: inbound_anomaly_score_pl1, or
// sql_injection_score. What CRS makes of them (blocking_..., detection_...) is the
// same points again.
func (l *Ledger) add(e *RuleMatch, name string, points, times int) {
	account := l.Inbound
	direction, level, anomaly := strings.Cut(name, "_anomaly_score_pl")
	switch {
	case anomaly && direction == "outbound":
		account = l.Outbound
	case anomaly && direction != "inbound", !anomaly && !strings.HasSuffix(name, "_score"),
		strings.HasSuffix(name, "anomaly_score"):
		return
	case !anomaly:
		i := slices.IndexFunc(l.Categories, func(a *Account) bool { return a.Name == name })
		if i < 0 {
			i = len(l.Categories)
			l.Categories = append(l.Categories, &Account{Name: name, Score: l.number(name)})
		}
		account = l.Categories[i]
	}
	entry := Entry{Rule: e.ID, Points: points, Times: times}
	if anomaly {
		entry.Level, _ = strconv.Atoi(level)
		e.Points += points
	}
	account.By = append(account.By, entry)
	if e.Scores == nil {
		e.Scores = map[string]int{}
	}
	e.Scores[name] += points
}

// closed is the finished ledger; nil where the rules keep no scores.
func (l *Ledger) closed() *Ledger {
	for _, a := range append([]*Account{l.Inbound, l.Outbound}, l.Categories...) {
		a.Unaccounted = a.Score
		if a == l.Inbound || a == l.Outbound {
			a.Unaccounted = 0
			for _, n := range a.Levels {
				a.Unaccounted += n
			}
		}
		for _, entry := range a.By {
			a.Unaccounted -= entry.Points
		}
	}
	if l.Inbound.Threshold == 0 && l.Outbound.Threshold == 0 && len(l.Categories) == 0 && len(l.Inbound.By) == 0 {
		return nil
	}
	return l
}

// ruleEngine reads the engine's mode. Coraza has the field and no accessor.
func ruleEngine(tx types.Transaction) string {
	v := reflect.Indirect(reflect.ValueOf(engineOf(tx)))
	if v.Kind() == reflect.Struct {
		if f := v.FieldByName("RuleEngine"); f.IsValid() && f.CanInt() {
			return types.RuleEngineStatus(f.Int()).String()
		}
	}
	return "unknown"
}
