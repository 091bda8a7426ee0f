package transform

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkApply runs each function over the ordinary values, and over one of 1 KB that
// has something for every function.
func BenchmarkApply(b *testing.B) {
	for _, name := range Names() {
		f := chainOf(b, name)[0]
		b.Run(name+"/ordinary", func(b *testing.B) { run(b, ordinary, f.Apply) })
		b.Run(name+"/acting", func(b *testing.B) { run(b, []string{acting}, f.Apply) })
	}
}

// BenchmarkChains runs all of CRS's chains over the ordinary values, with the traits found
// once for each value; with a Memo as well; and without traits: every function, every time.
func BenchmarkChains(b *testing.B) {
	var chains []Chain
	for _, names := range crsChains(b) {
		chains = append(chains, chainOf(b, names))
	}
	b.Run(fmt.Sprintf("all%d", len(chains)), func(b *testing.B) {
		run(b, ordinary, func(v string) string {
			t := TraitsOf(v)
			for _, c := range chains {
				sink = c.Apply(v, t)
			}
			return v
		})
	})
	b.Run(fmt.Sprintf("all%d/memo", len(chains)), func(b *testing.B) {
		var m Memo
		run(b, ordinary, func(v string) string {
			t := TraitsOf(v)
			m.Reset()
			for _, c := range chains {
				sink, _ = m.Apply(c, v, t)
			}
			return v
		})
	})
	b.Run(fmt.Sprintf("all%d/everyStep", len(chains)), func(b *testing.B) {
		run(b, ordinary, func(v string) string {
			for _, c := range chains {
				w := v
				for _, step := range c {
					w = step.Apply(w)
				}
				sink = w
			}
			return v
		})
	})
}

func BenchmarkTraitsOf(b *testing.B) {
	for name, v := range map[string]string{
		"word": "alice", "uuid": "0b6f2a0c-4d5e-4a7b-9c1d-2e3f4a5b6c7d",
		"agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"text":  strings.Repeat("The quick brown fox jumps over the lazy dog. ", 230),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(v)))
			var t Traits
			for b.Loop() {
				t |= TraitsOf(v)
			}
			traitsSink = t
		})
	}
}

var (
	sink       string
	traitsSink Traits
)

func run(b *testing.B, values []string, f func(string) string) {
	size := 0
	for _, v := range values {
		size += len(v)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, v := range values {
			sink = f(v)
		}
	}
}
