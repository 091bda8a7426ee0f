package launch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Options say how to start an Envoy. Path and Bootstrap are required.
type Options struct {
	Path string // the binary, as Find returns it
	// Bootstrap is not kept. Its admin section is replaced, in a copy: the admin
	// listens on a free loopback port.
	Bootstrap *Bootstrap
	// ModuleDir is the folder of libseawall.so; empty where no dynamic module is
	// loaded.
	ModuleDir string
	// Concurrency is the number of worker threads; 0: one for each CPU.
	Concurrency int
	LogLevel    string   // as Envoy's --log-level; info where empty
	Args        []string // further arguments
	Env         []string // further "KEY=value", after ours
	// Log gets each line that Envoy writes, access log included, without its
	// newline. It is called by one goroutine at a time and must not call LogTail.
	Log func(line string)
	// ReadyWithin bounds the start; 60 s where 0. Compiling the rules is most of it.
	ReadyWithin time.Duration
	// Grace is how long Stop waits after SIGTERM before SIGKILL; 10 s where 0.
	Grace time.Duration
}

// Envoy is a running Envoy. Its methods may be called from any goroutine.
type Envoy struct {
	cmd    *exec.Cmd
	dir    string
	admin  string // host:port
	client *http.Client
	log    *logLines
	errors *logLines // of stderr
	grace  time.Duration

	exited chan struct{} // closed when the process has ended and err is set
	err    error
	stop   sync.Once
}

// Start runs Envoy and returns when its admin says LIVE. ctx bounds the start
// only; Stop ends Envoy, and so does the death of this process (on Linux). If
// Envoy exits first, the error holds its last lines.
func Start(ctx context.Context, opts Options) (*Envoy, error) {
	opts = opts.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, opts.ReadyWithin)
	defer cancel()

	dir, err := os.MkdirTemp("", "seawall-envoy-")
	if err != nil {
		return nil, fmt.Errorf("starting envoy: %w", err)
	}
	e := &Envoy{
		dir:    dir,
		client: &http.Client{Transport: &http.Transport{MaxIdleConns: 2}}, // no proxy, ever
		log:    &logLines{each: opts.Log},
		grace:  opts.Grace,
		exited: make(chan struct{}),
	}
	if err := e.prepare(opts); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("starting envoy: %w", err)
	}
	if err := e.spawn(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("starting envoy: %w", err)
	}
	if err := e.awaitLive(ctx); err != nil {
		_ = e.Stop()
		return nil, fmt.Errorf("starting envoy: %w; its last lines:\n%s", err, e.log.tail())
	}
	return e, nil
}

// prepare writes the bootstrap and makes the command.
func (e *Envoy) prepare(opts Options) error {
	config, err := opts.Bootstrap.withAdmin("127.0.0.1:0").JSON()
	if err != nil {
		return err
	}
	configPath := filepath.Join(e.dir, "bootstrap.json")
	if err := os.WriteFile(configPath, config, 0o600); err != nil {
		return err
	}
	args := []string{
		"--config-path", configPath,
		"--admin-address-path", e.adminPath(),
		"--log-level", opts.LogLevel,
		// Any number of Envoys share this machine: without hot restart there is no
		// base ID, no shared memory and no socket to share.
		"--disable-hot-restart",
		// The access log is watched as it is written; the default is 10 s.
		"--file-flush-interval-msec", "100",
	}
	if opts.Concurrency > 0 {
		args = append(args, "--concurrency", strconv.Itoa(opts.Concurrency))
	}
	e.cmd = exec.Command(opts.Path, append(args, opts.Args...)...)
	e.cmd.Env = os.Environ()
	if opts.ModuleDir != "" {
		module, err := filepath.Abs(opts.ModuleDir)
		if err != nil {
			return err
		}
		e.cmd.Env = append(e.cmd.Env, "ENVOY_DYNAMIC_MODULES_SEARCH_PATH="+module)
	}
	e.cmd.Env = append(e.cmd.Env, opts.Env...)
	e.errors = e.log.beside()
	e.cmd.Stdout, e.cmd.Stderr = e.log, e.errors
	e.cmd.SysProcAttr = childAttributes()
	e.cmd.WaitDelay = time.Second
	return nil
}

// spawn starts the process and waits for it on one OS thread: the kernel kills
// a child with a parent-death signal when the thread that started it ends, and
// Go would end an idle thread.
func (e *Envoy) spawn() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := e.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		e.err = e.cmd.Wait()
		e.log.flush()
		e.errors.flush()
		close(e.exited)
	}()
	return <-started
}

// Stop ends Envoy, waits for its end and removes its files. It may be called
// more than once, and after Envoy has ended. The error says that Envoy had to
// be killed, or had already failed by itself.
func (e *Envoy) Stop() error {
	var err error
	e.stop.Do(func() { err = e.end() })
	return err
}

func (e *Envoy) end() error {
	defer os.RemoveAll(e.dir)
	defer e.client.CloseIdleConnections()
	select {
	case <-e.exited:
		if e.err != nil {
			return fmt.Errorf("envoy had ended by itself: %w", e.err)
		}
		return nil
	default:
	}
	if err := e.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping envoy: %w", err)
	}
	grace := time.NewTimer(e.grace)
	defer grace.Stop()
	select {
	case <-e.exited:
		return nil
	case <-grace.C:
	}
	_ = e.cmd.Process.Kill()
	<-e.exited
	return fmt.Errorf("envoy did not end within %s of SIGTERM and was killed", e.grace)
}

// PID is the process's ID.
func (e *Envoy) PID() int { return e.cmd.Process.Pid }

// Exited is closed when the process has ended, for whatever reason.
func (e *Envoy) Exited() <-chan struct{} { return e.exited }

// LogTail returns the last lines that Envoy wrote, its info and finer lines left
// out; Options.Log gets those too.
func (e *Envoy) LogTail() string { return e.log.tail() }

func (e *Envoy) adminPath() string { return filepath.Join(e.dir, "admin") }

func (opts Options) withDefaults() Options {
	if opts.LogLevel == "" {
		opts.LogLevel = "info"
	}
	if opts.ReadyWithin == 0 {
		opts.ReadyWithin = 60 * time.Second
	}
	if opts.Grace == 0 {
		opts.Grace = 10 * time.Second
	}
	if opts.Bootstrap == nil {
		opts.Bootstrap = &Bootstrap{}
	}
	return opts
}
