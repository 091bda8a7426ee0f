// Package filtertest holds the behaviour that every host of package filter must
// show, as one table of exchanges, and a fake host that runs it in process. The
// doors run the same table over real HTTP in package e2e.
package filtertest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Fields are header or trailer fields in order; names are lower case.
type Fields [][2]string

// Get returns the first value of a field and whether it is there.
func (f Fields) Get(name string) (string, bool) {
	for _, kv := range f {
		if strings.EqualFold(kv[0], name) {
			return kv[1], true
		}
	}
	return "", false
}

// Message is a request or a response.
type Message struct {
	Method, Path, Authority string // of a request; defaults GET, "/", "app.example.com"
	Status                  int    // of a response; default 200
	Headers                 Fields
	Body                    []string // chunks, as they are sent
	Trailers                Fields
	// NoLength leaves Content-Length out: chunked on HTTP/1.
	NoLength bool
}

// Bytes returns the whole body.
func (m *Message) Bytes() []byte { return []byte(strings.Join(m.Body, "")) }

// Case is one exchange and what must come of it.
type Case struct {
	Name     string
	Config   string // a key of Configs
	Request  Message
	Upstream Message // what the upstream answers, if it is asked
	Want     Want
	// Protocols the case can be sent over: "" is every one, "h1" or "h2".
	Protocol string
	// Smoke marks the few cases that every supported Envoy version runs.
	Smoke bool
}

// Want is what the client and the upstream must see.
type Want struct {
	Status int
	// Denied: the upstream saw nothing of the request (of its body, if Begun).
	// Otherwise it saw the body byte for byte, and the client its answer.
	Denied bool
	// ResponseDenied: the upstream saw the request, the client nothing of the answer.
	ResponseDenied bool
	Header         Fields // must be in the reply
	BodyContains   string // of the reply
	Rule           int    // 0: whatever
	// ByProxy is the status with which a real proxy refuses the request itself,
	// before any filter; 0 where it does not.
	ByProxy int
}

// Seen is what an upstream received.
type Seen struct {
	Method, Path string
	Body         []byte
	Trailers     Fields
}

// Outcome is what a host made of a Case.
type Outcome struct {
	Status   int
	Headers  Fields
	Body     []byte
	Trailers Fields
	// Upstream is nil if the upstream saw nothing at all.
	Upstream *Seen
	Rule     int // the rule that denied, if the host can tell; else -1
}

// A Host runs one Case.
type Host interface {
	Do(t *testing.T, c Case) Outcome
}

// Run runs the cases that keep accepts (all if nil) on a host.
func Run(t *testing.T, h Host, keep func(Case) bool) {
	for _, c := range Cases() {
		if keep != nil && !keep(c) {
			continue
		}
		t.Run(c.Name, func(t *testing.T) { Check(t, c, h.Do(t, c)) })
	}
}

// Check compares an outcome with what its case wants.
func Check(t *testing.T, c Case, got Outcome) {
	t.Helper()
	want := c.Want
	if _, ours := got.Headers.Get("x-seawall-id"); want.ByProxy != 0 && !ours {
		assert.Equal(t, want.ByProxy, got.Status, "status of the proxy's own refusal")
		assert.Nil(t, got.Upstream, "a refused request does not reach the upstream")
		return
	}
	require.Equal(t, want.Status, got.Status, "status at the client; body: %.300q", got.Body)
	for _, kv := range want.Header {
		value, ok := got.Headers.Get(kv[0])
		assert.True(t, ok, "the reply has a header %s", kv[0])
		assert.Equal(t, kv[1], value, "header %s of the reply", kv[0])
	}
	if want.BodyContains != "" {
		assert.Contains(t, string(got.Body), want.BodyContains)
	}
	if want.Rule != 0 && got.Rule >= 0 {
		assert.Equal(t, want.Rule, got.Rule, "rule that denied")
	}
	if want.Denied {
		assert.Nil(t, got.Upstream, "nothing reaches the upstream before the request's verdict")
	}
	if want.Denied || want.ResponseDenied {
		id, ok := got.Headers.Get("x-seawall-id")
		assert.True(t, ok && len(id) == 24, "a denial carries its block ID")
		answer := c.Upstream.Bytes()
		assert.False(t, len(answer) > 0 && bytes.Contains(got.Body, answer), "a denied response's body stays away from the client")
		return
	}
	require.NotNil(t, got.Upstream, "the upstream is reached")
	assert.True(t, bytes.Equal(c.Request.Bytes(), got.Upstream.Body), "request body byte for byte: %d bytes sent, %d arrived", len(c.Request.Bytes()), len(got.Upstream.Body))
	if c.Request.Method != "HEAD" {
		assert.True(t, bytes.Equal(c.Upstream.Bytes(), got.Body), "response body byte for byte: %d bytes sent, %d arrived", len(c.Upstream.Bytes()), len(got.Body))
	}
	for _, kv := range c.Request.Trailers {
		value, _ := got.Upstream.Trailers.Get(kv[0])
		assert.Equal(t, kv[1], value, "request trailer %s", kv[0])
	}
	for _, kv := range c.Upstream.Trailers {
		value, _ := got.Trailers.Get(kv[0])
		assert.Equal(t, kv[1], value, "response trailer %s", kv[0])
	}
}
