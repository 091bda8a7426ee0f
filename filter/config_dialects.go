package filter

import (
	"slices"
	"strings"
)

// A dialect is one form of the config document. Besides our own, the documents
// of three other filters are accepted as they are, so that moving over is a
// change of the filter's name; each just as strictly. Config.Native shows what
// such a document means here.
type dialect struct {
	name    string
	markers []string // keys that no other dialect has
	parse   func(d *decoder, root value, c *Config)
	marker  string // the key that told this document's dialect
}

func (d dialect) foreign() bool { return d.marker != "" }

// dialectOf tells the dialect by the first key that only one dialect has, or by
// directives being a map.
//
// A document of built-on-envoy that leaves mode out cannot be told from a native
// one. It is read as native: both directions are inspected where built-on-envoy
// would only inspect the request, which is never weaker.
func dialectOf(root *node) dialect {
	dialects := []dialect{
		{name: "built-on-envoy", markers: []string{"mode"}, parse: parseBuiltOnEnvoy},
		{name: "coraza-envoy-go-filter", parse: parseGoFilter,
			markers: []string{"default_directive", "host_directive_map", "log_format", "use_re2", "use_libinjection"}},
		{name: "coraza-proxy-wasm", parse: parseProxyWasm,
			markers: []string{"directives_map", "default_directives", "per_authority_directives", "rules"}},
	}
	for _, e := range root.entries {
		for _, d := range dialects {
			mapped := d.name == "coraza-envoy-go-filter" && e.key == "directives" && e.value.kind == mapNode
			if mapped || slices.Contains(d.markers, e.key) {
				d.marker = e.key
				return d
			}
		}
	}
	return dialect{name: "native", parse: parseNative}
}

// required reports a key that the dialect does not do without, unless another
// fault (a misspelt key) may be why it is missing.
func (d *decoder) required(root value, name, why string) {
	if root.get(name) == nil && len(d.faults) == 0 {
		d.fault(name, root.place, "missing: %s", why)
	}
}

// accepted decodes a boolean whose value makes no difference here.
func accepted(d *decoder, v value, _ *Config) { d.boolean(v) }

var builtOnEnvoyKeys = []key[Config]{
	{"directives", func(d *decoder, v value, c *Config) { d.singlePolicy(v, c) }},
	{"mode", func(d *decoder, v value, c *Config) {
		word := d.oneOf(v, "REQUEST_ONLY", "FULL", "RESPONSE_ONLY")
		c.RequestOnly, c.ResponseOnly = word == "REQUEST_ONLY", word == "RESPONSE_ONLY"
	}},
}

func parseBuiltOnEnvoy(d *decoder, root value, c *Config) {
	keys(d, root, builtOnEnvoyKeys, c)
	d.required(root, "directives", "built-on-envoy has no default for it")
	d.resolve(root, c, "directives", "default_policy", "hosts") // the latter two are none of its keys
}

var goFilterKeys = []key[Config]{
	{"directives", func(d *decoder, v value, c *Config) { d.policies(v, simpleDirectives, c) }},
	{"default_directive", func(d *decoder, v value, c *Config) { c.DefaultPolicy, _ = d.text(v, "a name among directives") }},
	{"host_directive_map", func(d *decoder, v value, c *Config) { d.hosts(v, c) }},
	// Our events are JSON whatever this says.
	{"log_format", func(d *decoder, v value, _ *Config) {
		if v.kind != stringNode || !slices.Contains([]string{"text", "json", "ftw"}, strings.ToLower(v.text)) {
			d.want(v, "text or json")
		}
	}},
	// Engines of regular expressions and of injection detection that verdicts do
	// not depend on.
	{"use_re2", accepted},
	{"use_libinjection", accepted},
}

var simpleDirectives = []key[Policy]{
	{"simple_directives", func(d *decoder, v value, p *Policy) { p.Snippets = d.directives(v) }},
}

func parseGoFilter(d *decoder, root value, c *Config) {
	keys(d, root, goFilterKeys, c)
	d.required(root, "directives", "it names the rule sets")
	d.required(root, "default_directive", "coraza-envoy-go-filter wants the name of the rule set for all other hosts, even if there is only one")
	d.resolve(root, c, "directives", "default_directive", "host_directive_map")
}

var proxyWasmKeys = []key[Config]{
	{"directives_map", decodeDirectivesMap},
	{"default_directives", func(d *decoder, v value, c *Config) { c.DefaultPolicy, _ = d.text(v, "a name among directives_map") }},
	{"per_authority_directives", func(d *decoder, v value, c *Config) { d.hosts(v, c) }},
	{"metric_labels", func(d *decoder, v value, c *Config) { d.labels(v, c) }},
	{"rules", func(d *decoder, v value, c *Config) { d.singlePolicy(v, c) }},
}

func decodeDirectivesMap(d *decoder, v value, c *Config) {
	entries := d.entriesOf(v, "a map of name to list of SecLang strings")
	if v.kind == mapNode && len(entries) == 0 {
		d.fault(v.path, v.place, "want at least one rule set, got none; SecRuleEngine Off asks for no inspection")
	}
	c.Policies = make(map[string]*Policy, len(entries))
	for _, e := range entries {
		d.checkPolicyName(v, e)
		c.Policies[e.key] = &Policy{Name: e.key, Snippets: d.directives(v.at(&e))}
	}
}

// parseProxyWasm differs from coraza-proxy-wasm in one thing: that filter lets an
// authority that nothing names pass uninspected if default_directives is left
// out. Here a single rule set is then the default, and several are an error.
func parseProxyWasm(d *decoder, root value, c *Config) {
	keys(d, root, proxyWasmKeys, c)
	if rules := root.get("rules"); rules == nil {
		d.required(root, "directives_map", "it names the rule sets")
	} else if root.get("directives_map") != nil {
		d.fault("rules", rules.place, "is the old form of directives_map; write one of the two")
	}
	d.resolve(root, c, "directives_map", "default_directives", "per_authority_directives")
}
