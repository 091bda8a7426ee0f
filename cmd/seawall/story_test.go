package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"seawall": main})
}

var update = flag.Bool("update", false, "write the golden output in the stories anew")

// The stories in testdata/script are what a user does and sees.
func TestStories(t *testing.T) {
	envoy, err := launch.Find(context.Background(), launch.Source{})
	require.NoError(t, err)
	module, err := filepath.Abs("../../build/" + moduleName)
	require.NoError(t, err)
	_, noModule := os.Stat(module)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			port, err := freePort()
			if err != nil {
				return err
			}
			env.Setenv("FREE_PORT", strconv.Itoa(port))
			self, err := exec.LookPath("seawall")
			if err != nil {
				return err
			}
			env.Setenv("SEAWALL_BIN", filepath.Dir(self)) // a PATH with nothing else in it
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("ENVOY", "")
			env.Setenv("REAL_ENVOY", envoy)
			env.Setenv("MODULE", module)
			env.Setenv("GOLANG_MODULE", filepath.Join(filepath.Dir(module), golangName))
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "module" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return noModule == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code, "noprocess": noProcess},
	})
}

// code N command [args]: the command must end with exit code N.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command [args]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// noProcess: nothing that the story started still runs. Every process of a story
// has its working directory in the environment, and so have their children.
func noProcess(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: noprocess")
	}
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	ts.Check(err)
	if len(files) == 0 {
		ts.Logf("not checked: this system has no /proc")
		return
	}
	own := "\x00WORK=" + ts.Getenv("WORK") + "\x00"
	for _, file := range files {
		environment, err := os.ReadFile(file)
		if err != nil {
			continue // another user's, or it has ended
		}
		if strings.Contains("\x00"+string(environment), own) {
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			ts.Fatalf("still running: %s %q", filepath.Dir(file), name)
		}
	}
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
