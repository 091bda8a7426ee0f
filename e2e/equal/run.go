package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

type options struct {
	only, screen, corpora, out string
	levels                     []int
	every, workers             int
	progress                   io.Writer
}

// inputs are jobs, and what could not become one.
type inputs struct {
	jobs    []job
	skipped []string
}

func (in *inputs) skip(format string, args ...any) {
	in.skipped = append(in.skipped, fmt.Sprintf(format, args...))
}

func (in *inputs) add(source, name string, rules *ruleSet, e *exchange) {
	in.jobs = append(in.jobs, job{source: source, name: source + "/" + rules.name + "/" + name, rules: rules, input: e})
}

// run collects the inputs, compiles their rule sets and compares.
func run(o options) (*report, error) {
	in, err := collect(o)
	if err != nil {
		return nil, err
	}
	r := &report{Screen: cmp.Or(o.screen, "as configured by default"), Sources: map[string]*tally{}, Refused: map[string]string{},
		Unsteady: map[string]string{}, Skipped: in.skipped}
	for _, line := range in.skipped {
		fmt.Fprintln(o.progress, "equal: skipped:", line)
	}
	start := time.Now()
	jobs, err := r.compile(o, in.jobs)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(o.progress, "equal: rule sets compiled in %.1f s; %d inputs\n", time.Since(start).Seconds(), len(jobs))
	r.compareAll(o, jobs)
	r.Seconds = time.Since(start).Seconds()
	slices.SortFunc(r.Differences, func(a, b *difference) int { return strings.Compare(a.Input, b.Input) })
	return r, nil
}

// collect reads every input that the options keep.
func collect(o options) (*inputs, error) {
	all := &inputs{}
	if err := all.fixtures(); err != nil {
		return nil, err
	}
	if err := all.benign(); err != nil {
		return nil, err
	}
	ours := len(all.jobs)
	if err := all.crs(o.levels); err != nil {
		return nil, err
	}
	if err := all.fuzz(); err != nil {
		return nil, err
	}
	if err := all.corpora(o.corpora); err != nil {
		return nil, err
	}
	kept := &inputs{skipped: all.skipped}
	for i, j := range all.jobs {
		if (i < ours || i%o.every == 0) && strings.Contains(j.name, o.only) {
			kept.jobs = append(kept.jobs, j)
		}
	}
	return kept, nil
}

// compile compiles each job's rule set once: all of stock's first. It returns the
// jobs of those that both sides compile.
func (r *report) compile(o options, jobs []job) ([]job, error) {
	var sets []*ruleSet
	broken := map[*ruleSet]bool{}
	for _, j := range jobs {
		if !slices.Contains(sets, j.rules) {
			sets = append(sets, j.rules)
		}
	}
	for _, s := range sets {
		if err := s.compileStock(); err != nil {
			broken[s] = true
			r.Skipped = append(r.Skipped, fmt.Sprintf("rules %s, which stock refuses: %v", s.name, err))
		}
	}
	for _, s := range sets {
		if broken[s] {
			continue
		}
		if err := s.compileSeawall(o.screen); err != nil {
			broken[s] = true
			r.Refused[s.name] = err.Error()
		}
	}
	for _, j := range jobs {
		if broken[j.rules] && j.source != "modsecurity" { // only those are not ours to choose
			return nil, fmt.Errorf("the rules %s do not compile: %v %v", j.rules.name, r.Refused, r.Skipped)
		}
	}
	return slices.DeleteFunc(jobs, func(j job) bool { return broken[j.rules] }), nil
}

// compareAll runs the jobs on a few goroutines and tells how far it is.
func (r *report) compareAll(o options, jobs []job) {
	next := make(chan job)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range max(1, o.workers) {
		workers.Go(func() {
			for j := range next {
				f := compare(j)
				mu.Lock()
				r.add(j, f)
				if f.difference != nil {
					fmt.Fprintf(o.progress, "equal: differs: %s: %s\n", j.name, strings.Join(f.difference.order, ", "))
				}
				mu.Unlock()
			}
		})
	}
	last := time.Now()
	for i, j := range jobs {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			fmt.Fprintf(o.progress, "equal: %d of %d, at %s\n", i, len(jobs), j.name)
		}
		next <- j
	}
	close(next)
	workers.Wait()
}
