package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Names of files may come from an archive, IDs and logs from a client. None may turn
// the terminal red, or the order in which a line is read.
func TestNothingThatACommandQuotesSteersTheTerminal(t *testing.T) {
	const evil = "\x1b[31m\u009b31m\u202eX"
	t.Chdir(t.TempDir())
	write := func(name, text string) string {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	fine := write(evil+".yaml", "disabled: true\n")
	broken := write(evil+"-broken.yaml", "directives: |\n  SecRuleEngine On\n  Include "+evil+"\n")
	event := write("event.log", `{"event":"seawall","tx_id":"EVENTID","action":"deny","policy":"`+"\u202eX"+`\u001b[31m","details":"\u001b[31m",`+
		`"request":{"method":"\u001b[31m","host":"\u001b[31m","path":"/\u001b[31m","protocol":"\u001b[31m"},"status":403,`+
		`"rules":[{"id":1,"severity":"\u001b[31m","msg":"\u001b[31m","file":"\u001b[31m","matched":[{"variable":"ARGS:\u001b[31m"}]}],"scores":{"\u001b[31m":5}}`)
	entry := `{"request":{"method":"G\u001b","url":"http://h/\n\u001b","headers":[]}}`
	har := write("x.har", `{"log":{"entries":[`+entry+`,`+entry+`]}}`)
	request := write("x.http", "GET /"+evil+"?q="+evil+"%27+OR+%271%27%3D%271 HTTP/1.1\nHost: "+evil+"\nContent-Length: "+evil+"\n\n")
	for _, args := range [][]string{
		{evil}, {"validate", evil}, {"validate", "--" + evil}, {"validate", "--output", evil, fine},
		{"validate", fine}, {"validate", broken},
		{"validate", "--output", "json", broken}, {"validate", "--output", "sarif", broken},
		{"explain", evil}, {"explain", "--curl", evil}, {"explain", "--curl", "curl " + evil}, {"explain", "--config", evil, "http://h/"},
		{"explain", "--config", broken, "http://h/"},
		{"explain", "--id", evil, "--log", event}, {"explain", "--id", "x", "--log", evil},
		{"explain", "--id", "EVENTID", "--log", event, "--no-prove"},
		{"explain", "--id", "EVENTID", "--log", event, "--no-prove", "--output", "json"},
		{"explain", har}, {"explain", request, "--no-prove"}, {"explain", request, "--no-prove", "--output", "json"},
		{"explain", "--client", evil, "http://h/"}, {"explain", "--client", "fe80::1%" + evil, "http://h/"},
		{"report", evil}, {"report", "--output", "json", event}, {"tune", "--output", "json", event},
	} {
		var stdout, stderr bytes.Buffer
		run(args, &stdout, &stderr, func(string) string { return "" })
		said := stdout.String() + stderr.String()
		require.NotEmpty(t, said)
		at := strings.IndexFunc(said, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' })
		assert.Negative(t, at, "%q: %q", args, said[max(at, 0):])
	}
}
