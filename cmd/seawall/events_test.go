package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const prefix = "[2026-11-23 05:50:14.601][7020][warning][dynamic_modules] [x.cc:57] "

func TestTheEventsFileHoldsWholeEventsAndNothingElse(t *testing.T) {
	name := filepath.Join(t.TempDir(), "events.jsonl")
	for _, line := range []string{ // opened anew for each: a second run appends
		prefix + `{"event":"seawall","time":"2026-11-23T05:50:14.601Z","tx_id":"A","rules":[{"id":1,"further":true}]}`,
		prefix + `{"event":"seawall_error","tx_id":"B"}`,
		prefix + `{"event":"another"}`,
		prefix + "starting",
		`{"method":"GET","seawall":{"tx_id":"A"}}`,
	} {
		events, err := openEvents(name)
		require.NoError(t, err)
		require.NoError(t, events.take(line))
		events.Close()
	}
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, `{"event":"seawall","time":"2026-11-23T05:50:14.601Z","tx_id":"A","rules":[{"id":1,"further":true}]}
{"event":"seawall_error","tx_id":"B"}
`, string(text))
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "events say what clients sent")
}

func TestAnEventsFileThatCannotBeWrittenIsToldOnce(t *testing.T) {
	events, err := openEvents(filepath.Join(t.TempDir(), "events.jsonl"))
	require.NoError(t, err)
	require.NoError(t, events.file.Close())
	require.ErrorContains(t, events.take(prefix+`{"event":"seawall"}`), "--events: ")
	assert.NoError(t, events.take(prefix+`{"event":"seawall"}`))
}
