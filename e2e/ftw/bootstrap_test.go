package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExtraLinesAreAddedToSeawallsDocument(t *testing.T) {
	text, err := document([]string{"SecRuleEngine On"}, []string{"log_matched_data: true", "failure: {mode: open}"})
	require.NoError(t, err)
	var config map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &config))
	assert.Equal(t, map[string]any{"directives": []any{"SecRuleEngine On"}, "log_matched_data": true,
		"failure": map[string]any{"mode": "open"}}, config)
	_, err = document(nil, []string{"no map"})
	assert.ErrorContains(t, err, "-config-extra")
}

func TestBothDoorsAreBuiltOfTheShippedBootstraps(t *testing.T) {
	for _, name := range []string{doorDynamicModule, doorGolang} {
		b, err := bootstrap(name, "/modules", "127.0.0.1:1", "/folder", nil)
		require.NoError(t, err)
		text, err := b.JSON()
		require.NoError(t, err)
		assert.Contains(t, string(text), "DynamicModuleFilter", "the golang filter's config is contribhost's")
		assert.Equal(t, name == doorGolang, strings.Contains(string(text), "contribhost"))
	}
	_, err := bootstrap("other", "/modules", "127.0.0.1:1", "/folder", nil)
	assert.ErrorContains(t, err, `not "other"`)
}
