// Package dynamicmodule is the door to Envoy's dynamic-modules HTTP filter
// (envoy.filters.http.dynamic_modules): it turns the SDK's callbacks into calls
// on a filter.Transaction and applies the Verdicts. It holds no WAF logic.
//
// The SDK recovers no panic, and an unrecovered one ends Envoy: every callback
// here is guarded, and a panic in this package answers 500.
package dynamicmodule

import (
	"errors"
	"fmt"
	"slices"

	"github.com/envoyproxy/envoy/source/extensions/dynamic_modules/sdk/go/shared"

	"github.com/seawall-waf/seawall/filter"
)

// Name is the filter_name under which Envoy's configuration asks for Seawall.
const Name = "seawall"

// ConfigFactory makes filters from Envoy's configuration. It is stateless.
type ConfigFactory struct{}

var _ shared.HttpFilterConfigFactory = ConfigFactory{}

// Create parses and compiles a filter's config document. The SDK logs an error
// and Envoy refuses the configuration; the one in force stays.
func (ConfigFactory) Create(handle shared.HttpFilterConfigHandle, document []byte) (_ shared.HttpFilterFactory, err error) {
	defer recovered(&err)
	engine, err := compile(document)
	if err != nil {
		return nil, err
	}
	for _, line := range engine.Unscreened() {
		handle.Log(shared.LogLevelWarn, "seawall: %s", line)
	}
	metrics, err := defineMetrics(handle, engine.Config().Labels)
	if err != nil {
		return nil, err
	}
	return &factory{engine: engine, metrics: metrics}, nil
}

// CreatePerRoute parses and compiles a route's config document, which replaces
// the filter's own on that route.
func (ConfigFactory) CreatePerRoute(document []byte) (_ any, err error) {
	defer recovered(&err)
	engine, err := compile(document)
	if err != nil {
		return nil, err
	}
	if len(engine.Config().Labels) > 0 {
		return nil, errors.New("seawall: metric_labels in a per-route config: metrics are defined by the filter's own config, set them there")
	}
	return &route{engine: engine}, nil
}

// route is what CreatePerRoute made; a stream finds it as its most specific
// route config.
type route struct{ engine *filter.Engine }

// factory makes one filter for each stream. There is no callback for its end:
// it is garbage when Envoy and the last stream have let go of it.
type factory struct {
	engine  *filter.Engine
	metrics *metrics
}

// Create never returns nil: the SDK would let the stream pass.
func (f *factory) Create(handle shared.HttpFilterHandle) shared.HttpFilter {
	return &stream{factory: f, handle: handle}
}

// compile copies the document first: it is borrowed from Envoy.
func compile(document []byte) (*filter.Engine, error) {
	config, err := filter.ParseConfig(slices.Clone(document))
	if err != nil {
		return nil, fmt.Errorf("seawall: reading the filter's config: %w", err)
	}
	engine, err := filter.NewEngine(config)
	if err != nil {
		return nil, fmt.Errorf("seawall: %w", err)
	}
	return engine, nil
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("seawall: panic while loading a config: %v", r)
	}
}
