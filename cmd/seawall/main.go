// Command seawall is Seawall's command line: it runs a demo behind a real
// Envoy, attacks it, and measures what Seawall costs.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, os.Getenv))
}
