package e2e

import (
	"testing"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestBehaviourTable runs every case on the newest Envoy over both protocols.
func TestBehaviourTable(t *testing.T) {
	p := startProxy(t, filtertest.Configs, options{})
	for _, protocol := range protocols {
		t.Run(protocol.name, func(t *testing.T) {
			filtertest.Run(t, tableHost{p, protocol}, func(c filtertest.Case) bool {
				return c.Protocol == "" || c.Protocol == protocol.name
			})
		})
	}
}

// TestSmokeOnEveryVersion runs the smoke set on the other supported versions.
func TestSmokeOnEveryVersion(t *testing.T) {
	for _, version := range smokeVersions {
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
