// Package launch finds a real Envoy, starts it, and ends it.
//
//	path, err := launch.Find(ctx, launch.Source{})      // $ENVOY, PATH, cache, download
//	boot, err := launch.DynamicModule()                 // envoy/dynamicmodule.yaml
//	boot.Listen("127.0.0.1:0")
//	boot.Upstream("127.0.0.1:8081")
//	envoy, err := launch.Start(ctx, launch.Options{Path: path, Bootstrap: boot, ModuleDir: "build"})
//	defer envoy.Stop()
//	ports, err := envoy.Ports(ctx)                      // "ingress": 40123
//
// `seawall run` and the end-to-end tests are its users. It imports nothing of
// Envoy: it runs a binary and speaks to its admin interface.
package launch
