package filter_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

func TestEachOfSeveralFaultyRulesIsNamedInTheDocument(t *testing.T) {
	config, err := filter.ParseConfig([]byte("on_error: closed\ndirectives: |\n  SecRule ARGS \"@rx x\" \"phase:2,deny\"\n  SecMarker a\n  SecAction \"phase:1,pass\"\n"))
	require.NoError(t, err)
	_, err = filter.NewEngine(config)
	assert.ErrorContains(t, err, "directives (line 3): a rule without an id")
	assert.ErrorContains(t, err, "directives (line 5): a rule without an id")
}
