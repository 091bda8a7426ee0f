package lint

import (
	"fmt"
	"slices"
	"strings"
)

// envoyFile is an Envoy configuration: a bootstrap, a listener or route
// configuration of its own, a config dump, or a manifest that patches one in.
type envoyFile struct {
	file, text string
	json       bool
	found      []Finding
	documents  int
	// names are those of our HTTP filters, by door: per-route configs are keyed by
	// them.
	names map[string][]string
	keyed []keyedConfig
}

// A keyedConfig is one of ours in a typed_per_filter_config.
type keyedConfig struct {
	door, key, place string
	line             int
}

// The doors, by what their messages' types end in.
const (
	moduleFilter   = "dynamic_modules.v3.DynamicModuleFilter"
	modulePerRoute = "dynamic_modules.v3.DynamicModuleFilterPerRoute"
	golangFilter   = "golang.v3alpha.Config"
	golangPerRoute = "golang.v3alpha.ConfigsPerRoute"
)

// Our names at the doors.
const (
	ourName      = "seawall"           // of the module, the filter, the plugin
	ourGolangLib = "seawall-golang.so" // in library_path
)

// IsEnvoy tells an Envoy configuration from a config document: Envoy's messages
// have @type keys, ours have none.
func IsEnvoy(contents []byte) bool {
	for line := range strings.Lines(string(contents)) {
		line = strings.TrimLeft(line, " \t-{")
		for _, sign := range []string{`"@type"`, `'@type'`, "@type:", "static_resources:", `"static_resources"`} {
			if strings.HasPrefix(line, sign) {
				return true
			}
		}
		if strings.Contains(line, `"@type":`) && strings.Contains(line, "type.googleapis.com/") {
			return true
		}
	}
	return false
}

// Envoy finds Seawall in an Envoy configuration, at both doors and at any depth,
// and checks every config found and what stands around it.
func Envoy(file string, contents []byte) []Finding {
	e := &envoyFile{file: file, text: string(contents), names: map[string][]string{}}
	e.json = strings.HasPrefix(strings.TrimSpace(e.text), "{")
	roots, err := readTree(e.text)
	if err != nil {
		return []Finding{unreadable(file, err)}
	}
	for _, root := range roots {
		e.walk(root, trail{})
	}
	if e.documents == 0 && len(e.found) == 0 {
		e.report("no-filter", Warning, 1, "", "README's \"In your own Envoy\" has the block to put before the router",
			"no Seawall in this configuration: neither door has a filter of ours")
	}
	e.checkKeys()
	return sorted(e.found)
}

func (e *envoyFile) report(code string, level Level, line int, place, fix, format string, args ...any) {
	e.found = append(e.found, Finding{Code: code, Level: level, File: e.file, Line: line, Place: place, Fix: fix,
		Message: fmt.Sprintf(format, args...)})
}

// A trail is what names a place in Envoy's configuration.
type trail struct {
	words  []string
	key    string // of the map that led here
	limits []bodyLimit
}

func (t trail) String() string { return strings.Join(t.words, ", ") }

func (t trail) with(kind, name string) trail {
	if name != "" {
		t.words = append(slices.Clone(t.words), kind+" "+name)
	}
	return t
}

// namedBy are the lists whose items name a place, and by what.
var namedBy = map[string]string{"listeners": "listener", "filter_chains": "filter chain", "virtual_hosts": "virtual host", "clusters": "cluster"}

func (e *envoyFile) walk(n *node, at trail) {
	switch n.kind {
	case list:
		kind := namedBy[at.key]
		for _, item := range n.items {
			inner := at
			if kind != "" {
				inner = at.with(kind, item.get("name").string())
			} else if at.key == "routes" {
				inner = at.with("route", routeName(item))
			}
			e.walk(item, inner)
		}
	case mapping:
		if filters := n.get("http_filters"); filters != nil {
			at.limits = e.chain(filters, at)
		}
		e.message(n, at)
		for _, child := range n.entries {
			inner := at
			inner.key = child.key
			e.walk(child.value, inner)
		}
	}
}

func routeName(route *node) string {
	if name := route.get("name").string(); name != "" {
		return name
	}
	for _, key := range []string{"prefix", "path", "path_separated_prefix"} {
		if text := route.get("match", key).string(); text != "" {
			return text
		}
	}
	return route.get("match", "safe_regex", "regex").string()
}

// message checks a map that may be one of the doors' messages.
func (e *envoyFile) message(n *node, at trail) {
	kind := n.get("@type").string()
	switch kind = kind[strings.LastIndexByte(kind, '/')+1:]; {
	case strings.HasSuffix(kind, moduleFilter):
		e.module(n, at, "filter_name")
	case strings.HasSuffix(kind, modulePerRoute):
		e.moduleRoute(n, at)
	case strings.HasSuffix(kind, golangFilter):
		if n.get("plugin_name").string() == ourName || strings.HasSuffix(n.get("library_path").string(), ourGolangLib) {
			e.golang(n, at)
		}
	case strings.HasSuffix(kind, golangPerRoute):
		e.golangRoute(n, at)
	}
}

// document checks a config of ours; config is the Any that carries it.
func (e *envoyFile) document(config *node, line int, at trail) {
	e.documents++
	d := &document{file: e.file, place: at.String(), line: line, limits: at.limits}
	if problem := e.carried(config, d); problem != "" {
		message, fix := advise(problem, "")
		e.report("envoy", Error, line, at.String(), fix, "%s", message)
		return
	}
	e.found = append(e.found, d.check()...)
}
