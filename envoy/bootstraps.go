// Package envoy holds the Envoy bootstraps that Seawall is documented, run and
// tested with: one for each door into Envoy.
package envoy

import _ "embed"

// DynamicModuleBootstrap loads libseawall.so into any stock Envoy from 1.37 on.
// It is YAML, with the comments that users read.
//
//go:embed dynamicmodule.yaml
var DynamicModuleBootstrap []byte

// GolangBootstrap loads seawall-golang.so into Envoy's contrib build.
//
//go:embed golang.yaml
var GolangBootstrap []byte
