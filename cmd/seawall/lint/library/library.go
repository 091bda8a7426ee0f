package library

import (
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"strings"
)

// A Door is the kind of Envoy filter that a library is for.
type Door string

// The doors, by the filter that Envoy calls them.
const (
	DynamicModule Door = "envoy.filters.http.dynamic_modules"
	Golang        Door = "envoy.filters.http.golang"
)

// The symbols by which Envoy finds a door's library, and the prefixes of those
// that the library wants of Envoy.
const (
	moduleEntry = "envoy_dynamic_module_on_program_init"
	golangEntry = "envoyGoFilterNewHttpPluginConfig"
)

// The Go modules that hold a door's interface; their versions are what a library
// was built with.
const (
	moduleSDK = "github.com/envoyproxy/envoy/source/extensions/dynamic_modules"
	golangSDK = "github.com/envoyproxy/envoy"
)

// A Library is what a shared object says of itself.
type Library struct {
	Path    string
	Door    Door
	SDK     string   // version of the door's Go module; "" where it is not recorded
	Wants   []string // symbols of Envoy's
	Glibc   string   // the newest version of glibc that it wants: "2.34"
	machine elf.Machine
}

// Open reads the library at path.
func Open(path string) (*Library, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the library %s: %w", path, err)
	}
	defer file.Close()
	l := &Library{Path: path, machine: file.Machine}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return nil, fmt.Errorf("reading the symbols of %s: %w", path, err)
	}
	for _, s := range symbols {
		switch {
		case s.Section == elf.SHN_UNDEF && isEnvoys(s.Name):
			l.Wants = append(l.Wants, s.Name)
		case s.Section == elf.SHN_UNDEF:
		case s.Name == moduleEntry:
			l.Door = DynamicModule
		case s.Name == golangEntry:
			l.Door = Golang
		}
	}
	if l.Door == "" {
		return nil, fmt.Errorf("%s is no library of Seawall's: it exports neither %s nor %s", path, moduleEntry, golangEntry)
	}
	needs, _ := file.DynamicVersionNeeds() // an error: it has no such table, and wants no version
	for _, need := range needs {
		for _, version := range need.Needs {
			l.Glibc = newest(l.Glibc, version.Dep)
		}
	}
	if info, err := buildinfo.ReadFile(path); err == nil {
		for _, dep := range info.Deps {
			if l.Door == DynamicModule && dep.Path == moduleSDK || l.Door == Golang && dep.Path == golangSDK {
				l.SDK = dep.Version
			}
		}
	}
	return l, nil
}

func isEnvoys(symbol string) bool {
	return strings.HasPrefix(symbol, "envoy_dynamic_module_") || strings.HasPrefix(symbol, "envoyGo")
}
