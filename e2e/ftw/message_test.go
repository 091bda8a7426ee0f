package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseReadsWhatHTTP1Means(t *testing.T) {
	for _, c := range []struct {
		name, raw  string
		body, rest string
		complete   bool
	}{
		{"no body", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", "", true},
		{"length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcd", "abc", "d", true},
		{"short", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", "abc", "", false},
		{"chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "abc", "", true},
		{"body without length", "POST / HTTP/1.1\r\nHost: a\r\n\r\nabc", "", "abc", true},
		{"length that is none", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3x\r\n\r\nabc", "abc", "", true},
		{"bare LF", "GET / HTTP/1.1\nHost: a\n\n", "", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := parse([]byte(c.raw))
			require.NoError(t, err)
			assert.Equal(t, "a", m.get("host"))
			assert.Equal(t, c.body, string(m.body))
			assert.Equal(t, c.rest, string(m.rest))
			assert.Equal(t, c.complete, m.complete)
		})
	}
}

// What parse accepts goes out over HTTP/2; what it refuses counts as
// inexpressible, so it must refuse for a reason and nothing else.
func TestParseRefusesWhatNoOtherProtocolCanCarry(t *testing.T) {
	for raw, says := range map[string]string{
		" GET / HTTP/1.1\r\nHost: a\r\n\r\n":                 "4 parts",
		"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n":               "4 parts",
		"GET / HTTP/0.9\r\nHost: a\r\n\r\n":                  "version",
		"GET / \r\nHost: a\r\n\r\n":                          "version",
		"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n":       "folded",
		"GET / HTTP/1.1\r\nHost: a\r\nno colon here\r\n\r\n": "no colon",
		"GET / HTTP/1.1\r\nHost: a\r\n":                      "no end",
	} {
		_, err := parse([]byte(raw))
		assert.ErrorContains(t, err, says, "%q", raw)
	}
	for _, raw := range []string{"POST / HTTP/2.0\r\nHost: a\r\n\r\n", "\tGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"} {
		_, err := parse([]byte(raw))
		assert.NoError(t, err, "%q", raw)
	}
}

func TestTranslateLeavesOutOnlyWhatHTTP2DoesNotHave(t *testing.T) {
	m, err := parse([]byte("POST http://b.example/x?y=1 HTTP/1.0\r\nHost: a\r\nConnection: close\r\nKeep-Alive: 300\r\n" +
		"X-Two: 1\r\nX-Two: 2\r\nContent-Length: 1\r\n\r\nz"))
	require.NoError(t, err)
	fields := translate(m)
	assert.Equal(t, [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", "/x?y=1"}, {":authority", "b.example"},
		{"x-two", "1"}, {"x-two", "2"}, {"content-length", "1"}}, fields)
	assert.Equal(t, message{method: "POST", target: "/x?y=1", version: "HTTP/2", body: []byte("z"), complete: true,
		headers: [][2]string{{"host", "b.example"}, {"x-two", "1"}, {"x-two", "2"}, {"content-length", "1"}}}, asH2(fields, m.body))

	m, err = parse([]byte("CONNECT a.example:443 HTTP/1.1\r\nHost: b\r\n\r\n"))
	require.NoError(t, err)
	assert.Equal(t, [][2]string{{":method", "CONNECT"}, {":authority", "a.example:443"}}, translate(m))
}
