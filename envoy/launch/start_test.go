package launch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// playsParent makes the test binary a process that starts an Envoy and hangs,
// so that a test can kill it. Its value is the Envoy's path.
const playsParent = "SEAWALL_TEST_PLAYS_PARENT"

func startAndHang() {
	boot, err := DynamicModule()
	if err == nil {
		err = withoutSeawall(boot, "127.0.0.1:1")
	}
	var envoy *Envoy
	if err == nil {
		envoy, err = Start(context.Background(), Options{Path: os.Getenv(playsParent), Bootstrap: boot, Concurrency: 1})
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(envoy.PID())
	select {}
}

func TestEnvoyServesThenEndsWithoutATrace(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "upstream saw ", r.URL)
	}))
	defer upstream.Close()
	ctx := context.Background()
	var mu sync.Mutex
	var lines []string

	envoy, err := Start(ctx, Options{
		Path:        realEnvoy(t),
		Bootstrap:   plain(t, strings.TrimPrefix(upstream.URL, "http://")),
		Concurrency: 1,
		Log: func(line string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, line)
		},
	})
	require.NoError(t, err)
	defer envoy.Stop()

	ports, err := envoy.Ports(ctx)
	require.NoError(t, err)
	require.NotZero(t, ports["ingress"])
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/x", ports["ingress"]))
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	response.Body.Close()
	assert.Equal(t, "upstream saw /x", string(body))

	stats, err := envoy.Stats(ctx, `^cluster\.upstream\.upstream_rq_(total|time)$`)
	require.NoError(t, err)
	assert.Equal(t, map[string]uint64{"cluster.upstream.upstream_rq_total": 1}, stats)
	_, err = envoy.Admin(ctx, http.MethodGet, "/nowhere")
	assert.ErrorContains(t, err, "status 404")

	require.NoError(t, envoy.Stop())
	require.NoError(t, envoy.Stop(), "a second Stop is harmless")
	assert.False(t, running(envoy.PID()))
	assert.NoDirExists(t, envoy.dir)
	mu.Lock()
	defer mu.Unlock()
	assert.Contains(t, strings.Join(lines, "\n"), `"path":"/x"`, "the access log is among the lines")
}

func TestManyEnvoysRunBesideEachOther(t *testing.T) {
	path := realEnvoy(t)
	admins := map[string]bool{}
	for range 2 {
		envoy, err := Start(context.Background(), Options{Path: path, Bootstrap: plain(t, "127.0.0.1:1"), Concurrency: 1})
		require.NoError(t, err)
		defer envoy.Stop()
		admins[envoy.AdminAddress()] = true
	}
	assert.Len(t, admins, 2)
}

func TestAFailedStartTellsEnvoysLastLinesAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	silent := script(t, t.TempDir(), "envoy", "echo waiting; exec sleep 600")
	for name, tc := range map[string]struct {
		path   string
		change func(*Bootstrap)
		within time.Duration
		want   []string
	}{
		"a bootstrap that Envoy refuses": {
			path:   realEnvoy(t),
			change: func(b *Bootstrap) { b.Tree["no_such_field"] = true },
			want:   []string{"exited before it was ready", "no_such_field"},
		},
		"no such binary": {
			path: "/nowhere/envoy",
			want: []string{"/nowhere/envoy"},
		},
		"never ready": {
			path:   silent,
			within: 300 * time.Millisecond,
			want:   []string{"not ready in time"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			boot := plain(t, "127.0.0.1:1")
			if tc.change != nil {
				tc.change(boot)
			}
			envoy, err := Start(context.Background(), Options{Path: tc.path, Bootstrap: boot, ReadyWithin: tc.within})
			require.Error(t, err)
			assert.Nil(t, envoy)
			for _, want := range tc.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestStopKillsAnEnvoyThatDoesNotEnd(t *testing.T) {
	envoy, err := Start(context.Background(), Options{
		Path: realEnvoy(t), Bootstrap: plain(t, "127.0.0.1:1"), Concurrency: 1, Grace: 100 * time.Millisecond,
	})
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(envoy.PID(), syscall.SIGSTOP))

	err = envoy.Stop()

	require.ErrorContains(t, err, "was killed")
	assert.False(t, running(envoy.PID()))
}

func TestAnEnvoyThatEndsByItselfIsNoticed(t *testing.T) {
	envoy, err := Start(context.Background(), Options{Path: realEnvoy(t), Bootstrap: plain(t, "127.0.0.1:1"), Concurrency: 1})
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(envoy.PID(), syscall.SIGKILL))

	select {
	case <-envoy.Exited():
	case <-time.After(10 * time.Second):
		t.Fatal("Exited was not closed")
	}
	assert.ErrorContains(t, envoy.Stop(), "ended by itself")
}

func TestEnvoyDiesWithAParentThatIsKilled(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), playsParent+"="+realEnvoy(t))
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	line := make([]byte, 4096)
	n, err := out.Read(line)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	require.NoError(t, err, "the parent failed: %s", line[:n])
	require.True(t, running(pid))

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()

	// Not our child, so its end can only be looked for.
	assert.Eventually(t, func() bool { return !running(pid) }, 10*time.Second, 10*time.Millisecond)
}

// running tells whether a process is there and no zombie.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}
