//go:build cgo

// Command plugin is the shared object for Envoy's contrib golang filter, with
// plugin_name "seawall":
//
//	go build -buildmode=c-shared -o build/seawall-golang.so ./envoy/golang/plugin
//
// It has no tests: a test binary with contrib's SDK in it crashes at start, for
// want of Envoy's functions.
package main

import (
	"github.com/envoyproxy/envoy/contrib/golang/filters/http/source/go/pkg/http"

	"github.com/seawall-waf/seawall/envoy/golang"
)

func init() {
	http.RegisterHttpFilterFactoryAndConfigParser("seawall", golang.NewFilter, golang.Parser{})
}

func main() {}
