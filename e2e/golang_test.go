package e2e

import (
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/e2e/golangdoor"
	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// golangVersions are the Envoys that the golang door is driven in, through
// contribhost; older ones are below golangdoor.Floor.
var golangVersions = []string{"1.39.3", newest}

// oldestAndNewest are the ends of what the door that is asked for runs in.
func oldestAndNewest() []string {
	if (options{}).whichDoor() == doorGolang {
		return golangVersions
	}
	return []string{smokeVersions[0], newest}
}

// buildGolang makes the golang door's libraries, for the tests that want them.
var buildGolang = sync.OnceValues(func() (string, error) { return golangdoor.Build("..") })

func (o options) whichDoor() string {
	return or(or(o.door, os.Getenv("SEAWALL_DOOR")), doorDynamicModule)
}

// modules is the folder that Envoy finds the door's module in; for the golang
// door, $SEAWALL_CONTRIBHOST can name another build of its host.
func (o options) modules() string {
	if o.whichDoor() == doorGolang {
		dir, _ := buildGolang() // doorOf has failed the test if it could not
		return or(os.Getenv("SEAWALL_CONTRIBHOST"), dir)
	}
	return moduleDir
}

// golangBootstrap returns what makes envoy/golang.yaml with the library built here.
func golangBootstrap(t *testing.T) func() (*launch.Bootstrap, error) {
	t.Helper()
	dir, err := buildGolang()
	require.NoError(t, err)
	return func() (*launch.Bootstrap, error) {
		b, err := launch.Golang()
		if err != nil {
			return nil, err
		}
		return b, b.SetLibrary(golangdoor.Library(dir))
	}
}

// TestBehaviourTableGolangDoor runs every case through the golang door, over
// both protocols.
func TestBehaviourTableGolangDoor(t *testing.T) {
	for _, version := range golangVersions {
		t.Run(version, func(t *testing.T) {
			p := startProxy(t, filtertest.Configs, options{door: doorGolang, version: version})
			for _, protocol := range protocols {
				t.Run(protocol.name, func(t *testing.T) {
					filtertest.Run(t, tableHost{p, protocol}, func(c filtertest.Case) bool {
						return c.Protocol == "" || c.Protocol == protocol.name
					})
				})
			}
		})
	}
}
