package screen

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/filter/screen/dfa"
	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// patterns gathers, while a Screen is compiled, what is looked for in bulk: regular
// expressions and lists of words. A group is scanned in one pass.
type patterns struct {
	groups map[string]*group
	parsed map[string]*dfa.Pattern // nil: not supported
}

// group is one union of expressions and one of word lists. In the bits of a scan the
// expressions come first.
type group struct {
	index   int
	rx      []string
	lists   [][]string
	rxBits  map[string]int
	wordBit map[string]int
	set     *dfa.Set
	words   *dfa.Words
	// blankless: words are found in texts as if these had no blanks.
	blankless bool
}

func newPatterns() *patterns {
	return &patterns{groups: make(map[string]*group), parsed: make(map[string]*dfa.Pattern)}
}

// parse parses a pattern once for all that ask; nil where it cannot be screened.
func (p *patterns) parse(pattern string) *dfa.Pattern {
	parsed, known := p.parsed[pattern]
	if !known {
		parsed, _ = dfa.Parse(pattern)
		p.parsed[pattern] = parsed
	}
	return parsed
}

func (p *patterns) group(name string) *group {
	g := p.groups[name]
	if g == nil {
		g = &group{index: len(p.groups), blankless: strings.HasSuffix(name, withoutBlanks), rxBits: make(map[string]int), wordBit: make(map[string]int)}
		p.groups[name] = g
	}
	return g
}

// bulk is one operator of a group.
type bulk struct {
	group *group
	word  bool
	index int
}

// bit is the operator's place among the bits of a scan.
func (b bulk) bit() int {
	if !b.word {
		return b.index
	}
	return b.group.set.Words()*64 + b.index
}

// bits is how many uint64 the bits of a scan take.
func (g *group) bits() int { return g.set.Words() + (len(g.lists)+63)/64 }

// compile builds the automata, or finds those of another Screen; after it the group
// does not change.
func (p *patterns) compile(g *group) (err error) {
	g.set, err = sharedSets.get([][]string{g.rx}, func() (*dfa.Set, error) {
		parsed := make([]*dfa.Pattern, len(g.rx))
		for i, pattern := range g.rx {
			parsed[i] = p.parse(pattern)
		}
		return dfa.CompileParsed(parsed, dfa.Shared)
	})
	if err != nil {
		return err
	}
	if g.blankless {
		key := append(slices.Clone(g.lists), []string{""}) // no list has this word: another automaton than theirs
		g.words, err = sharedWords.get(key, func() (*dfa.Words, error) { return dfa.NewBlanklessWords(g.lists), nil })
		return err
	}
	g.words, err = sharedWords.get(g.lists, func() (*dfa.Words, error) { return dfa.NewWords(g.lists), nil })
	return err
}

// scan sets the bits of what could match v. exact is false where some of them may
// be set without a match.
func (g *group) scan(v string, bits []uint64) (exact bool) {
	exact = g.set.Scan(v, bits)
	if len(g.lists) > 0 {
		g.words.Scan(v, bits[g.set.Words():])
	}
	return exact
}

func (p *patterns) addRx(g *group, pattern string) (bulk, bool) {
	i, ok := g.rxBits[pattern]
	if !ok {
		if p.parse(pattern) == nil {
			return bulk{}, false
		}
		i = len(g.rx)
		g.rx, g.rxBits[pattern] = append(g.rx, pattern), i
	}
	return bulk{group: g, index: i}, true
}

func (g *group) addWords(words []string) (bulk, bool) {
	for _, w := range words {
		if w == "" {
			return bulk{}, false
		}
	}
	key := strings.Join(words, "\n")
	i, ok := g.wordBit[key]
	if !ok {
		i = len(g.lists)
		g.lists, g.wordBit[key] = append(g.lists, words), i
	}
	return bulk{group: g, word: true, index: i}, true
}

// addBulk takes an operator that is evaluated for all rules in one pass; ok is
// false for any other, and for one that cannot be.
func (c *compiler) addBulk(name string, op *seclang.Operator, rule *seclang.Rule) (bulk, bool) {
	g := c.scans.group(name)
	switch op.Name {
	case "rx":
		return c.scans.addRx(g, op.Argument)
	case "pm":
		return g.addWords(strings.Split(strings.ToLower(op.Argument), " "))
	case "pmfromfile", "pmf":
		words, err := c.phrases(op.Argument, rule.File)
		if err != nil {
			return bulk{}, false
		}
		return g.addWords(words)
	case "contains", "strmatch":
		return g.addWords([]string{op.Argument}) // in any case: more than it finds
	}
	return bulk{}, false
}

// bulky reports whether an operator is evaluated in bulk.
func bulky(op *seclang.Operator) bool {
	switch op.Name {
	case "rx", "pm", "pmf", "pmfromfile":
		return true
	case "contains", "strmatch":
		return !op.Negated && isASCII(op.Argument) && len(macros(op.Argument)) == 0
	}
	return false
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 }) < 0
}

// phrases reads a phrase file where the rules package's @pmFromFile finds it.
func (c *compiler) phrases(name, file string) ([]string, error) {
	data, err := fs.ReadFile(c.fsys, besideRule(name, file))
	if err != nil {
		return nil, err
	}
	return rules.ReadPhrases(data)
}

func besideRule(name, file string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(path.Dir(file), name)
}
