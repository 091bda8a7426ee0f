package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
)

//go:embed embedded examples
var own embed.FS

// An embeddedFile is where the content of an @name lies. For a directory, path
// is the directory and what follows the @name is looked up below it.
type embeddedFile struct {
	fsys fs.FS
	path string
	// spelled is the name under which Glob reports it: the one spelling, so that
	// the same rule set has the same file names whatever alias it came by.
	spelled string
	dir     bool
}

// embeddedNames are the names a directive may use, with the peers' aliases.
// README.md says what each peer meant and why ours is what it is.
var embeddedNames = func() map[string]embeddedFile {
	names := map[string]embeddedFile{
		"@owasp_crs":              {fsys: coreruleset.FS, path: "@owasp_crs", dir: true},
		"@crs-setup.conf.example": {fsys: coreruleset.FS, path: "@crs-setup.conf.example"},
		"@seawall":                {fsys: own, path: "examples", dir: true},
	}
	for _, file := range []string{
		"@seawall.conf", "@recommended.conf", "@recommended-conf", "@crs-setup.conf",
		"@coraza-setup", "@coraza-ftw", "@crs-ftw", "@ftw-conf", "@ftw-marker.conf",
	} {
		names[file] = embeddedFile{fsys: own, path: "embedded/" + file}
	}
	for name, file := range names {
		file.spelled = name
		names[name] = file
	}
	for alias, name := range map[string]string{
		// built-on-envoy
		"@coraza.conf":             "@recommended.conf",
		"@coraza.conf-recommended": "@recommended.conf",
		"@ftw.conf":                "@ftw-conf",
		// coraza-proxy-wasm
		"@crs-setup-conf":      "@crs-setup.conf",
		"@crs-setup-demo-conf": "@crs-setup.conf",
		"@demo-conf":           "@coraza-setup",
		// coraza-envoy-go-filter; its "lts" is CRS 4.25, the one embedded here
		"@crs-setup":      "@crs-setup.conf",
		"@coraza-lts":     "@coraza-setup",
		"@crs-setup-lts":  "@crs-setup.conf",
		"@owasp_crs_lts":  "@owasp_crs",
		"@coraza-ftw-lts": "@coraza-ftw",
		"@crs-ftw-lts":    "@crs-ftw",
	} {
		names[alias] = names[name]
	}
	return names
}()

// EmbeddedNames lists the @names that FS serves, aliases included, sorted.
// Directories end in a slash.
func EmbeddedNames() []string {
	var names []string
	for name, file := range embeddedNames {
		if file.dir {
			name += "/"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// embedded resolves name if one of its elements is a known @name. The last one
// counts: Coraza writes the including file's directory before the name, which
// may itself be an embedded one.
func embedded(name string) (embeddedFile, bool) {
	elements := strings.Split(name, "/")
	for i, element := range slices.Backward(elements) {
		file, known := embeddedNames[element]
		if !known {
			continue
		}
		below := path.Join(elements[i+1:]...)
		if file.dir && below != "" {
			// A pattern or a name: Join has taken out every "..", or left it in
			// front, where the embedded file systems refuse it.
			file.path += "/" + below
			file.spelled += "/" + below
		} else if below != "" {
			return embeddedFile{}, false
		}
		return file, true
	}
	return embeddedFile{}, false
}

// unknownName is the error for a name that can only have meant an embedded file.
func unknownName() error {
	return fmt.Errorf("no embedded file of this name; known are %s", strings.Join(EmbeddedNames(), ", "))
}
