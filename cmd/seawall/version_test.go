package main

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheVersionSaysWhatIsKnownOfTheBuild(t *testing.T) {
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "4d334105e0e49b0961e949ec0dbf2b62099ca613"}, {Key: "vcs.modified", Value: modified}}
	}
	for name, tc := range map[string]struct {
		module   string
		settings []debug.BuildSetting
		stamp    string
		want     string
	}{
		"go install of a release":   {"v1.2.3", nil, "", "v1.2.3"},
		"go build in a checkout":    {"v0.0.0-20261123113742-4d334105e0e4+dirty", vcs("true"), "", "v0.0.0-20261123113742-4d334105e0e4+dirty"},
		"a checkout, no version":    {"(devel)", vcs("false"), "", "4d334105e0e4"},
		"changed":                   {"(devel)", vcs("true"), "", "4d334105e0e4-dirty"},
		"make, with -buildvcs off":  {"(devel)", nil, "4d33410-dirty", "4d33410-dirty"},
		"Go's own stamp goes first": {"v1.2.3", nil, "4d33410", "v1.2.3"},
		"no stamp at all":           {"(devel)", nil, "", "unknown (built without version control)"},
		"no module either":          {"", nil, "", "unknown (built without version control)"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, versionOf(&debug.BuildInfo{Main: debug.Module{Version: tc.module}, Settings: tc.settings}, tc.stamp))
		})
	}
}
