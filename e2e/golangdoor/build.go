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
	for _, command := range [][]string{
		{"go", "build", "-buildmode=c-shared", "-trimpath", "-o", Library(dir), "./envoy/golang/plugin"},
		{"make", "--no-print-directory", "contribhost", "CONTRIBHOST_DIR=" + dir},
	} {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Dir = root
		if output, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("building the golang door: %w\n%s", err, output)
		}
	}
	return dir, nil
}

// Library is the path of the golang door's library in a folder.
func Library(dir string) string { return filepath.Join(dir, "seawall-golang.so") }
