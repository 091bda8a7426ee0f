package library

import (
	"cmp"
	"debug/elf"
	"path/filepath"
	"strconv"
	"strings"
)

// newest returns the newer of a version and a symbol version such as GLIBC_2.34;
// any other symbol version leaves the first as it is.
func newest(version, symbolVersion string) string {
	other, ok := strings.CutPrefix(symbolVersion, "GLIBC_")
	if ok && compare(other, version) > 0 && other[0] >= '0' && other[0] <= '9' {
		return other
	}
	return version
}

// compare orders versions by their numbers; a missing one counts as 0.
func compare(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if c := cmp.Compare(number(as, i), number(bs, i)); c != 0 {
			return c
		}
	}
	return 0
}

func number(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, _ := strconv.Atoi(parts[i])
	return n
}

// libcPlaces are where distributions keep the C library, relative to the root.
var libcPlaces = []string{"lib64/libc.so.6", "lib/libc.so.6", "lib/*-linux-gnu/libc.so.6", "usr/lib64/libc.so.6", "usr/lib/*-linux-gnu/libc.so.6", "usr/lib/libc.so.6"}

// systemGlibc is the version of the glibc below root for this machine; "" where
// there is none (musl, say).
func systemGlibc(root string, machine elf.Machine) string {
	for _, place := range libcPlaces {
		names, _ := filepath.Glob(filepath.Join(root, place)) // the patterns are well-formed
		for _, name := range names {
			if version := glibcOf(name, machine); version != "" {
				return version
			}
		}
	}
	return ""
}

func glibcOf(path string, machine elf.Machine) (version string) {
	file, err := elf.Open(path)
	if err != nil || file.Machine != machine {
		return ""
	}
	defer file.Close()
	defined, _ := file.DynamicVersions()
	for _, one := range defined {
		version = newest(version, one.Name)
	}
	return version
}
