// Command ftw sends every regression test of the Core Rule Set that Seawall
// embeds through a real Envoy, over HTTP/1.1 and over HTTP/2 (h2c), and accounts
// for each: it is matched, refused by Envoy, inexpressible in the protocol, or the
// engine's own, with what proves it. It ends with 1 if any is none of these.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"
)

func main() {
	zerolog.SetGlobalLevel(zerolog.Disabled) // go-ftw traces each header otherwise
	var o options
	flag.StringVar(&o.envoy, "envoy", pinnedEnvoy, "version of Envoy to fetch; $ENVOY overrides it")
	flag.StringVar(&o.module, "module", "build", "folder of libseawall.so")
	flag.StringVar(&o.out, "out", "build/ftw.json", "where the class and the proof of each test go")
	flag.StringVar(&o.protocol, "protocol", "", "h1 or h2; both if empty")
	flag.StringVar(&o.only, "only", "", "run only tests whose ID begins so")
	flag.BoolVar(&o.update, "update", false, "write what was seen as what is to be seen, into e2e/ftw/testdata")
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
	envoy, module, out, protocol, only string
	update                             bool
}

func run(ctx context.Context, o options) (ok bool, err error) {
	suite, err := crsSuite()
	if err != nil {
		return false, err
	}
	suite = only(suite, o.only)
	s, err := newStock(directives)
	if err != nil {
		return false, err
	}
	ok = true
	report := report{Envoy: o.envoy}
	for _, protocol := range []string{"h1", "h2"} {
		if o.protocol != "" && o.protocol != protocol {
			continue
		}
		results, err := through(ctx, o, s, suite, protocol)
		if err != nil {
			return false, err
		}
		report.Runs = append(report.Runs, summarise(protocol, results))
	}
	if err := report.write(o.out); err != nil {
		return false, err
	}
	for i := range report.Runs {
		r := &report.Runs[i]
		drift, err := r.compare(o)
		if err != nil {
			return false, err
		}
		for _, line := range append(r.complaints(), drift...) {
			fmt.Println(line)
		}
		ok = ok && r.Failed == 0 && len(drift) == 0
	}
	for i := range report.Runs {
		r := &report.Runs[i]
		fmt.Printf("%s: for %d requests that reached the upstream, stock Coraza logs the same rules\n", r.Protocol, r.Compared)
	}
	for i := range report.Runs {
		fmt.Println(report.Runs[i].lastLine())
	}
	return ok, nil
}

// through runs the suite through an Envoy of its own.
func through(ctx context.Context, o options, s *stock, suite []crsTest, protocol string) (_ []result, err error) {
	starting, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	d, err := openDoor(starting, o.envoy, o.module)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := d.close(); err == nil && closing != nil {
			err = fmt.Errorf("%s run: %w", protocol, closing)
		}
	}()
	start := time.Now()
	results := runSuite(d, s, suite, protocol == "h2")
	fmt.Printf("%s: %d tests in %s\n", protocol, len(results), time.Since(start).Round(time.Second))
	return results, nil
}
