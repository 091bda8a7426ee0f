package bench

import (
	"context"
	"fmt"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// startGuarded starts an Envoy with one worker: without Seawall, or with it and
// its screen on or off.
func startGuarded(ctx context.Context, name, upstream string, plan EnvoyPlan) (*guarded, error) {
	boot, err := launch.DynamicModule()
	if err != nil {
		return nil, err
	}
	manager, err := boot.ConnectionManager()
	if err != nil {
		return nil, err
	}
	delete(manager, "access_log") // costs every Envoy the same, and is not the matter
	options := launch.Options{Path: plan.Path, Bootstrap: boot, Concurrency: 1, LogLevel: "error"}
	if name == None {
		filters, ok := manager["http_filters"].([]any)
		if !ok || len(filters) == 0 {
			return nil, fmt.Errorf("the bootstrap has no http_filters")
		}
		manager["http_filters"] = filters[len(filters)-1:] // the router
	} else {
		document, err := plan.Policy.withScreen(name == On).Native()
		if err != nil {
			return nil, err
		}
		if err := boot.SetSeawall(string(document)); err != nil {
			return nil, err
		}
		options.ModuleDir = plan.ModuleDir
	}
	if err := boot.Listen("127.0.0.1:0"); err != nil {
		return nil, err
	}
	if err := boot.Upstream(upstream); err != nil {
		return nil, err
	}
	envoy, err := launch.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	ports, err := envoy.Ports(ctx)
	if err != nil {
		_ = envoy.Stop()
		return nil, err
	}
	return &guarded{name: name, envoy: envoy, url: fmt.Sprintf("http://127.0.0.1:%d", ports["ingress"])}, nil
}
