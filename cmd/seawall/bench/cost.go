package bench

import "runtime"

// A Cost is what some work took in this process: CPU time, the garbage
// collector's included, and allocations.
type Cost struct {
	Nanos  float64 `json:"ns"`
	Allocs float64 `json:"allocs"`
	Bytes  float64 `json:"bytes"`
}

func (c Cost) per(n int) Cost {
	by := float64(n)
	return Cost{Nanos: c.Nanos / by, Allocs: c.Allocs / by, Bytes: c.Bytes / by}
}

// measure does the work. CPU time, not the clock's: whoever else runs on the
// machine then counts only by what they do to the caches.
func measure(work func()) Cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := cpuTime()
	work()
	took := cpuTime() - start
	runtime.ReadMemStats(&after)
	return Cost{
		Nanos:  float64(took.Nanoseconds()),
		Allocs: float64(after.Mallocs - before.Mallocs),
		Bytes:  float64(after.TotalAlloc - before.TotalAlloc),
	}
}
