package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seawall-waf/seawall/e2e/golangdoor"
	"github.com/seawall-waf/seawall/envoy/launch"
)

// The doors, as $SEAWALL_DOOR and make's DOOR name them. A test goes through the
// one that is asked for; one that concerns a single door says so (onlyThrough),
// or names its door.
const doorDynamicModule, doorGolang = "dynamicmodule", "golang"

// newest is the version that runs everything.
const newest = "1.40.0"

// versionsOf are the Envoys that a door is driven in, oldest first: the golang
// door through contribhost, from golangdoor.Floor on. $SEAWALL_ENVOY_VERSION
// chooses one for the door that is asked for.
func versionsOf(door string) []string {
	if version := os.Getenv("SEAWALL_ENVOY_VERSION"); version != "" && door == asked() {
		return []string{version}
	}
	if door == doorGolang {
		return []string{"1.39.3", newest}
	}
	return launch.Tested
}

// defaultVersion is what a test gets that names none.
func defaultVersion() string { return or(os.Getenv("SEAWALL_ENVOY_VERSION"), newest) }

// asked is the door that this run goes through.
func asked() string { return options{}.whichDoor() }

func (o options) whichDoor() string {
	return or(or(o.door, os.Getenv("SEAWALL_DOOR")), doorDynamicModule)
}

// onlyThrough skips a test in a run through another door, and says why.
func onlyThrough(t *testing.T, door, because string) {
	t.Helper()
	if asked() != door {
		t.Skipf("concerns the door %s alone: %s", door, because)
	}
}

// The modules are built here, not found: a test of yesterday's proves nothing.
var (
	buildModule = sync.OnceValues(func() (string, error) { return build("build/e2e", "") })
	buildFaults = sync.OnceValues(func() (string, error) { return build("build/e2e-faults", "seawall_faults") })
	buildGolang = sync.OnceValues(func() (string, error) { return golangdoor.Build("..") })

	// The library alone: its host is the other's.
	buildGolangFaults = sync.OnceValues(func() (string, error) {
		library, err := filepath.Abs("../build/e2e-faults/seawall-golang.so")
		if err != nil {
			return "", err
		}
		return library, golangdoor.BuildPlugin("..", "./envoy/golang/plugin", library, "seawall_faults")
	})
)

// build makes the dynamic module in a folder of its own.
func build(dir, tags string) (string, error) {
	out, err := filepath.Abs(filepath.Join("..", dir))
	if err != nil {
		return "", err
	}
	return out, golangdoor.BuildPlugin("..", "./envoy/dynamicmodule/plugin", filepath.Join(out, "libseawall.so"), tags)
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// doorOf builds what a door needs, and returns what makes its shipped bootstrap.
func doorOf(t *testing.T, o options) func() (*launch.Bootstrap, error) {
	t.Helper()
	switch door := o.whichDoor(); door {
	case doorDynamicModule:
		_, err := buildModule()
		require.NoError(t, err)
		if o.faults {
			_, err = buildFaults()
		}
		require.NoError(t, err)
		return launch.DynamicModule
	case doorGolang:
		return golangBootstrap(t, o)
	default:
		require.FailNow(t, "SEAWALL_DOOR is dynamicmodule or golang, not "+door)
	}
	return nil
}

// modules is the folder that Envoy finds the door's module in, once doorOf has
// built it; for the golang door, $SEAWALL_CONTRIBHOST can name another build of
// its host.
func (o options) modules() string {
	get := buildModule
	switch {
	case o.whichDoor() == doorGolang:
		get = buildGolang
	case o.faults:
		get = buildFaults
	}
	dir, _ := get() // doorOf has failed the test if it could not
	if o.whichDoor() == doorGolang {
		return or(os.Getenv("SEAWALL_CONTRIBHOST"), dir)
	}
	return dir
}

// golangBootstrap returns what makes envoy/golang.yaml with the library built here.
func golangBootstrap(t *testing.T, o options) func() (*launch.Bootstrap, error) {
	t.Helper()
	dir, err := buildGolang()
	require.NoError(t, err)
	library := golangdoor.Library(dir)
	if o.faults {
		library, err = buildGolangFaults()
		require.NoError(t, err)
	}
	return func() (*launch.Bootstrap, error) {
		b, err := launch.Golang()
		if err != nil {
			return nil, err
		}
		return b, b.SetLibrary(library)
	}
}

// binary is the Envoy that is asked for.
func binary(ctx context.Context, t *testing.T, o options) string {
	t.Helper()
	if o.image != "" {
		return dockerised(t, o)
	}
	if path := os.Getenv("ENVOY"); path != "" && o.version == "" {
		return path
	}
	path, err := launch.Fetch(ctx, launch.Source{Version: or(o.version, defaultVersion())})
	require.NoError(t, err)
	return path
}

// dockerised writes an executable that stands for an image's Envoy. It has this
// machine's network, and this machine's temporary files and library at their own
// paths. "exec" lets Docker hand Envoy the signals that are meant for it.
func dockerised(t *testing.T, o options) string {
	t.Helper()
	dir, err := buildGolang()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "envoy")
	docker := or(os.Getenv("DOCKER"), "docker")
	script := "#!/bin/sh\nexec " + docker + " run --rm --network host --user \"$(id -u):$(id -g)\" --volume '" + os.TempDir() + ":" + os.TempDir() +
		"' --volume '" + dir + ":" + dir + ":ro' --entrypoint envoy '" + o.image + "' \"$@\"\n"
	require.NoError(t, os.WriteFile(path, []byte(script), 0o700))
	_, err = exec.LookPath(docker)
	require.NoError(t, err, "a contrib Envoy runs by Docker")
	return path
}
