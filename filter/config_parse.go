package filter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// ParseConfig reads a config document: JSON if its first character is "{", else
// YAML; native or one of the peers' (see config_dialects.go); a document that is
// one JSON string is what the string holds. An empty document asks for the
// embedded rules, DefaultDirectives.
//
// It is strict: an unknown key, a value of another type, a reference to a policy
// that does not exist is an error. The error joins ConfigErrors, which name the
// key and the place and say what would be right. doc is not kept. The SecLang in
// it is compiled by NewEngine.
func ParseConfig(doc []byte) (*Config, error) {
	root, err := readDocument(doc)
	if err != nil {
		return nil, err
	}
	d := &decoder{}
	c := defaultConfig()
	if root.kind != mapNode {
		d.fault("", root.place, "want a map of keys such as directives, got %s", root)
	} else {
		d.dialect = dialectOf(root)
		d.dialect.parse(d, value{node: root}, c)
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	if c.Disabled {
		return &Config{Disabled: true}, nil
	}
	return c, nil
}

func defaultConfig() *Config {
	body := BodyOptions{MaxHeldBytes: DefaultMaxHeldBytes, OffloadBytes: DefaultOffloadBytes}
	return &Config{
		RequestBody:     body,
		ResponseBody:    body,
		Block:           DefaultBlockResponse,
		LogMatchedData:  true,
		HeldBytesBudget: DefaultHeldBytesBudget,
	}
}

// The keys of the native form. schema.json describes them; a test compares.
var (
	configKeys = []key[Config]{
		{"directives", func(d *decoder, v value, c *Config) { d.singlePolicy(v, c) }},
		{"policies", func(d *decoder, v value, c *Config) { d.policies(v, policyKeys, c) }},
		{"default_policy", func(d *decoder, v value, c *Config) { c.DefaultPolicy, _ = d.text(v, "the name of a policy") }},
		{"hosts", func(d *decoder, v value, c *Config) { d.hosts(v, c) }},
		{"inspect", func(d *decoder, v value, c *Config) {
			word := d.oneOf(v, "both", "request", "response")
			c.RequestOnly, c.ResponseOnly = word == "request", word == "response"
		}},
		{"on_error", func(d *decoder, v value, c *Config) {
			if d.oneOf(v, "closed", "open") == "open" {
				c.OnError = FailOpen
			}
		}},
		{"request_body", func(d *decoder, v value, c *Config) { keys(d, v, bodyKeys, &c.RequestBody) }},
		{"response_body", func(d *decoder, v value, c *Config) { keys(d, v, bodyKeys, &c.ResponseBody) }},
		{"block_response", func(d *decoder, v value, c *Config) { keys(d, v, blockKeys, &c.Block) }},
		{"held_bytes_budget", func(d *decoder, v value, c *Config) { c.HeldBytesBudget = d.bytes(v, MinHeldBytes, MaxBudget) }},
		{"screen", func(d *decoder, v value, c *Config) { c.ScreenOff = d.oneOf(v, "on", "off") == "off" }},
		{"verify_sample", func(d *decoder, v value, c *Config) { c.VerifySample = d.share(v) }},
		{"log_matched_data", func(d *decoder, v value, c *Config) { c.LogMatchedData = d.boolean(v) }},
		{"metric_labels", func(d *decoder, v value, c *Config) { d.labels(v, c) }},
		{"disabled", func(d *decoder, v value, c *Config) { c.Disabled = d.boolean(v) }},
	}
	policyKeys = []key[Policy]{
		{"directives", func(d *decoder, v value, p *Policy) { p.Snippets = d.directives(v) }},
	}
	bodyKeys = []key[BodyOptions]{
		{"max_held_bytes", func(d *decoder, v value, b *BodyOptions) { b.MaxHeldBytes = d.bytes(v, MinHeldBytes, MaxHeldBytes) }},
		{"offload_bytes", func(d *decoder, v value, b *BodyOptions) { b.OffloadBytes = d.bytes(v, 0, MaxHeldBytes) }},
	}
	blockKeys = []key[BlockResponse]{
		{"text", func(d *decoder, v value, b *BlockResponse) { b.Text = d.template(v, false) }},
		{"html", func(d *decoder, v value, b *BlockResponse) { b.HTML = d.template(v, false) }},
		{"json", func(d *decoder, v value, b *BlockResponse) { b.JSON = d.template(v, true) }},
	}
)

func parseNative(d *decoder, root value, c *Config) {
	keys(d, root, configKeys, c)
	if c.Disabled {
		for _, e := range root.entries {
			if e.key != "disabled" {
				d.fault(joinPath("", e.key), e.place, "disabled: true stands alone: nothing else applies where nothing is inspected")
			}
		}
		return
	}
	policies, short := root.get("policies"), root.get("directives")
	if policies != nil && short != nil {
		d.fault("directives", short.place, "directives is short for a single policy; move it under policies, or drop policies")
	}
	if policies == nil && short == nil {
		c.Policies = map[string]*Policy{DefaultPolicyName: {Name: DefaultPolicyName, Snippets: []Snippet{{Text: DefaultDirectives}}}}
	}
	d.resolve(root, c, "policies", "default_policy", "hosts")
}

// resolve fills in the default policy and checks every reference to a policy.
// The names are those of the keys of the document's form.
func (d *decoder) resolve(root value, c *Config, policiesKey, defaultKey, hostsKey string) {
	if len(d.faults) > 0 {
		return // a policy that failed to parse is not missing
	}
	names := c.policyNames()
	exists := func(v value) {
		if c.Policies[v.text] == nil {
			d.fault(v.path, v.place, "no policy is named %q; there are: %s", shorten(v.text), strings.Join(names, ", "))
		}
	}
	switch e := root.get(defaultKey); {
	case e != nil:
		exists(root.at(e))
	case len(names) == 1:
		c.DefaultPolicy = names[0]
	default:
		at := root.place
		if e := root.get(policiesKey); e != nil {
			at = e.place
		}
		d.fault(defaultKey, at, "missing: with several policies it names the one for the hosts that %q does not name (%s)", hostsKey, alternatives(names))
	}
	if e := root.get(hostsKey); e != nil {
		hosts := root.at(e)
		for _, e := range hosts.entries {
			exists(hosts.at(&e))
		}
	}
}

// policyNames returns the names in order.
func (c *Config) policyNames() []string {
	names := make([]string, 0, len(c.Policies))
	for name := range c.Policies {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (d *decoder) singlePolicy(v value, c *Config) {
	c.Policies = map[string]*Policy{DefaultPolicyName: {Name: DefaultPolicyName, Snippets: d.directives(v)}}
}

// policyName is what can be a metric label and a file name as it is.
var policyName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// policies reads a map of named policies, each a map with the given keys.
func (d *decoder) policies(v value, known []key[Policy], c *Config) {
	entries := d.entriesOf(v, "a map of policy names, each with its "+known[0].name)
	if v.kind == mapNode && len(entries) == 0 {
		d.fault(v.path, v.place, "want at least one policy, got none; SecRuleEngine Off asks for no inspection")
	}
	c.Policies = make(map[string]*Policy, len(entries))
	for _, e := range entries {
		d.checkPolicyName(v, e)
		p := &Policy{Name: e.key}
		pv := v.at(&e)
		keys(d, pv, known, p)
		if pv.kind == mapNode && len(pv.entries) == 0 {
			d.fault(joinPath(pv.path, known[0].name), e.place, "missing: a policy is its directives")
		}
		c.Policies[e.key] = p
	}
}

func (d *decoder) checkPolicyName(v value, e entry) {
	if !policyName.MatchString(e.key) {
		d.fault(joinPath(v.path, e.key), e.place, "a policy's name is 1 to 64 of A-Z a-z 0-9 _ . -, for it becomes a metric label")
	}
}

// hosts reads a map of host pattern to policy name; resolve checks the names.
func (d *decoder) hosts(v value, c *Config) {
	entries := d.entriesOf(v, "a map of host to policy name")
	c.Hosts = make(map[string]string, len(entries))
	first := make(map[string]entry, len(entries))
	for _, e := range entries {
		ev := v.at(&e)
		policy, ok := d.text(ev, "the name of a policy")
		if !ok {
			continue
		}
		host, problem := normalizePattern(e.key)
		if problem == "" && d.dialect.foreign() && strings.HasPrefix(host, "*") {
			problem = d.dialect.name + " compares hosts as they are, so this one never matched; drop it, or move to the native keys, where it is a wildcard"
		}
		if problem != "" {
			d.fault(ev.path, e.place, "%s", problem)
			continue
		}
		if f, twice := first[host]; twice && c.Hosts[host] != policy {
			d.fault(ev.path, e.place, "is the same host %q as %s (line %d), with another policy: hosts are compared without case, port and trailing dot, "+
				"for a client writes these as it likes and would so choose its policy; give both the same policy, or drop one",
				host, joinPath(v.path, f.key), f.line)
			continue
		}
		first[host], c.Hosts[host] = e, policy
	}
}

var labelName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,63}$`)

// reservedLabels are those that Seawall's metrics and Prometheus set themselves.
var reservedLabels = []string{"policy", "le"}

func (d *decoder) labels(v value, c *Config) {
	entries := d.entriesOf(v, "a map of label to value")
	if len(entries) > MaxLabels {
		d.fault(v.path, v.place, "want at most %d labels, got %d", MaxLabels, len(entries))
	}
	c.Labels = make(map[string]string, len(entries))
	for _, e := range entries {
		ev := v.at(&e)
		text, ok := d.text(ev, "a text")
		switch {
		case !ok:
		case !labelName.MatchString(e.key):
			d.fault(ev.path, e.place, "a label's name is 1 to 64 of a-z 0-9 _, not beginning with a digit")
		case slices.Contains(reservedLabels, e.key) || strings.HasPrefix(e.key, "__"):
			d.fault(ev.path, e.place, "this label's name is taken; choose another")
		case text == "" || len(text) > 128 || strings.ContainsFunc(text, unicode.IsControl):
			d.fault(ev.path, ev.place, "want a text of 1 to 128 bytes without control characters, got %s", shorten(fmt.Sprintf("%q", text)))
		}
		c.Labels[e.key] = text
	}
}
