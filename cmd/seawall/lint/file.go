package lint

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
)

// File checks a file, or stdin, as whatever its contents are; a name only helps where
// it ends in .conf, for such a file may hold comments alone.
func File(file string, contents []byte) []Finding {
	switch {
	case IsEnvoy(contents):
		return fitting(file, contents, Envoy(file, contents))
	case filepath.Ext(file) == ".conf" && len(bytes.TrimSpace(contents)) == 0:
		return []Finding{{Code: "empty", Level: Warning, File: file, Line: 1,
			Message: "the file is empty: no directive is in it", Fix: "write the directives, or remove the Include of this file"}}
	case filepath.Ext(file) == ".conf", IsSecLang(contents):
		return SecLang(file, contents)
	case nothing.Match(contents):
		return []Finding{{Code: "empty", Level: Warning, File: file, Line: 1,
			Message: "there is nothing in it, not one key: Envoy would run the default rules, and nothing of yours",
			Fix:     "write the config; directives: Include @seawall.conf is one that asks for the default rules"}}
	}
	return fitting(file, contents, Document(file, contents))
}

var (
	// nothing is a document of comments alone, for which the core has defaults.
	nothing = regexp.MustCompile(`\A\x{feff}?(?:[ \t]*(?:#[^\n]*|---|\.\.\.)?(?:\r?\n|\z))*[ \t]*\z`)
	// fence begins a piece of code in Markdown.
	fence = regexp.MustCompile("(?m)^ {0,3}(```|~~~)")
	// ownKey is a key that tells a config document, ours or a peer's.
	ownKey = regexp.MustCompile(`(?m)^[\s{,"']*(\w*directives?(_map)?|\w*polic(y|ies)|hosts|rules|disabled|inspect|on_error|screen|mode|\w+_(body|response|budget|labels|data|sample))["']?\s*:`)
)

// fitting speaks of the kind of a file where it is no config at all: what a YAML parser
// stumbles on in a letter is no help.
func fitting(file string, contents []byte, found []Finding) []Finding {
	if len(found) != 1 || found[0].Code != "config" || found[0].Key != "" || found[0].Place != "" {
		return found
	}
	f := found[0]
	utf16 := bytes.HasPrefix(contents, []byte("\xff\xfe")) || bytes.HasPrefix(contents, []byte("\xfe\xff"))
	switch {
	case utf16:
		return found
	case bytes.IndexByte(contents, 0) >= 0:
		f.Message, f.Fix, f.Column = "it is no text: a byte of it is 0", configFix, 0
	case fence.Match(contents):
		f.Message, f.Column = "it is Markdown, not a config", 0
		f.Line = 1 + strings.Count(string(contents[:fence.FindIndex(contents)[0]]), "\n")
		f.Fix = "copy what stands between the fences into a file of its own, and validate that"
	case !IsEnvoy(contents) && !ownKey.Match(contents):
		f.Message, f.Fix = "it is neither a config document, nor an Envoy configuration, nor directives ("+f.Message+")", configFix
	default:
		return found
	}
	return []Finding{f}
}

const configFix = "name a file that Envoy loads: YAML or JSON with directives: in it, or a file of SecLang"
