package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// A script that keeps a command's output must not take a lost one for a result.
func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer server.Close()
	log := filepath.Join(t.TempDir(), "access.log")
	line := `{"client":"192.0.2.1","method":"GET","path":"/","seawall":null,"status":200,"time":"2026-11-23T05:50:15.000Z"}` + "\n" +
		`{"event":"seawall","action":"would_deny","policy":"default","tx_id":"A","client":{"address":"192.0.2.1"},"request":{"path":"/a"},"rule_id":949110,"rules":[{"id":942100,"phase":2,"matched":[{"variable":"ARGS:q"}]}]}` + "\n"
	require.NoError(t, os.WriteFile(log, []byte(line), 0o600))
	config := filepath.Join(t.TempDir(), "seawall.yaml")
	require.NoError(t, os.WriteFile(config, []byte("directives: SecRuleEngine On\n"), 0o600))
	commands := map[string][]string{
		"--help":      {},
		"--version":   {},
		"version":     {},
		"completion":  {"bash"},
		"validate":    {config},
		"explain":     {"--config", config, "http://localhost/search?q=1"},
		"tune":        {log},
		"tune json":   {"--output", "json", log},
		"report":      {log},
		"report json": {"--output", "json", log},
		"attack":      {"--rate", "200", server.URL},
		"attack json": {"--rate", "200", "--output", "json", server.URL},
		"upstream":    {"--listen", "127.0.0.1:0"},
		"bench":       {"--only", "tiny", "--time", "0s", "--config", config, "--json", filepath.Join(t.TempDir(), "bench.json")},
	}
	model, err := newParser(&commandLine{}, nil, nil, nil)
	require.NoError(t, err)
	for _, command := range model.Model.Children {
		if command.Name != "run" { // it needs an Envoy: TestRunEndsWhereItCannotSayWhereItListens
			assert.Contains(t, commands, command.Name)
		}
	}
	for name, args := range commands {
		t.Run(name, func(t *testing.T) {
			command, _, _ := bytes.Cut([]byte(name), []byte(" "))
			var stderr bytes.Buffer
			code := run(append([]string{string(command)}, args...), full{}, &stderr, func(string) string { return "" })
			assert.Equal(t, exitUsage, code)
			assert.Contains(t, stderr.String(), "seawall: writing the output: no space left on device\n")
			assert.Equal(t, 1, bytes.Count(stderr.Bytes(), []byte("no space left")), stderr.String())
		})
	}
}

func TestRunEndsWhereItCannotSayWhereItListens(t *testing.T) {
	require.ErrorIs(t, greeting{base: "http://localhost:1", admin: "127.0.0.1:1"}.write(full{}), syscall.ENOSPC)
}

func TestAnErrorOfTheCommandsOwnIsNotHiddenByALostOutput(t *testing.T) {
	lost := &output{to: full{}}
	_, _ = lost.Write([]byte("x"))
	own := &exitError{code: exitUnreachable, cause: context.DeadlineExceeded}
	assert.Equal(t, own, lost.orElse(own))
	assert.ErrorContains(t, lost.orElse(&exitError{code: exitFinding}), "writing the output: ")
	assert.NoError(t, (&output{to: &bytes.Buffer{}}).orElse(nil))
}
