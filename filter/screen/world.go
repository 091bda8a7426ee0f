package screen

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// world is what holds for every innocent exchange: which of the rules that no
// exchange decides match, which rules they make the engine jump over, and what TX
// holds. It is found by asking Coraza: those rules alone, run once.
//
// It holds until a rule matches that is not quiet; but then the engine runs.
type world struct {
	constant map[*seclang.Rule]bool // rules that no exchange decides
	matches  map[*seclang.Rule]bool // those of them that match
	dead     map[*seclang.Rule]bool // rules that are jumped over
	tainted  map[string]bool        // TX names whose values depend on the exchange
	// tx is TX behind each phase. writers are the places in set.Rules of the
	// constant rules that set a name, by phase.
	tx      [6]map[string]string
	writers [6]map[string]int
}

// newWorld finds the constant rules and runs them.
func (c *compiler) newWorld(directives []rules.Directive) (*world, error) {
	w := &world{
		constant: make(map[*seclang.Rule]bool), matches: make(map[*seclang.Rule]bool),
		tainted: taintedNames(c.set),
	}
	for _, r := range c.set.Rules {
		if r.Marker == "" && r.Unknown == "" && w.decides(r) {
			w.constant[r] = true
			if c.updated[r.ID] {
				return nil, fmt.Errorf("rule %d, on which the others' flow depends, is changed by a SecRuleUpdate directive", r.ID)
			}
		}
	}
	if err := c.run(w, directives); err != nil {
		return nil, err
	}
	for i, r := range c.set.Rules {
		if !w.constant[r] {
			continue // the head of a chain sets, whether or not the rest matches
		}
		for _, link := range withLinks(r) {
			for _, v := range link.SetVars {
				if w.writers[r.Phase] == nil {
					w.writers[r.Phase] = make(map[string]int)
				}
				w.writers[r.Phase][strings.ToLower(v.Name)] = i
			}
		}
	}
	return w, nil
}

// decides reports whether nothing but constant TX variables decides about r.
func (w *world) decides(r *seclang.Rule) bool {
	for i, link := range withLinks(r) {
		if link.Operator != nil && !w.fixed(link.Operator.Argument) {
			return false
		}
		for _, v := range link.Variables {
			matched := i > 0 && strings.HasPrefix(v.Name, "MATCHED_VAR")
			if v.Name != "TX" && !matched {
				return false
			}
			if v.Name == "TX" && !v.Regex && (v.Key == "" || isCapture(v.Key) || w.isTainted(strings.ToLower(v.Key))) {
				return false
			}
			if v.Name == "TX" && v.Regex && w.taints(v.Key) {
				return false
			}
		}
	}
	return true
}

// taints reports whether an expression over names finds one whose value depends on
// the exchange.
func (w *world) taints(expression string) bool {
	re, err := regexp.Compile(expression)
	if err != nil {
		return true
	}
	for name := range w.tainted {
		if strings.Contains(name, "%{") || re.MatchString(name) {
			return true
		}
	}
	return slices.ContainsFunc(captureNames, re.MatchString)
}

// isTainted reports whether the value under a name depends on the exchange. Names
// with macros stand for all that begin as they do.
func (w *world) isTainted(name string) bool {
	if w.tainted[name] {
		return true
	}
	for t := range w.tainted {
		if fixed, _, open := strings.Cut(t, "%{"); open && strings.HasPrefix(name, fixed) {
			return true
		}
	}
	return false
}

// setAfter reports whether a constant rule of the phase behind place i sets a name.
func (w *world) setAfter(name string, phase, i int) bool {
	for written, at := range w.writers[phase] {
		fixed, _, open := strings.Cut(written, "%{")
		if at > i && (written == name || open && strings.HasPrefix(name, fixed)) {
			return true
		}
	}
	return false
}

// fixed reports whether a text with macros is the same for every exchange.
func (w *world) fixed(text string) bool {
	for _, m := range macros(text) {
		name, ok := txName(m)
		if !ok || isCapture(name) || w.isTainted(name) {
			return false
		}
	}
	return true
}

// taintedNames finds the TX names that a SecAction, or another rule that may be
// constant, sets to something of the exchange, directly or by way of another name.
func taintedNames(set *seclang.RuleSet) map[string]bool {
	w := &world{tainted: make(map[string]bool)}
	for changed := true; changed; {
		changed = false
		for _, r := range set.Rules {
			if r.Marker != "" || !w.decides(r) {
				continue
			}
			for _, link := range withLinks(r) {
				for _, v := range link.SetVars {
					name := strings.ToLower(v.Name)
					if !w.tainted[name] && (!w.fixed(v.Value) || !w.fixed(v.Name)) {
						w.tainted[name], changed = true, true
					}
				}
			}
		}
	}
	return w.tainted
}

// run asks Coraza which constant rules match, and what they leave in TX. That must
// not hang on which phases an exchange has: a client may leave, an upstream never
// answer, a configuration inspect one direction.
func (c *compiler) run(w *world, directives []rules.Directive) (err error) {
	text := c.worldText(w, directives)
	waf, err := rules.Compile(c.fsys, text, coraza.NewWAFConfig())
	if err != nil {
		return fmt.Errorf("running the rules that no exchange decides: %w", err)
	}
	defer func() {
		if closer, ok := waf.(experimental.WAFCloser); ok {
			err = errors.Join(err, closer.Close())
		}
	}()
	if err := c.play(waf, w); err != nil {
		return err
	}
	for _, without := range [][]int{{2, 3, 4}, {3, 4}, {4}, {2}, {2, 4}} {
		partly := *w
		if err := c.play(waf, &partly, without...); err != nil {
			return err
		}
		if err := w.same(&partly, without); err != nil {
			return err
		}
	}
	return nil
}

// same holds a world without some phases against the whole.
func (w *world) same(partly *world, without []int) error {
	for _, both := range [][2]map[*seclang.Rule]bool{{w.matches, partly.matches}, {partly.matches, w.matches}, {w.dead, partly.dead}, {partly.dead, w.dead}} {
		for r := range both[0] {
			if !both[1][r] && !slices.Contains(without, r.Phase) {
				return fmt.Errorf("whether rule %d runs or matches depends on which phases have run", r.ID)
			}
		}
	}
	for phase := range w.tx {
		if slices.Contains(without, phase) {
			continue
		}
		for _, both := range [][2]map[string]string{{w.tx[phase], partly.tx[phase]}, {partly.tx[phase], w.tx[phase]}} {
			for name, value := range both[0] {
				if other, ok := both[1][name]; !ok || other != value {
					w.tainted[name] = true
				}
			}
		}
	}
	return nil
}

// play runs an exchange that has nothing in it, and follows what it jumps over.
func (c *compiler) play(waf coraza.WAF, w *world, without ...int) (err error) {
	tx := waf.NewTransactionWithID("innocent")
	defer func() { err = errors.Join(err, tx.Close()) }()
	w.matches, w.tx = make(map[*seclang.Rule]bool), [6]map[string]string{}
	tx.ProcessConnection("192.0.2.1", 1024, "192.0.2.2", 80)
	tx.ProcessURI("/", "GET", "HTTP/1.1")
	tx.AddRequestHeader("host", "innocent")
	phases := [...]func() error{
		1: func() error { tx.ProcessRequestHeaders(); return nil },
		2: func() error { _, err := tx.ProcessRequestBody(); return err },
		3: func() error { tx.ProcessResponseHeaders(200, "HTTP/1.1"); return nil },
		4: func() error { _, err := tx.ProcessResponseBody(); return err },
		5: func() error { tx.ProcessLogging(); return nil },
	}
	seen := 0
	for phase := 1; phase <= 5; phase++ {
		if slices.Contains(without, phase) {
			continue
		}
		if err := phases[phase](); err != nil {
			return fmt.Errorf("running the rules that no exchange decides: %w", err)
		}
		matched := tx.MatchedRules()
		for _, m := range matched[seen:] {
			w.note(c.set, m)
		}
		seen = len(matched)
		w.tx[phase] = snapshot(tx)
		if tx.IsInterrupted() && phase < 5 {
			return errors.New("a rule that no exchange decides denies every exchange")
		}
	}
	return w.jump(c.set, without)
}

func (w *world) note(set *seclang.RuleSet, m types.MatchedRule) {
	for _, r := range set.Rules {
		if r.ID == m.Rule().ID() && w.constant[r] {
			w.matches[r] = true
		}
	}
}

// worldText is the SecLang of the constant rules, the markers among them.
func (c *compiler) worldText(w *world, directives []rules.Directive) string {
	var b strings.Builder
	b.WriteString("SecAuditEngine Off\n")
	emit(&b, directives, c.set,
		func(d rules.Directive) bool { return is(d, "SecDefaultAction") || is(d, "SecRuleEngine") },
		func(r *seclang.Rule) bool { return r.Marker != "" || w.constant[r] })
	return b.String()
}

// jump follows skipAfter through each phase, as Coraza does: what it jumps over
// is dead as long as the exchange is innocent.
func (w *world) jump(set *seclang.RuleSet, without []int) error {
	w.dead = make(map[*seclang.Rule]bool)
	after := ""
	for phase := 1; phase <= 5; phase++ {
		if slices.Contains(without, phase) {
			continue
		}
		for _, r := range set.Rules {
			switch {
			case r.Marker != "" && r.Marker == after:
				after = ""
			case r.Marker != "" || r.Phase != phase:
			case after != "":
				w.dead[r] = true
			case !w.matches[r]:
			case r.Skip > 0:
				return fmt.Errorf("rule %d skips the next %d on every exchange", r.ID, r.Skip)
			default:
				after = r.SkipAfter
			}
		}
	}
	return nil
}

// value is what TX holds under a name when the rule at place i of set.Rules runs;
// known is false where that depends on the exchange. ok: the name exists.
func (w *world) value(name string, phase, i int) (value string, ok, known bool) {
	name = strings.ToLower(name)
	if isCapture(name) || w.isTainted(name) || w.setAfter(name, phase, i) {
		return "", false, false
	}
	value, ok = w.tx[phase][name]
	return value, ok, true
}

func snapshot(tx types.Transaction) map[string]string {
	values := make(map[string]string)
	state, ok := tx.(plugintypes.TransactionState)
	if !ok {
		return values
	}
	for _, m := range state.Variables().TX().FindAll() {
		values[strings.ToLower(m.Key())] = m.Value()
	}
	return values
}

// changedRules are the IDs of the rules that look different because of a
// SecRuleUpdate... directive: their text is not what the engine runs.
func changedRules(set *seclang.RuleSet, directives []rules.Directive) map[int]bool {
	updates := func(d rules.Directive) bool { return hasPrefix(d, "SecRuleUpdate") }
	changed := make(map[int]bool)
	if !slices.ContainsFunc(set.Changes, updates) {
		return changed
	}
	written := make(map[int]*seclang.Rule)
	for _, r := range seclang.Parse(slices.DeleteFunc(slices.Clone(directives), updates)).Rules {
		written[r.ID] = r
	}
	for _, r := range set.Rules {
		if !reflect.DeepEqual(r, written[r.ID]) {
			changed[r.ID] = true
		}
	}
	return changed
}
