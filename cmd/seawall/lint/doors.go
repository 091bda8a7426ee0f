package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seawall-waf/seawall/filter"
)

func (e *envoyFile) ours(n *node) bool {
	module := n.get("dynamic_module_config")
	return module.get("name").string() == ourName || n.get("filter_name").string() == ourName ||
		strings.HasSuffix(module.get("module", "local", "filename").string(), "lib"+ourName+".so")
}

// module checks a dynamic-modules filter. name is the key that names the filter.
func (e *envoyFile) module(n *node, at trail, name string) {
	if !e.ours(n) {
		return
	}
	if got := n.get(name); got.string() != ourName {
		e.report("envoy", Error, lineOf(got, n), at.String(), "write "+name+": "+ourName,
			"%s is %q: the library has no filter of that name, and Envoy refuses it", name, got.string())
	}
	if n.get("dynamic_module_config", "do_not_close").string() != "true" {
		e.report("envoy", Warning, lineOf(n.get("dynamic_module_config"), n), at.String(), "write do_not_close: true beside the module's name",
			"do_not_close is not set: a Go library cannot be unloaded, and Envoy crashes when the configuration changes")
	}
	e.document(n.get("filter_config"), n.line, at)
}

// moduleRoute: per_route_config_name is the name that every Envoy from 1.37 on
// reads, filter_name the one from 1.38 on.
func (e *envoyFile) moduleRoute(n *node, at trail) {
	name := "per_route_config_name"
	if n.get(name) == nil && n.get("filter_name") != nil {
		name = "filter_name"
	}
	if !e.ours(n) {
		return
	}
	e.key("dynamic_modules", n, at)
	e.module(n, at, name)
	e.labels(n.get("filter_config"), n, at, Error, "Envoy refuses metric_labels in a per-route config: the filter's own defines the metrics")
}

func (e *envoyFile) golang(n *node, at trail) {
	if got := n.get("plugin_name"); got.string() != ourName {
		e.report("envoy", Error, lineOf(got, n), at.String(), "write plugin_name: "+ourName,
			"plugin_name is %q: the library has no plugin of that name", got.string())
	}
	e.document(n.get("plugin_config"), n.line, at)
	e.labels(n.get("plugin_config"), n, at, Warning, "metric_labels have no effect at the golang filter, whose API has no tags")
}

func (e *envoyFile) golangRoute(n *node, at trail) {
	plugins := n.get("plugins_config")
	if plugins == nil {
		return
	}
	for _, plugin := range plugins.entries {
		if plugin.key != ourName {
			continue
		}
		e.key("golang", n, at)
		if plugin.value.get("disabled").string() == "true" {
			e.documents++
			continue // contrib's own way to leave a plugin out on a route
		}
		e.document(plugin.value.get("config"), plugin.line, at)
	}
}

// labels reports metric_labels where they do not belong.
func (e *envoyFile) labels(config, n *node, at trail, level Level, message string) {
	d := &document{}
	if e.carried(config, d) != "" {
		return
	}
	if c, err := filter.ParseConfig([]byte(d.text)); err == nil && len(c.Labels) > 0 {
		e.report("envoy", level, lineOf(config, n), at.String(), "set metric_labels in the filter's own config, at the dynamic-modules door", "%s", message)
	}
}

// key remembers under which name a per-route config stands.
func (e *envoyFile) key(door string, n *node, at trail) {
	e.keyed = append(e.keyed, keyedConfig{door, at.key, at.String(), n.line})
}

// checkKeys: Envoy finds a per-route config by the name of the filter in the
// chain, and passes over one that has another name.
func (e *envoyFile) checkKeys() {
	for _, k := range e.keyed {
		names := e.names[k.door]
		if len(names) == 0 || slices.Contains(names, k.key) || k.key == "config" || k.key == "typed_config" {
			continue // wrapped, or the chain is in another file
		}
		e.report("filter-bypassed", Warning, k.line, k.place, "write it under "+strings.Join(names, " or ")+", the filter's name in http_filters",
			"Envoy passes over this config: no filter is named %q", k.key)
	}
}

// chain looks at a connection manager's filters together, and returns the limits
// that others of them put on request bodies.
func (e *envoyFile) chain(filters *node, at trail) (limits []bodyLimit) {
	routed := false
	for _, f := range filters.items {
		config := f.get("typed_config")
		kind := config.get("@type").string()
		switch {
		case strings.HasSuffix(kind, "router.v3.Router"):
			routed = true
		case strings.HasSuffix(kind, moduleFilter) && e.ours(config):
			e.names["dynamic_modules"] = append(e.names["dynamic_modules"], f.get("name").string())
			e.inChain(f, routed, at)
		case strings.HasSuffix(kind, golangFilter) && config.get("plugin_name").string() == ourName:
			e.names["golang"] = append(e.names["golang"], f.get("name").string())
			e.inChain(f, routed, at)
		}
		for _, key := range [][]string{{"max_request_bytes"}, {"with_request_body", "max_request_bytes"}} {
			limit := config.get(key...)
			bytes, err := strconv.Atoi(limit.string())
			if err != nil || config.get("with_request_body", "allow_partial_message").string() == "true" {
				continue
			}
			limits = append(limits, bodyLimit{bytes, f.get("name").string() + ", " + strings.Join(key, ".") + " (line " + strconv.Itoa(limit.line) + ")"})
		}
	}
	return limits
}

func (e *envoyFile) inChain(f *node, routed bool, at trail) {
	if n := f.get("is_optional"); n.string() == "true" {
		e.report("filter-bypassed", Warning, n.line, at.String(), "remove is_optional",
			"is_optional: an Envoy that does not have the filter starts without it, and nothing is inspected")
	}
	if n := f.get("disabled"); n.string() == "true" {
		e.report("filter-bypassed", Warning, n.line, at.String(), "remove disabled, unless routes switch the filter on",
			"disabled: the filter inspects only the routes that switch it on")
	}
	if routed {
		e.report("filter-bypassed", Error, f.line, at.String(), "put it before envoy.filters.http.router",
			"the filter stands behind the router, which ends the chain: Envoy refuses that")
	}
}

func lineOf(n, otherwise *node) int {
	if n == nil {
		return otherwise.line
	}
	return n.line
}
