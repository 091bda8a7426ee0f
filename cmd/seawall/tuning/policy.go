package tuning

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/cmd/seawall/record"
	"github.com/seawall-waf/seawall/cmd/seawall/replay"
	"github.com/seawall-waf/seawall/filter"
)

// A Policy is what exclusions are made for.
type Policy struct {
	Name      string
	Catalogue Catalogue
	Scoring   replay.Scoring

	config *filter.Config
	base   *filter.Engine
}

// NewPolicy compiles one policy of a config; "" is its default one.
func NewPolicy(config *filter.Config, name string) (*Policy, error) {
	if name == "" {
		name = config.DefaultPolicy
	}
	if config.Policies[name] == nil {
		return nil, fmt.Errorf("the config has no policy %q but %s", name, strings.Join(slices.Sorted(maps.Keys(config.Policies)), ", "))
	}
	p := &Policy{Name: name, config: config}
	var err error
	if p.Catalogue, err = CatalogueOf(config.Policies[name]); err != nil {
		return nil, err
	}
	if p.base, err = p.With(Conf{}); err != nil {
		return nil, err
	}
	p.Scoring = replay.ScoringOf(p.base)
	return p, nil
}

// With compiles the policy with a Conf in its places, and none of its logs.
func (p *Policy) With(conf Conf) (*filter.Engine, error) {
	written := p.config.Policies[p.Name].Snippets
	snippets := slices.Concat(
		[]filter.Snippet{{Text: conf.Before + "\n", Key: "the exclusions before " + p.Name}}, written,
		[]filter.Snippet{{Text: conf.After + "\n", Key: "the exclusions after " + p.Name}})
	config := *p.config
	config.Policies = map[string]*filter.Policy{p.Name: {Name: p.Name, Snippets: snippets}}
	config.DefaultPolicy, config.Hosts = p.Name, nil
	config.ScreenOff = true // nothing here is innocent: it would only take time
	config.LogMatchedData = false
	return filter.NewOfflineEngine(&config)
}

// Judge is what the policy makes of an exchange of an audit log.
func (p *Policy) Judge(x *exchange.Exchange) *record.Record {
	r := replay.Send(p.base, x)
	if x.Client != "" {
		r.Client = x.Client
	}
	return r
}
