package dfa

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// words are what the benchmarks' texts are made of: values never repeat, but
// their kind does.
var benchWords = strings.Fields(`the quick order of a garden chair and lamp was sent to our office in berlin on monday 17 march
 please find 3 copies attached select size colour from table where stock is low update account settings price 49.90 user profile image
 https://cdn.example.com/a/b?id=42&ref=mail jane.doe@example.org 2026-03-14T09:26:53Z "quoted" (maybe) it's 100% safe; next: item #5 <b>bold</b>`)

func benchText(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		if word := benchWords[r.IntN(len(benchWords))]; r.IntN(3) == 0 {
			fmt.Fprintf(&b, "%s%x ", word, r.IntN(1<<16))
		} else {
			b.WriteString(word + " ")
		}
	}
	return b.String()[:n]
}

func benchPage(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "<div class=\"card c%d\"><a href=\"/item/%d?from=list\" title=\"%s\">%s</a>\n<p>%s</p></div>\n",
			r.IntN(9), r.IntN(1<<20), benchText(r, 12), benchText(r, 20), benchText(r, 60))
	}
	return b.String()[:n]
}

// benchValues are about bytes bytes of one kind.
func benchValues(kind string, r *rand.Rand, bytes int) (values []string) {
	for bytes > 0 {
		var v string
		switch kind {
		case "short":
			v = benchText(r, 4+r.IntN(36))
		case "text10k":
			v = benchText(r, 10<<10)
		case "page8k":
			v = benchPage(r, 8<<10)
		case "attacks":
			v = attackValues[r.IntN(len(attackValues))] + benchText(r, 10)
		case "hostile": // pieces of attacks, each time in another order
			for len(v) < 10<<10 {
				a := attackValues[r.IntN(len(attackValues))]
				at := r.IntN(len(a))
				v += a[at:min(len(a), at+1+r.IntN(12))]
			}
		}
		values = append(values, v)
		bytes -= len(v)
	}
	return values
}

// BenchmarkSet prints the median time per byte over values never seen before,
// and how many times faster that is than Go's regexp on a part of them.
func BenchmarkSet(b *testing.B) {
	for _, level := range []string{"1", "2", "4"} {
		o := newOracle(b, crsTexts(b, level, true), NewBudget(32<<20))
		r := rand.New(rand.NewPCG(21, 22))
		for _, kind := range []string{"short", "text10k", "page8k", "attacks", "hostile"} {
			b.Run("pl"+level+"/"+kind, func(b *testing.B) {
				var perByte []float64
				before := o.set.Stats()
				scanned := 0
				for b.Loop() {
					values := benchValues(kind, r, 20<<10)
					start, bytes := time.Now(), 0
					for _, v := range values {
						clear(o.hits)
						o.set.Scan(v, o.hits)
						bytes += len(v)
					}
					perByte = append(perByte, float64(time.Since(start))/float64(bytes))
					scanned += bytes
				}
				slices.Sort(perByte)
				after := o.set.Stats()
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(perByte[len(perByte)/2], "ns/B")
				b.ReportMetric(float64(after.States-before.States)*1024/float64(scanned), "states/KB")
				b.ReportMetric(float64(after.Bytes)/(1<<20), "MB")
				b.ReportMetric(stockPerByte(o, benchValues(kind, r, 4<<10))/perByte[len(perByte)/2], "x-regexp")
			})
		}
		o.set.Close()
	}
}

func stockPerByte(o *oracle, values []string) float64 {
	start, bytes := time.Now(), 0
	for _, v := range values {
		bytes += len(v)
		for _, re := range o.stock {
			re.MatchString(v)
		}
	}
	return float64(time.Since(start)) / float64(bytes)
}

// BenchmarkCompile is the cost of a Set of all of CRS's patterns.
func BenchmarkCompile(b *testing.B) {
	texts := crsTexts(b, "4", false)
	for b.Loop() {
		s, err := Compile(texts, Shared)
		require.NoError(b, err)
		s.Close()
	}
}

// BenchmarkWords compares CRS's lists in one scan with Coraza's matchers.
func BenchmarkWords(b *testing.B) {
	lists := crsLists(b)
	w := NewWords(lists)
	hits := make([]uint64, w.Words())
	r := rand.New(rand.NewPCG(23, 24))
	for _, kind := range []string{"short", "page8k"} {
		values := benchValues(kind, r, 20<<10)
		b.Run(kind, func(b *testing.B) {
			bytes := 0
			for b.Loop() {
				for _, v := range values {
					clear(hits)
					w.Scan(v, hits)
					bytes += len(v)
				}
			}
			perByte := float64(b.Elapsed()) / float64(bytes)
			b.ReportMetric(perByte, "ns/B")
			var stock time.Duration
			for _, list := range lists {
				match := stockWords(list, false)
				start := time.Now()
				for _, v := range values {
					match(v)
				}
				stock += time.Since(start)
			}
			b.ReportMetric(float64(stock)*float64(b.N)/float64(bytes)/perByte, "x-coraza")
		})
	}
}
