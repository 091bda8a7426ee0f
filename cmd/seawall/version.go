package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

func (versionCommand) Run(s *session) error {
	_, err := fmt.Fprintln(s.stdout, version())
	return err
}

// stamp is the checkout's revision, from the Makefile: Go stamps none under
// GOFLAGS=-buildvcs=false.
var stamp string

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return fmt.Sprintf("seawall %s %s %s/%s", versionOf(info, stamp), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// versionOf is the module's version, which go install knows and go build makes of the
// checkout; or else the revision, with -dirty if files differ from it.
func versionOf(info *debug.BuildInfo, stamp string) string {
	if version := info.Main.Version; version != "" && version != "(devel)" {
		return version
	}
	revision, dirty := "", ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			revision = setting.Value[:min(12, len(setting.Value))]
		case setting.Key == "vcs.modified" && setting.Value == "true":
			dirty = "-dirty"
		}
	}
	switch {
	case revision != "":
		return revision + dirty
	case stamp != "":
		return stamp
	}
	return "unknown (built without version control)"
}
