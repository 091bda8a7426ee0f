package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An attack that was cut short has proved nothing, so it is no success.
func TestAnInterruptedAttackSaysNothingAndIsNoSuccess(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { interrupt() }))
	defer server.Close()
	command := attackCommand{URLs: []string{server.URL}, Paranoia: 1, Count: 100, Rate: 100, Rounds: 1, Output: "text"}

	err := command.Run(&session{ctx: ctx, stdout: &bytes.Buffer{}, env: func(string) string { return "" }})

	var exit *exitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, exitInterrupted, exit.code)
	assert.NoError(t, exit.cause, "nothing is printed")
}

// To open a FIFO waits for its writer, and looks at no signal.
func TestWhoWaitsForAFIFOCanBeInterrupted(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	for name, run := range map[string]func(*session) error{
		"validate":         (&validateCommand{Files: []string{fifo}}).Run,
		"explain":          (&explainCommand{Request: fifo}).Run,
		"explain --config": (&explainCommand{Request: "http://h/", Config: fifo}).Run,
		"explain --log":    (&explainCommand{ID: "X", Log: fifo}).Run,
		"tune":             (&tuneCommand{Logs: []string{fifo}, MinEvents: 1, MinClients: 1}).Run,
		"tune --config":    (&tuneCommand{Config: fifo, MinEvents: 1, MinClients: 1}).Run,
		"report":           (&reportCommand{Logs: []string{fifo}, MinEvents: 1, MinClients: 1}).Run,
		"report --config":  (&reportCommand{Config: fifo, MinEvents: 1, MinClients: 1}).Run,
		"bench --config":   (&benchCommand{Config: fifo, Paranoia: 1}).Run,
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- run(&session{ctx: ctx, stdout: io.Discard, stderr: io.Discard, env: func(string) string { return "" }})
		}()
		interrupt()
		select {
		case err := <-ended:
			var exit *exitError
			require.ErrorAs(t, err, &exit, name)
			assert.Equal(t, exitInterrupted, exit.code, name)
			assert.NoError(t, exit.cause, name)
		case <-time.After(time.Minute):
			t.Fatal(name + " still waits")
		}
	}
	writer, err := os.OpenFile(fifo, os.O_RDWR, 0) // lets those who wait go on, to its end
	require.NoError(t, err)
	require.NoError(t, writer.Close())
}

// It has nothing to tell: what it was to start is not there, as its user wants.
func TestRunThatWaitsForAFIFOCanBeInterrupted(t *testing.T) {
	dir := t.TempDir()
	fifo, module := filepath.Join(dir, "fifo"), filepath.Join(dir, moduleName)
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	require.NoError(t, os.WriteFile(module, nil, 0o600))
	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		command := runCommand{Listen: "127.0.0.1:0", Module: module, Config: fifo}
		ended <- command.Run(&session{ctx: ctx, stdout: io.Discard, stderr: io.Discard, env: func(string) string { return "" }})
	}()
	interrupt()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		t.Fatal("run still waits")
	}
	writer, err := os.OpenFile(fifo, os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
}

func TestRunThatIsInterruptedWhileItDownloadsEndsAsAtAnyOtherMoment(t *testing.T) {
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	python := "#!/bin/sh\necho > " + started + "; exec sleep 600\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "python3"), []byte(python), 0o755))
	module := filepath.Join(dir, moduleName)
	require.NoError(t, os.WriteFile(module, nil, 0o600))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Chdir(dir) // outside the checkout, whose build/envoy may have one
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	go func() {
		assert.Eventually(t, func() bool { _, err := os.Stat(started); return err == nil }, time.Minute, time.Millisecond)
		interrupt()
	}()
	command := runCommand{Listen: "127.0.0.1:0", Module: module}
	var stderr bytes.Buffer

	err := command.Run(&session{ctx: ctx, stdout: &bytes.Buffer{}, stderr: &stderr, env: func(string) string { return "" }})

	require.NoError(t, err)
	assert.NotContains(t, stderr.String(), "done")
}
