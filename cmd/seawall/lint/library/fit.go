package library

import (
	"context"
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// A Misfit is a reason why the library does not fit. A Fatal one keeps Envoy from
// starting, or ends it.
type Misfit struct {
	Problem, Fix string
	Fatal        bool
}

// The Envoys that run the dynamic module in the tests of this version of Seawall;
// 1.37 is the first whose SDK it is built with.
const oldest, newestTested = "1.37.0", "1.40.0"

// Binary compares the library with the Envoy at path, which is run once for its
// version, and with the C library of this system.
func (l *Library) Binary(ctx context.Context, path string) (version string, misfits []Misfit, err error) {
	version, err = launch.Version(ctx, path)
	if err != nil {
		return "", nil, err
	}
	misfits = l.Version(version)
	file, err := elf.Open(path)
	if err != nil {
		return version, append(misfits, Misfit{Problem: fmt.Sprintf("%s cannot be read as an ELF binary, so that its door stays unchecked: %v", path, err),
			Fix: "name the binary itself, not a script that starts it"}), nil
	}
	defer file.Close()
	if file.Machine != l.machine {
		return version, append(misfits, Misfit{Fatal: true, Problem: fmt.Sprintf("the library is for %s, this Envoy for %s", l.machine, file.Machine),
			Fix: "build the library on a machine such as Envoy's"}), nil
	}
	if missing := l.missing(file); len(missing) > 0 {
		misfits = append(misfits, l.without(missing))
	}
	if have := systemGlibc("/", l.machine); have != "" && compare(l.Glibc, have) > 0 {
		misfits = append(misfits, Misfit{Fatal: true, Problem: fmt.Sprintf("the library wants glibc %s, this system has %s", l.Glibc, have),
			Fix: "build the library on a system no newer than the one where Envoy runs"})
	}
	return version, misfits, nil
}

// missing are the symbols that the library wants and the Envoy does not export.
func (l *Library) missing(envoy *elf.File) (names []string) {
	exported := map[string]bool{}
	symbols, _ := envoy.DynamicSymbols() // none: all are missing
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF {
			exported[s.Name] = true
		}
	}
	for _, name := range l.Wants {
		if !exported[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (l *Library) without(missing []string) Misfit {
	switch {
	case len(missing) == len(l.Wants) && l.Door == Golang:
		return Misfit{Fatal: true, Problem: "this Envoy has no " + string(Golang) + ": only contrib builds and Istio's proxy have it",
			Fix: "run a contrib build, or use libseawall.so, which any stock Envoy from 1.37 on loads"}
	case len(missing) == len(l.Wants):
		return Misfit{Fatal: true, Problem: "this Envoy has no " + string(l.Door), Fix: "run a stock Envoy from 1.37 on"}
	}
	return Misfit{Fatal: true, Problem: fmt.Sprintf("this Envoy's ABI is another: it lacks %d of the %d functions that the library calls (%s ...)",
		len(missing), len(l.Wants), missing[0]), Fix: "build the library with the SDK of this Envoy's version, or run an Envoy that README names"}
}

// Version compares the library with an Envoy by its version alone.
func (l *Library) Version(version string) []Misfit {
	if l.Door == Golang {
		built := strings.TrimPrefix(l.SDK, "v")
		if built != "" && minor(built) != minor(version) {
			return []Misfit{{Fatal: true, Problem: fmt.Sprintf("the library is built with the Go API of Envoy %s, this Envoy is %s: the golang filter's ABI must be the same minor version's", built, version),
				Fix: fmt.Sprintf("set %s to v%s in go.mod and build again, or run a contrib Envoy %s", golangSDK, version, minor(built))}}
		}
		return nil
	}
	switch {
	case compare(version, oldest) < 0:
		return []Misfit{{Fatal: true, Problem: fmt.Sprintf("this Envoy is %s, and its dynamic modules cannot load the library", version), Fix: "run Envoy " + oldest + " or later"}}
	case compare(minor(version), minor(newestTested)) > 0:
		return []Misfit{{Problem: fmt.Sprintf("this Envoy is %s; the tests run the library in %s to %s", version, oldest, newestTested),
			Fix: "try it before you rely on it: envoy --mode validate, then seawall attack"}}
	}
	return nil
}

// minor is 1.39 of 1.39.3.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
