package main

import (
	"bytes"
	"net"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnlyLinesOfInterestAreShownAndNoneSteersTheTerminal(t *testing.T) {
	for name, tc := range map[string]struct{ line, want string }{
		"a passed request": {
			`{"method":"GET","path":"/a?b","status":200,"details":"via_upstream","duration_ms":3,"seawall":null}`,
			"200 GET /a?b 3 ms",
		},
		"a denied request": {
			`{"method":"POST","path":"/x","status":403,"details":"seawall_denied{942100}","duration_ms":1}`,
			"403 POST /x 1 ms seawall_denied{942100}",
		},
		"an escape sequence in a path": {
			`{"method":"GET","path":"/\u001b[2J","status":400}`,
			"400 GET /?[2J 0 ms ",
		},
		"a warning": {
			"[2026-11-23 05:50:14.601][7020][warning][main] [source/x.cc:1] careful",
			"[2026-11-23 05:50:14.601][7020][warning][main] [source/x.cc:1] careful",
		},
		"what everybody sees at the start": {
			"[2026-11-23 07:22:21.449][4708][warning][dynamic_modules] [source/x.cc:86] Dynamic module ABI version 4dae397a is deprecated. Please recompile", "",
		},
		"the signal that is ours": {"[2026-11-23 07:22:22.199][4708][warning][main] [source/server/server.cc:1007] caught ENVOY_SIGTERM", ""},
		"seawall's own line": {
			"[2026-11-23 05:50:14.601][7020][info][dynamic_modules] [x.cc:1] seawall: 905 rules",
			"[2026-11-23 05:50:14.601][7020][info][dynamic_modules] [x.cc:1] seawall: 905 rules",
		},
		"seawall's record of an exchange": {
			`[2026-11-23 05:50:14.601][7020][warning][dynamic_modules] [x.cc:57] {"event":"seawall","action":"deny","tx_id":"ABC",` +
				`"request":{"method":"GET","path":"/a"},"rules":[{"id":942100,"msg":"SQL Injection",` +
				`"matched":[{"variable":"ARGS:q","value":"1"},{"variable":"ARGS:r"}]},{"id":9,"msg":"Score"}]}`,
			"    deny GET /a: 942100 at ARGS:q, ARGS:r SQL Injection; 9 Score (ABC)",
		},
		"chatter":            {"[2026-11-23 05:50:14.601][7020][info][main] [source/x.cc:1] starting", ""},
		"JSON of no request": {`{"a":1}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := worthShowing(tc.line)
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.want != "", ok)
		})
	}
}

func TestTheGreetingSaysWhenNothingIsGuarded(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, greeting{base: "http://localhost:1", admin: "127.0.0.1:1", disabled: true}.write(&out))
	assert.Contains(t, out.String(), "NOTHING IS GUARDED at http://localhost:1/: the config says disabled: true")
	assert.NotContains(t, out.String(), "Seawall guards")
}

func TestGreetingsNameThisMachineByItsNameWhereThatReachesIt(t *testing.T) {
	for host, want := range map[string]string{
		"": "localhost", "0.0.0.0": "localhost", "::": "localhost", "127.0.0.1": "localhost",
		"127.0.0.2": "127.0.0.2", "::1": "::1", "10.1.2.3": "10.1.2.3", "app": "app",
	} {
		assert.Equal(t, want, named(host), host)
	}
}

func TestUpstreamsAreHostAndPort(t *testing.T) {
	for text, want := range map[string]string{
		"http://127.0.0.1:8081": "127.0.0.1:8081", "http://app/": "app:80", "http://[::1]:9": "[::1]:9",
	} {
		got, err := upstreamAddress(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"127.0.0.1:8081", "https://app", "http://", "http://app/x", "http://u@app", "http://app?x=1", "://"} {
		_, err := upstreamAddress(text)
		assert.Error(t, err, text)
	}
}

func TestTheCurlLinesCanBePasted(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, greeting{base: "http://127.0.0.1:8080", admin: "127.0.0.1:1", demo: true}.write(&out))

	lines := regexp.MustCompile(`(?m)^  curl -i .*$`).FindAllString(out.String(), -1)
	require.Len(t, lines, 3)
	for _, line := range lines {
		assert.Zero(t, strings.Count(line, "'")%2, "quotes are balanced: %s", line)
		assert.NotContains(t, line, "%!")
	}
	attack := regexp.MustCompile(`'(http[^']*)'`).FindStringSubmatch(lines[1])
	require.NotNil(t, attack)
	parsed, err := url.Parse(attack[1])
	require.NoError(t, err)
	assert.Equal(t, "1' OR '1'='1", parsed.Query().Get("q"))
	assert.Contains(t, out.String(), "Open http://127.0.0.1:8080/ in a browser")
}

func TestAnUpstreamThatDoesNotAnswerIsToldOf(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	command := runCommand{Upstream: "http://" + listener.Addr().String()}
	var stderr bytes.Buffer
	command.warnOfUpstream(&session{ctx: t.Context(), stderr: &stderr})
	assert.Empty(t, stderr.String())

	require.NoError(t, listener.Close())
	command.warnOfUpstream(&session{ctx: t.Context(), stderr: &stderr})
	assert.Regexp(t, `^seawall: nothing answers at --upstream http://127\.0\.0\.1:\d+: .*connection refused; until it does, what passes gets a 503 from Envoy\n$`, stderr.String())

	stderr.Reset()
	(&runCommand{}).warnOfUpstream(&session{ctx: t.Context(), stderr: &stderr})
	assert.Empty(t, stderr.String(), "the demo upstream is our own")
}
