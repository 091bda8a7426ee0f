// Command plugin is libseawall.so, the dynamic module. Build it with
// -buildmode=c-shared; it has no code and no tests of its own.
package main

// The host's functions are resolved when Envoy loads the module, so that
// "go build ./..." may link without them.

// #cgo linux LDFLAGS: -Wl,-unresolved-symbols=ignore-all
import "C"

import (
	sdk "github.com/envoyproxy/envoy/source/extensions/dynamic_modules/sdk/go"
	_ "github.com/envoyproxy/envoy/source/extensions/dynamic_modules/sdk/go/abi"
	"github.com/envoyproxy/envoy/source/extensions/dynamic_modules/sdk/go/shared"

	"github.com/seawall-waf/seawall/envoy/dynamicmodule"
)

func init() {
	sdk.RegisterHttpFilterConfigFactories(map[string]shared.HttpFilterConfigFactory{
		dynamicmodule.Name: dynamicmodule.ConfigFactory{},
	})
}

func main() {}
