package golangdoor

import (
	"fmt"
	"os/exec"
	"path/filepath"
)

// Floor is the oldest Envoy that contribhost runs in; older ones lack what it
// calls (e2e/contribhost/README.md).
const Floor = "1.39.1"

// Build makes the golang door's library as it is made for users, and contribhost,
// with the repository's Makefile. It returns the folder that holds them.
func Build(root string) (string, error) {
	dir, err := filepath.Abs(filepath.Join(root, "build", "e2e-golang"))
	if err != nil {
		return "", err
	}
	if err := BuildPlugin(root, "./envoy/golang/plugin", Library(dir), ""); err != nil {
		return "", err
	}
	return dir, run(root, "make", "--no-print-directory", "contribhost", "CONTRIBHOST_DIR="+dir)
}

// BuildPlugin makes a door's library, as `make build` does but for the tags.
func BuildPlugin(root, plugin, library, tags string) error {
	return run(root, "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags", "-X runtime.godebugDefault=cgocheck=0",
		"-tags", tags, "-o", library, plugin)
}

// Library is the path of the golang door's library in a folder.
func Library(dir string) string { return filepath.Join(dir, "seawall-golang.so") }

func run(root, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building a door for tests: %w\n%s", err, output)
	}
	return nil
}
