// Command equal proves invariant 2 in process: stock Coraza and Seawall's core
// judge the same exchanges, and a user sees the same of both: which rules
// matched, on what, with which message and score, what was blocked, how and in
// which phase, and the audit record. It ends with 1 at the first word of
// difference, and says beside each input how far stock agrees with itself.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

func main() {
	o := options{workers: runtime.GOMAXPROCS(0), every: 1}
	flag.StringVar(&o.only, "only", "", "run only inputs whose name, such as crs/pl1/on/942100-3, has this in it")
	levels := flag.String("pl", "1,2,3,4", "paranoia levels for CRS's tests")
	flag.StringVar(&o.screen, "screen", "", "on or off, written into Seawall's config; empty leaves the key out")
	flag.IntVar(&o.every, "every", o.every, "of what is not our own, run one input of so many")
	flag.StringVar(&o.corpora, "corpora", "../shared/corpora", "folder of the corpora; skipped where absent")
	flag.StringVar(&o.out, "out", "build/equal.json", "where the report goes")
	flag.IntVar(&o.workers, "workers", o.workers, "exchanges judged at a time")
	flag.Parse()
	o.progress = os.Stderr
	var err error
	if o.levels, err = parseLevels(*levels); err == nil && o.screen != "" && o.screen != "on" && o.screen != "off" {
		err = fmt.Errorf("-screen is on or off, not %q", o.screen)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "equal:", err)
		os.Exit(2)
	}
	r, err := run(o)
	if err == nil {
		err = r.write(o.out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "equal:", err)
		os.Exit(1)
	}
	for _, d := range r.Differences {
		fmt.Println(d.block())
	}
	fmt.Println(r.verdict())
	if len(r.Differences) > 0 || r.Inputs == 0 {
		os.Exit(1)
	}
}

func parseLevels(list string) ([]int, error) {
	var levels []int
	for text := range strings.SplitSeq(list, ",") {
		level, err := strconv.Atoi(text)
		if err != nil || level < 1 || level > 4 {
			return nil, fmt.Errorf("-pl has levels from 1 to 4 between commas, not %q", text)
		}
		levels = append(levels, level)
	}
	return levels, nil
}
