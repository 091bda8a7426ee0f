package rules

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	ahocorasick "github.com/petar-dambovaliev/aho-corasick"
)

// maxCaptures is the number of TX:0 to TX:9.
const maxCaptures = 10

// phraseFile is @pmFromFile: any phrase of a file, in any case, anywhere in the
// value. The file has one phrase a line; # begins a comment line.
//
// Coraza 3.8.1 keeps the matcher of @pmFromFile under the file's path and shares
// it with every WAF that is open, so a reload after the file changed goes on
// with the old phrases as long as one old transaction lives. This operator does
// the same work with the same library, and shares a matcher by its phrases.
type phraseFile struct {
	// matcher is built when it is first asked: a rule set's lists take tens of
	// milliseconds, and most are never asked, for the screen spares their rules.
	matcher  func() ahocorasick.AhoCorasick
	shortest int // bytes; a shorter value cannot match
}

func newPhraseFile(options plugintypes.OperatorOptions) (plugintypes.Operator, error) {
	data, err := readBeside(options)
	if err != nil {
		return nil, fmt.Errorf("@pmFromFile %s: %w", options.Arguments, err)
	}
	phrases, err := ReadPhrases(data)
	if err != nil {
		return nil, fmt.Errorf("@pmFromFile %s: %w", options.Arguments, err)
	}
	return newPhrases(options, phrases, false)
}

// newPhraseList is @pm: any word of the argument.
//
// Coraza keeps its matcher under the bare words, where the regular expressions of
// selectors and ctl stand too: with ARGS:/foo/ in any open WAF, @pm foo panics its
// parser, and the other way round.
func newPhraseList(options plugintypes.OperatorOptions) (plugintypes.Operator, error) {
	return newPhrases(options, strings.Split(strings.ToLower(options.Arguments), " "), true)
}

// newPhraseDataset is @pmFromDataset: any line of a SecDataset. Coraza keeps its
// matcher under the dataset's name: of two policies, or of the same one before and
// after a reload, the second then matches the words of the first.
func newPhraseDataset(options plugintypes.OperatorOptions) (plugintypes.Operator, error) {
	phrases, ok := options.Datasets[options.Arguments]
	if !ok {
		return nil, fmt.Errorf("dataset %q not found", options.Arguments)
	}
	return newPhrases(options, phrases, true)
}

// newPhrases shares a matcher by its phrases. dfa is the larger and faster form,
// which Coraza takes for phrases that stand in the directives.
func newPhrases(options plugintypes.OperatorOptions, phrases []string, dfa bool) (plugintypes.Operator, error) {
	build := func() (any, error) {
		matcher := sync.OnceValue(func() ahocorasick.AhoCorasick {
			builder := ahocorasick.NewAhoCorasickBuilder(ahocorasick.Opts{
				AsciiCaseInsensitive: true,
				MatchKind:            ahocorasick.LeftMostLongestMatch,
				DFA:                  dfa,
			})
			return builder.Build(phrases)
		})
		if shortestOf(phrases) == 0 {
			matcher() // what the library does not take is refused now
		}
		return matcher, nil
	}
	var matcher any
	var err error
	if options.Memoizer == nil {
		matcher, err = build()
	} else {
		sum := sha256.Sum256([]byte(strings.Join(phrases, "\n")))
		matcher, err = options.Memoizer.Do(fmt.Sprintf("seawall phrases %t %x", dfa, sum), build)
	}
	if err != nil {
		return nil, err
	}
	return &phraseFile{matcher: matcher.(func() ahocorasick.AhoCorasick), shortest: shortestOf(phrases)}, nil
}

// shortestOf is the length of the shortest phrase, 0 where there is none.
func shortestOf(phrases []string) int {
	if len(phrases) == 0 {
		return 0
	}
	return len(slices.MinFunc(phrases, func(a, b string) int { return len(a) - len(b) }))
}

// readBeside finds the file as Coraza does: an absolute name as it is, another
// beside the rule's file, then in the working directory.
func readBeside(options plugintypes.OperatorOptions) ([]byte, error) {
	if path.IsAbs(options.Arguments) {
		return fs.ReadFile(options.Root, options.Arguments)
	}
	err := errors.New("no directory to look in")
	for _, dir := range options.Path {
		var data []byte
		data, err = fs.ReadFile(options.Root, path.Join(dir, options.Arguments))
		if err == nil || !os.IsNotExist(err) {
			return data, err
		}
	}
	return nil, err
}

// ReadPhrases reads a phrase file: one phrase a line, in lower case; # begins a
// comment line.
func ReadPhrases(data []byte) ([]string, error) {
	var phrases []string
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
			phrases = append(phrases, strings.ToLower(line))
		}
	}
	return phrases, lines.Err()
}

// Evaluate stops at the first match unless the rule captures, which needs up to
// ten.
func (op *phraseFile) Evaluate(tx plugintypes.TransactionState, value string) bool {
	if len(value) < op.shortest {
		return false
	}
	matches := op.matcher().Iter(value)
	if !tx.Capturing() {
		return matches.Next() != nil
	}
	n := 0
	for ; n < maxCaptures; n++ {
		match := matches.Next()
		if match == nil {
			break
		}
		tx.CaptureField(n, value[match.Start():match.End()])
	}
	return n > 0
}
