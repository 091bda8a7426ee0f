package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/seawall-waf/seawall/envoy/launch"
)

// newest is the Envoy that is taken where none is asked for.
const newest = "1.40.0"

func main() {
	var o options
	flag.StringVar(&o.door, "door", doorDynamicModule, "dynamicmodule, or golang (by e2e/contribhost)")
	flag.StringVar(&o.envoy, "envoy", cmp.Or(os.Getenv("SEAWALL_ENVOY_VERSION"), newest), "version of Envoy to fetch; $ENVOY overrides it")
	flag.StringVar(&o.module, "module", "build", "folder of libseawall.so, or of libcontribhost.so and seawall-golang.so")
	flag.StringVar(&o.out, "out", "", "where the class and the proof of each test go; if empty, build/ftw.json,\nor build/ftw-golang-<version>.json for that door")
	flag.StringVar(&o.protocol, "protocol", "", "h1 or h2; both if empty")
	flag.StringVar(&o.only, "only", "", "run only tests whose ID begins so")
	flag.BoolVar(&o.update, "update", false, "write what was seen as what is to be seen, into e2e/ftw/testdata")
	flag.Func("config-extra", "a line of YAML for Seawall's document, 'key: value'; may be repeated", func(line string) error {
		o.extra = append(o.extra, line)
		return nil
	})
	flag.Parse()
	ok, err := run(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ftw:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

type options struct {
	door, envoy, module, out, protocol, only string
	extra                                    []string // lines of Seawall's document
	update                                   bool
}

// startWithin bounds fetching and starting an Envoy.
const startWithin = 5 * time.Minute

func run(ctx context.Context, o options) (ok bool, err error) {
	suite, err := crsSuite()
	if err != nil {
		return false, err
	}
	suite = only(suite, o.only)
	if o.update && o.only != "" {
		return false, fmt.Errorf("-update writes the pins of the whole suite, not of -only %s", o.only)
	}
	s, err := newStock(directives)
	if err != nil {
		return false, err
	}
	fetching, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	path := os.Getenv("ENVOY")
	if path == "" {
		if path, err = launch.Fetch(fetching, launch.Source{Version: o.envoy}); err != nil {
			return false, err
		}
	}
	report := report{Door: o.door, Config: strings.Join(o.extra, "\n")}
	if report.Envoy, err = launch.Version(fetching, path); err != nil {
		return false, err
	}
	for _, protocol := range []string{"h1", "h2"} {
		if o.protocol != "" && o.protocol != protocol {
			continue
		}
		start := time.Now()
		results, err := through(ctx, o, path, s, suite, protocol)
		if err != nil {
			return false, err
		}
		fmt.Printf("%s: %d tests through Envoy %s in %s\n", protocol, len(results), report.Envoy, time.Since(start).Round(time.Second))
		if err := pin(protocol, results, o.update); err != nil {
			return false, err
		}
		report.Runs = append(report.Runs, summarise(o.door, protocol, results))
	}
	return report.print(), report.write(o.out)
}

// through runs the suite through an Envoy of its own.
func through(ctx context.Context, o options, path string, s *stock, suite []crsTest, protocol string) (_ []result, err error) {
	starting, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	d, err := openDoor(starting, o, path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := d.close(); err == nil && closing != nil {
			err = fmt.Errorf("%s run: %w", protocol, closing)
		}
	}()
	return runSuite(d, s, suite, protocol == "h2"), nil
}
