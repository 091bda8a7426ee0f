package bench

import "runtime/metrics"

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
// machine then counts only by what they do to the caches. Allocations are counted
// without stopping the world, which would have the work begin with empty pools; what
// is counted lags by some, in either direction.
func measure(work func()) Cost {
	before := allocations()
	start := cpuTime()
	work()
	took := cpuTime() - start
	after := allocations()
	return Cost{
		Nanos:  float64(took.Nanoseconds()),
		Allocs: after.Allocs - before.Allocs,
		Bytes:  after.Bytes - before.Bytes,
	}
}

// allocations are the process's since it began.
func allocations() Cost {
	read := []metrics.Sample{{Name: "/gc/heap/allocs:objects"}, {Name: "/gc/heap/tiny/allocs:objects"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(read)
	return Cost{
		Allocs: float64(read[0].Value.Uint64()) + float64(read[1].Value.Uint64()),
		Bytes:  float64(read[2].Value.Uint64()),
	}
}
