package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestBehaviourTable runs every case over both protocols.
func TestBehaviourTable(t *testing.T) { tableThrough(t, options{}) }

// TestSmokeOnEveryVersion runs the smoke set on the other supported versions.
func TestSmokeOnEveryVersion(t *testing.T) {
	for _, version := range versionsOf(asked()) {
		if version == defaultVersion() {
			continue // TestBehaviourTable
		}
		t.Run(version, func(t *testing.T) {
			p := startProxy(t, filtertest.Configs, options{version: version})
			for _, protocol := range protocols {
				t.Run(protocol.name, func(t *testing.T) {
					filtertest.Run(t, tableHost{p, protocol}, func(c filtertest.Case) bool {
						return c.Smoke && (c.Protocol == "" || c.Protocol == protocol.name)
					})
				})
			}
		})
	}
}

// TestBehaviourTableGolangDoor runs every case through the golang door as well,
// in a run that is not about it.
func TestBehaviourTableGolangDoor(t *testing.T) {
	onlyThrough(t, doorDynamicModule, "TestBehaviourTable goes through the golang door in this run")
	for _, version := range versionsOf(doorGolang) {
		t.Run(version, func(t *testing.T) { tableThrough(t, options{door: doorGolang, version: version}) })
	}
}

// TestBehaviourTableContribImage runs every case in a real contrib Envoy: `make
// e2e-contrib`.
func TestBehaviourTableContribImage(t *testing.T) {
	image := os.Getenv("SEAWALL_CONTRIB_IMAGE")
	if image == "" {
		t.Skip("this needs Docker and a contrib image: make e2e-contrib IMAGE=envoyproxy/envoy:contrib-v1.39.1")
	}
	tableThrough(t, options{door: doorGolang, image: image})
}

// Where there is no Docker, make says so and builds nothing.
func TestContribImageNeedsDocker(t *testing.T) {
	cmd := exec.Command("make", "--no-print-directory", "-C", "..", "e2e-contrib",
		"IMAGE=envoyproxy/envoy:contrib-v1.39.1", "DOCKER=/nowhere/docker")
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 2, exit.ExitCode())
	first, _, _ := strings.Cut(string(output), "\n")
	assert.Equal(t, "needs Docker: it runs envoyproxy/envoy:contrib-v1.39.1, and /nowhere/docker answers nothing", first)
}

func tableThrough(t *testing.T, o options) {
	p := startProxy(t, filtertest.Configs, o)
	for _, protocol := range protocols {
		t.Run(protocol.name, func(t *testing.T) {
			filtertest.Run(t, tableHost{p, protocol}, func(c filtertest.Case) bool {
				return c.Protocol == "" || c.Protocol == protocol.name
			})
		})
	}
}
