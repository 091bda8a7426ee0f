package filter

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"

	"github.com/seawall-waf/seawall/filter/screen"
	"github.com/seawall-waf/seawall/rules"
)

// ruleSet is one compiled SecLang configuration. It is immutable.
//
// Its life is the garbage collector's affair. Hosts tell us when a config is
// replaced in three different ways, or not at all (the dynamic-modules SDK has
// no such callback), and streams outlive configs; reachability is the one fact
// that is always right. When a ruleSet becomes unreachable its WAF is closed,
// which gives back the patterns that Coraza keeps in a process-wide cache.
type ruleSet struct {
	waf      coraza.WAF
	recorder *rules.Recorder    // what was read from disk while compiling
	audits   bool               // writes an audit log: phase 5 may do I/O
	places   map[int]source     // by rule ID
	limits   [2]rules.Directive // the last SecRequestBodyLimit and SecResponseBodyLimit

	// The screen and its front; nil where every rule runs for every exchange.
	// unscreened says why that is, if it was not asked for.
	screen     *screen.Screen
	front      coraza.WAF
	unscreened string
	// distrusted: the screen was wrong once, and is not asked any more.
	distrusted atomic.Bool
}

// within refuses a body limit that our own cap would undercut in silence: the
// rules would see less than their author wrote.
func (s *ruleSet) within(c *Config) error {
	for i, o := range []struct {
		key string
		BodyOptions
	}{{"request_body", c.RequestBody}, {"response_body", c.ResponseBody}} {
		d := s.limits[i]
		name, value, _ := strings.Cut(d.Text, " ")
		limit, err := strconv.Atoi(strings.Trim(value, "\" "))
		if err != nil || limit <= o.MaxHeldBytes {
			continue // never written, or fine: Coraza accepted it
		}
		return &rules.DirectiveError{File: d.File, Line: d.Line, Text: d.Text,
			Err:  fmt.Errorf("%s %d is above %s.max_held_bytes, %d", name, limit, o.key, o.MaxHeldBytes),
			Hint: fmt.Sprintf("raise max_held_bytes in the config, or write a lower %s behind the Include", name)}
	}
	return nil
}

// source is where a rule is written. Coraza's own line numbers run on through
// all included files.
type source struct {
	file string // "" for the config document itself
	line int
	// macro is the rule's msg action if that takes something from the exchange.
	macro string
}

// messageMacro returns what macro finds in a directive. Few have any, and to look at
// the others with the expression takes a tenth of a compilation.
func messageMacro(directive string) string {
	for before, rest, ok := strings.Cut(directive, ":'"); ok; before, rest, ok = strings.Cut(rest, ":'") {
		text, _, _ := strings.Cut(rest, "'")
		if n := len(before); n >= 3 && strings.EqualFold(before[n-3:], "msg") && strings.Contains(text, "%{") {
			return strings.Clone(macro.FindString(directive))
		}
	}
	return ""
}

// ruleID finds a rule's ID among its actions.
var ruleID = regexp.MustCompile(`[",\s]id:'?(\d+)`)

// liveRuleSets counts compiled rule sets that have not been closed.
var liveRuleSets atomic.Int64

// LiveRuleSets returns how many compiled rule sets the process holds.
func LiveRuleSets() int { return int(liveRuleSets.Load()) }

// compiled finds rule sets by the digest of their text. Pointers are weak: the
// cache shares what is in use and keeps nothing alive.
var compiled struct {
	sync.Mutex
	sets map[[sha256.Size]byte]weak.Pointer[ruleSet]
}

// compileRuleSet compiles text, or returns the rule set that is already in use
// for the same text if every file it read is unchanged.
func compileRuleSet(text string, screened, offline bool) (*ruleSet, error) {
	digest := sha256.Sum256(fmt.Appendf(nil, "%t %t\n%s", screened, offline, text))
	compiled.Lock()
	defer compiled.Unlock()
	if set := compiled.sets[digest].Value(); set != nil && rules.Unchanged(rules.FS(), set.recorder) {
		return set, nil
	}
	set, err := newRuleSet(text, screened, offline, coraza.NewWAFConfig())
	if err != nil {
		return nil, err
	}
	if compiled.sets == nil {
		compiled.sets = make(map[[sha256.Size]byte]weak.Pointer[ruleSet])
	}
	for d, p := range compiled.sets {
		if p.Value() == nil {
			delete(compiled.sets, d)
		}
	}
	compiled.sets[digest] = weak.Make(set)
	return set, nil
}

func newRuleSet(text string, screened, offline bool, config coraza.WAFConfig) (*ruleSet, error) {
	recorder := rules.Recording(rules.FS())
	directives, err := rules.Walk(recorder, text)
	if err != nil {
		return nil, err
	}
	compile := rules.Compile
	if offline {
		compile = rules.CompileOffline
	}
	waf, err := compile(recorder, text, config)
	if err != nil {
		return nil, err
	}
	set := &ruleSet{waf: waf, recorder: recorder, places: make(map[int]source)}
	for _, d := range directives {
		switch name, _, _ := strings.Cut(d.Text, " "); strings.ToLower(name) {
		case "secrequestbodylimit":
			set.limits[0] = d
		case "secresponsebodylimit":
			set.limits[1] = d
		case "secauditlog":
			set.audits = true
		case "secrule", "secaction":
			if m := ruleID.FindStringSubmatch(d.Text); m != nil {
				id, _ := strconv.Atoi(m[1])
				set.places[id] = source{file: strings.Clone(d.File), line: d.Line, macro: messageMacro(d.Text)}
			}
		}
	}
	if screened {
		set.addScreen(directives, recorder, compile)
	}
	liveRuleSets.Add(1)
	runtime.AddCleanup(set, func(wafs [2]coraza.WAF) {
		for _, waf := range wafs {
			if c, ok := waf.(experimental.WAFCloser); ok {
				_ = c.Close() // always nil in Coraza 3.8.1
			}
		}
		liveRuleSets.Add(-1)
	}, [2]coraza.WAF{waf, set.front})
	return set, nil
}

// addScreen compiles the screen and its front. Where that is impossible, every rule
// runs for every exchange.
func (s *ruleSet) addScreen(directives []rules.Directive, recorder *rules.Recorder,
	compile func(fs.FS, string, coraza.WAFConfig) (coraza.WAF, error)) {
	compiled := screen.Compile(directives, recorder)
	if s.unscreened = compiled.Off; s.unscreened != "" {
		return
	}
	front, err := compile(recorder, compiled.Front, coraza.NewWAFConfig())
	if err != nil {
		s.unscreened = "compiling what shapes parsing: " + err.Error()
		return
	}
	s.screen, s.front = compiled, front
}
