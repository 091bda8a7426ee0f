package filter

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fields are headers given as names and values in turn.
func fields(kv ...string) Headers {
	return func(yield func(string, string) bool) {
		for i := 0; i < len(kv) && yield(kv[i], kv[i+1]); i += 2 {
		}
	}
}

func formPost(query string) Request {
	return Request{Method: "POST", Path: "/?" + query, Authority: "a", Protocol: "HTTP/1.1",
		Headers: fields("content-type", "application/x-www-form-urlencoded")}
}

// newTransaction has an engine that inspects both bodies; more is SecLang.
func newTransaction(t *testing.T, more string, h Host) *Transaction {
	t.Helper()
	c, err := ParseConfig([]byte("directives: |\n  SecRuleEngine On\n  SecRequestBodyAccess On\n" +
		"  SecResponseBodyAccess On\n  SecResponseBodyMimeType text/plain\n" + more))
	require.NoError(t, err)
	e, err := NewEngine(c)
	require.NoError(t, err)
	return e.NewTransaction(h)
}

// large gives a transaction a body that is held and then to be evaluated.
func large(t *testing.T, tx *Transaction) Verdict {
	t.Helper()
	require.Equal(t, Hold, tx.RequestHeaders(formPost(""), false).Action)
	require.Equal(t, Hold, tx.RequestBody([][]byte{[]byte(strings.Repeat("x", DefaultOffloadBytes))}, false).Action)
	v := tx.RequestBody(nil, true)
	require.NotNil(t, v.Evaluate)
	require.NotZero(t, HeldBytes())
	return v
}

// soon bounds what a test waits for; only a failure lasts as long.
const soon = 20 * time.Second

func await[T any](t *testing.T, c <-chan T, what string) (got T) {
	t.Helper()
	select {
	case got = <-c:
	case <-time.After(soon):
		require.FailNow(t, "never came: "+what)
	}
	return got
}

// TestAStreamThatEndsLeavesTheQueueAtOnce: its place and its bytes are free
// while every slot is still taken.
func TestAStreamThatEndsLeavesTheQueueAtOnce(t *testing.T) {
	before := smallEvaluations
	t.Cleanup(func() { smallEvaluations = before })
	full := newQueue(1, 1, time.Hour)
	smallEvaluations = full
	require.NoError(t, full.enter(nil))

	evaluate := func() (*Transaction, chan Verdict) {
		tx, result := newTransaction(t, "", quietHost{counts: map[Counter]int{}}), make(chan Verdict, 1)
		v := large(t, tx)
		go func() { result <- v.Evaluate() }()
		require.Eventually(t, func() bool { return full.waiting.Load() == 1 }, soon, time.Millisecond)
		return tx, result
	}
	tx, result := evaluate()
	tx.Close()
	assert.Zero(t, HeldBytes(), "nobody has to wait for the bytes")
	assert.Equal(t, Verdict{Action: Hold}, await(t, result, "the end of an evaluation whose stream has ended"))
	assert.Zero(t, full.waiting.Load())

	tx, result = evaluate() // the queue's only place is free again
	full.leave()
	assert.Equal(t, Continue, await(t, result, "the verdict of who waited next").Action)
	tx.Close()
	assert.Empty(t, full.slots)
}

// TestAnEvaluationThatNeverBeganHoldsNothing: a host whose stream ends before it
// has a goroutine for the evaluation need not run it any more.
func TestAnEvaluationThatNeverBeganHoldsNothing(t *testing.T) {
	host := quietHost{counts: map[Counter]int{}}
	tx := newTransaction(t, "", host)
	v := large(t, tx)
	tx.Close()
	assert.Zero(t, HeldBytes())
	assert.Nil(t, tx.tx, "the engine's transaction is given back")
	assert.Equal(t, Verdict{Action: Hold}, v.Evaluate(), "and may run it all the same")
	assert.Equal(t, Verdict{Action: Hold}, tx.RequestBody(nil, true))
}

// lateHost has a log that stalls until its stream is gone.
type lateHost struct {
	quietHost
	closed chan struct{}
	lines  chan string
}

func (h lateHost) Log(_ slog.Level, line string) {
	<-h.closed
	h.lines <- line
}

// TestCloseDoesNotWaitForTheAuditLog: the disk that it is on must not stall the
// event thread, so the event, which has what phase 5 matched, comes after Close.
func TestCloseDoesNotWaitForTheAuditLog(t *testing.T) {
	host := lateHost{quietHost{counts: map[Counter]int{}}, make(chan struct{}), make(chan string, 1)}
	audit := "  SecAuditEngine On\n  SecAuditLog " + filepath.Join(t.TempDir(), "audit.log") + "\n" +
		"  SecAction \"id:1,phase:5,pass,log\"\n"
	tx := newTransaction(t, audit, host)
	require.Equal(t, Continue, tx.RequestHeaders(formPost("a=1"), true).Action)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tx.Close()
	}()
	await(t, ended, "the end of Close, while the log stalls")
	close(host.closed)
	assert.Contains(t, await(t, host.lines, "the event"), `"id":1`)
	tx.mu.Lock()
	defer tx.mu.Unlock()
	assert.Nil(t, tx.tx)
}
