package bench

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/filter"
)

// recommended is what shapes parsing, without any rule set. Audit logs are off:
// all subjects would write the same.
const recommended = `Include @recommended.conf
SecRuleEngine On
SecAuditEngine Off
`

// A Policy is what is measured: rules, and the config around them.
type Policy struct {
	Name   string // for the report
	Text   string // SecLang
	config filter.Config
}

// CoreRuleSet is CRS as its own setup has it, at a paranoia level.
func CoreRuleSet(paranoia int) (*Policy, error) {
	text := recommended + fmt.Sprintf(
		"SecAction \"id:900000,phase:1,pass,t:none,nolog,setvar:tx.blocking_paranoia_level=%d\"\n", paranoia) +
		"Include @crs-setup.conf.example\nInclude @owasp_crs/*.conf\n"
	config, err := filter.ParseConfig(nil)
	if err != nil {
		return nil, err
	}
	return newPolicy(fmt.Sprintf("CRS 4.25.0 at paranoia level %d", paranoia), text, config), nil
}

// PolicyOf takes a policy out of a config document; "" is the default one.
func PolicyOf(document []byte, name string) (*Policy, error) {
	config, err := filter.ParseConfig(document)
	if err != nil {
		return nil, err
	}
	if config.Disabled {
		return nil, fmt.Errorf("it says disabled: true, which has no rules to measure")
	}
	if name == "" {
		name = config.DefaultPolicy
	}
	policy, ok := config.Policies[name]
	if !ok {
		return nil, fmt.Errorf("it has no policy %q; there are: %s", name,
			strings.Join(slices.Sorted(maps.Keys(config.Policies)), ", "))
	}
	var text strings.Builder
	for _, s := range policy.Snippets {
		text.WriteString(strings.TrimSuffix(s.Text, "\n") + "\n")
	}
	return newPolicy("policy "+name, text.String(), config), nil
}

// newPolicy keeps of config what applies to every host.
func newPolicy(name, text string, config *filter.Config) *Policy {
	p := &Policy{Name: name, Text: text, config: *config}
	p.config.Hosts = nil
	p.config.DefaultPolicy = filter.DefaultPolicyName
	p.config.Policies = map[string]*filter.Policy{
		filter.DefaultPolicyName: {Name: filter.DefaultPolicyName, Snippets: []filter.Snippet{{Text: text, Key: "directives"}}},
	}
	return p
}

// withScreen is the config with Seawall's screen on or off.
func (p *Policy) withScreen(on bool) *filter.Config {
	config := p.config
	config.ScreenOff = !on
	return &config
}
