package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDriftFromThePinsCountsAsFailed(t *testing.T) {
	stage := func(class, cause string) []finding { return []finding{{Class: class, Cause: cause}} }
	results := []result{
		{Test: "920100-2", Class: refused, Stages: stage(refused, "answered 400 http1.codec_error")},
		{Test: "920100-11", Class: refused, Stages: stage(refused, "answered 431 http1.codec_error")}, // 400 in testdata
		{Test: "920100-12", Class: matched, Stages: stage(matched, "")},                               // refused in testdata
		{Test: "911100-1", Class: matched, Stages: stage(matched, "")},
		{Test: "911100-2", Class: refused, Stages: stage(refused, "answered 400")}, // not in testdata
	}
	require.NoError(t, pin("h1", results, false))
	r := summarise(doorGolang, "h1", results)
	assert.Equal(t, "ftw golang h1: 5 total, 1 matched, 1 refused, 0 inexpressible, 0 engine, 0 ignored, 3 failed", r.lastLine())
	assert.Len(t, r.complaints(), 3)
}

func TestEveryPinIsOfATest(t *testing.T) {
	suite, err := crsSuite()
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, one := range suite {
		ids[one.id] = true
	}
	for _, protocol := range []string{"h1", "h2"} {
		pinned, err := pins(protocol)
		require.NoError(t, err)
		for id, text := range pinned {
			assert.True(t, ids[id], id)
			assert.NotContains(t, text, failed+": ", id)
		}
	}
}
