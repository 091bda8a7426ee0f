package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func quietSession(ctx context.Context) *session {
	return &session{ctx: ctx, stdout: io.Discard, stderr: io.Discard, env: func(string) string { return "" }}
}

func TestWhatIsReadIsNotOverwritten(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("a.log", []byte("kept\n"), 0o600))
	require.NoError(t, os.Symlink("a.log", "link"))
	require.NoError(t, os.Link("a.log", "tuned-before.conf"))
	for name, run := range map[string]func(*session) error{
		"tune -o":                     (&tuneCommand{Logs: []string{"a.log"}, Out: "./a.log", MinEvents: 1, MinClients: 1}).Run,
		"tune -o, a link":             (&tuneCommand{Logs: []string{"other", "a.log"}, Out: "link", MinEvents: 1, MinClients: 1}).Run,
		"tune -o, the file before":    (&tuneCommand{Logs: []string{"a.log"}, Out: "tuned.conf", MinEvents: 1, MinClients: 1}).Run,
		"tune -o --config":            (&tuneCommand{Config: "a.log", Out: "a.log", MinEvents: 1, MinClients: 1}).Run,
		"report --html":               (&reportCommand{Logs: []string{"a.log"}, HTML: "a.log", MinEvents: 1, MinClients: 1}).Run,
		"report --html --config":      (&reportCommand{Config: "a.log", HTML: "link", MinEvents: 1, MinClients: 1}).Run,
		"bench --json --config":       (&benchCommand{Config: "a.log", JSON: "a.log", Paranoia: 1}).Run,
		"bench --pprof --request":     (&benchCommand{Request: []string{"a.log"}, Pprof: "a.log", Paranoia: 1}).Run,
		"bench --rules --html config": (&benchCommand{Config: "a.log", Rules: true, HTML: "a.log", Paranoia: 1}).Run,
	} {
		assert.ErrorContains(t, run(quietSession(t.Context())), "would be overwritten", name) // exit code 2
		kept, err := os.ReadFile("a.log")
		require.NoError(t, err)
		assert.Equal(t, "kept\n", string(kept), name)
	}
	require.NoError(t, writable("-o", "new.conf", "a.log", "new.conf", "-"))
	require.NoError(t, writable("-o", os.DevNull, os.DevNull))
}

// A FIFO that is opened to read as well takes what nobody reads.
func TestAReportIntoAFIFOWaitsForItsReaderAndCanBeInterrupted(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	print := func(w io.Writer) error { _, err := io.WriteString(w, "all of it"); return err }

	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var exit *exitError
	require.ErrorAs(t, quietSession(ctx).writeFile("-o", fifo, print), &exit)
	assert.Equal(t, exitInterrupted, exit.code)
	drained, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0) // lets the first one go on
	require.NoError(t, err)
	require.NoError(t, drained.SetReadDeadline(time.Now().Add(time.Minute)))
	text := make([]byte, len("all of it"))
	require.Eventually(t, func() bool { n, _ := drained.Read(text); return n == len(text) }, time.Minute, time.Millisecond)
	require.NoError(t, drained.Close())

	written := make(chan error, 1)
	go func() { written <- quietSession(t.Context()).writeFile("-o", fifo, print) }()
	reader, err := os.Open(fifo)
	require.NoError(t, err)
	defer reader.Close()
	text, err = io.ReadAll(reader)
	require.NoError(t, err)
	require.NoError(t, <-written)
	assert.Equal(t, "all of it", string(text))
}
