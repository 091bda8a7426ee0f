package golang

import (
	"fmt"
	"sync"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/seawall-waf/seawall/filter"
)

// config is what contrib keeps for one filter or route. It is immutable and
// needs no Destroy: the engine goes when nothing refers to it.
type config struct {
	engine  *filter.Engine // nil where the config is unusable
	metrics *metrics       // nil in a per-route config before its Merge
	fault   error          // why the config is unusable
	report  sync.Once      // fault is logged by the first stream
}

// Parser implements api.StreamFilterConfigParser. Contrib recovers from no
// panic in its methods, so that they do themselves.
type Parser struct {
	// onMainThread reports whether Envoy's main thread is running, the one that
	// loads configs; nil means onMainThread of this system.
	onMainThread func() bool
}

var _ api.StreamFilterConfigParser = Parser{}

// Parse compiles a config document. An error makes Envoy reject the config.
//
// A route's config (callbacks is nil) may be parsed as late as the first
// request that needs it, on a worker, where an error of ours would hit a
// RELEASE_ASSERT and end Envoy (RoutePluginConfig::getMergedConfigId). There it
// becomes a config that answers every request with 500.
func (p Parser) Parse(document *anypb.Any, callbacks api.ConfigCallbackHandler) (parsed any, err error) {
	c, err := parse(document, callbacks)
	if err == nil {
		return c, nil
	}
	main := p.onMainThread
	if main == nil {
		main = onMainThread
	}
	if callbacks == nil && !main() {
		return &config{fault: fmt.Errorf("parsing a per-route config: %w", err)}, nil
	}
	return nil, err
}

func parse(encoded *anypb.Any, callbacks api.ConfigCallbackHandler) (c *config, err error) {
	defer recoverInto(&err)
	doc, err := document(encoded)
	if err != nil {
		return nil, err
	}
	parsed, err := filter.ParseConfig(doc)
	if err != nil {
		return nil, err
	}
	engine, err := filter.NewEngine(parsed)
	if err != nil {
		return nil, err
	}
	c = &config{engine: engine}
	if callbacks != nil {
		for _, line := range engine.Unscreened() {
			api.LogWarn("seawall: " + line)
		}
		c.metrics = newMetrics(callbacks, parsed)
		if len(parsed.Labels) > 0 {
			api.LogWarn("seawall: metric_labels have no effect here: the golang filter's API has no tags")
		}
	}
	return c, nil
}

// Merge returns the child's config with the parent's metrics: a route's policies
// replace the filter's, or disable it.
func (Parser) Merge(parent, child any) (merged any) {
	p, _ := parent.(*config)
	c, _ := child.(*config)
	if p == nil || c == nil {
		return &config{fault: fmt.Errorf("merging a per-route config: %T into %T", child, parent)}
	}
	return &config{engine: c.engine, metrics: p.metrics, fault: c.fault}
}

// recoverInto turns a panic into an error.
func recoverInto(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panic: %v", r)
	}
}
