package filter

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// quietHost only counts.
type quietHost struct{ counts map[Counter]int }

func (quietHost) Log(slog.Level, string)      {}
func (h quietHost) Count(c Counter, _ string) { h.counts[c]++ }
func (quietHost) Observe(uint64, string)      {}

// TestNobodyWaitsForeverForASlot: who finds the queue full, or has waited too
// long in it, gets the failure policy's answer, and it is counted.
func TestNobodyWaitsForeverForASlot(t *testing.T) {
	for name, full := range map[string]*queue{
		"TheQueueIsFull":     newQueue(1, 0, time.Hour),
		"TheWaitIsTooLong":   newQueue(1, 1, time.Millisecond),
		"AFreeSlotIsNoFault": nil,
	} {
		for _, onError := range []string{"closed", "open"} {
			t.Run(name+"/"+onError, func(t *testing.T) {
				before := smallEvaluations
				t.Cleanup(func() { smallEvaluations = before })
				if full != nil {
					smallEvaluations = full
					require.NoError(t, full.enter(nil)) // and never leaves
					t.Cleanup(full.leave)
				}
				c, err := ParseConfig([]byte("on_error: " + onError + "\ndirectives: SecRuleEngine On\n"))
				require.NoError(t, err)
				e, err := NewEngine(c)
				require.NoError(t, err)
				host := quietHost{counts: map[Counter]int{}}
				tx := e.NewTransaction(host)
				r := Request{Method: "GET", Path: "/?q=" + strings.Repeat("x", DefaultOffloadBytes), Authority: "a",
					Protocol: "HTTP/1.1", Headers: func(func(string, string) bool) {}}
				v := tx.RequestHeaders(r, true)
				require.NotNil(t, v.Evaluate)
				v = v.Evaluate()
				tx.Close()
				switch {
				case full == nil:
					assert.Equal(t, Continue, v.Action)
					assert.Zero(t, host.counts[CounterErrors])
				case onError == "closed":
					require.Equal(t, Deny, v.Action)
					assert.Equal(t, 503, v.Reply.Status)
					assert.Equal(t, "seawall_error{busy}", v.Reply.Details)
					assert.Equal(t, 1, host.counts[CounterErrors])
				default:
					assert.Equal(t, Continue, v.Action)
					assert.Equal(t, 1, host.counts[CounterErrors])
				}
				if full != nil {
					assert.Zero(t, full.waiting.Load())
				}
			})
		}
	}
}

// TestWhatCostsMuchLeavesTheWorker: bytes alone do not tell what the engine
// spends its time on. Every one of these is below offload_bytes, or has nothing
// in the query, the cookies or the body.
func TestWhatCostsMuchLeavesTheWorker(t *testing.T) {
	var arguments strings.Builder
	for i := range 100 {
		fmt.Fprintf(&arguments, "%d=1&", i)
	}
	require.Less(t, arguments.Len(), DefaultOffloadBytes)
	pad := strings.Repeat("x", 5000)
	form := [2]string{"content-type", "application/x-www-form-urlencoded"}
	for name, c := range map[string]struct {
		path    string
		headers [][2]string
		body    string
		leaves  bool
	}{
		"ManyShortArguments": {path: "/?" + arguments.String(), leaves: true},
		"ManyShortCookies":   {headers: [][2]string{{"cookie", strings.Repeat("a=1; ", 100)}}, leaves: true},
		"ManyShortFields":    {headers: [][2]string{form}, body: arguments.String(), leaves: true},
		"ManyShortElements":  {headers: [][2]string{{"content-type", "application/json"}}, body: "[" + strings.Repeat("1,", 100) + "1]", leaves: true},
		"ALongHeader":        {headers: [][2]string{{"referer", pad}}, leaves: true},
		"ALongHeaderName":    {headers: [][2]string{{pad, "1"}}, leaves: true},
		"ALongPath":          {path: "/" + pad, leaves: true},
		"ABrowser":           {path: "/catalogue?page=3", headers: [][2]string{{"user-agent", pad[:120]}, {"accept", pad[:100]}, {"referer", pad[:80]}, {"cookie", pad[:200]}}},
		"AShortForm":         {headers: [][2]string{form}, body: "name=Ada&city=London"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := ParseConfig([]byte("directives: |\n  SecRuleEngine On\n  SecRequestBodyAccess On\n"))
			require.NoError(t, err)
			e, err := NewEngine(cfg)
			require.NoError(t, err)
			tx := e.NewTransaction(quietHost{counts: map[Counter]int{}})
			defer tx.Close()
			r := Request{Method: "POST", Path: "/", Authority: "a", Protocol: "HTTP/1.1", Headers: func(yield func(string, string) bool) {
				for _, kv := range c.headers {
					if !yield(kv[0], kv[1]) {
						return
					}
				}
			}}
			if c.path != "" {
				r.Path = c.path
			}
			v := tx.RequestHeaders(r, c.body == "")
			if c.body != "" {
				v = tx.RequestBody([][]byte{[]byte(c.body)}, true)
			}
			assert.Equal(t, c.leaves, v.Evaluate != nil)
			if v.Evaluate != nil {
				v.Evaluate()
			}
		})
	}
}

// TestWhatCostsMuchHasSlotsOfItsOwn: with every slot for large evaluations
// taken, small ones go on, and what divides them is their cost, not their bytes.
func TestWhatCostsMuchHasSlotsOfItsOwn(t *testing.T) {
	long := strings.Repeat("x", 40<<10)
	form := strings.Repeat("a=1&", 2000)
	for name, c := range map[string]struct {
		query, body, answer string
		large               bool
	}{
		"ALongBody":               {body: long + long, large: true},
		"AShortBody":              {body: long},
		"ManyShortFields":         {body: form, large: true},
		"500LongArguments":        {query: strings.Repeat("a="+strings.Repeat("x", 98)+"&", 500), large: true},
		"500ShortArguments":       {query: strings.Repeat("a=1&", 500)},
		"TheHeadAndTheBody":       {query: long, body: long, large: true},
		"ALongAnswer":             {answer: long + long, large: true},
		"AnAnswerHasNoArguments":  {answer: strings.Repeat("1,", 2000)},
		"AnAnswerHasItsOwnCost":   {query: long, answer: long},
		"AnAnswerIsNotTheRequest": {body: form[:2000], answer: form},
	} {
		t.Run(name, func(t *testing.T) {
			before := largeEvaluations
			t.Cleanup(func() { largeEvaluations = before })
			largeEvaluations = newQueue(1, 0, time.Hour)
			require.NoError(t, largeEvaluations.enter(nil)) // and never leaves

			tx := newTransaction(t, "", quietHost{counts: map[Counter]int{}})
			defer tx.Close()
			v := tx.RequestHeaders(formPost(c.query), c.body == "")
			if c.body != "" {
				v = tx.RequestBody([][]byte{[]byte(c.body)}, true)
			}
			if v.Evaluate != nil {
				v = v.Evaluate()
			}
			if c.answer != "" {
				require.Equal(t, Continue, v.Action)
				tx.ResponseHeaders(Response{Status: 200, Headers: fields("content-type", "text/plain")}, false)
				v = tx.ResponseBody([][]byte{[]byte(c.answer)}, true)
				require.NotNil(t, v.Evaluate)
				v = v.Evaluate()
			}
			if c.large {
				require.Equal(t, Deny, v.Action)
				assert.Equal(t, "seawall_error{busy}", v.Reply.Details)
				return
			}
			assert.Equal(t, Continue, v.Action)
		})
	}
}
