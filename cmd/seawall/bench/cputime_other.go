//go:build !unix

package bench

import "time"

var started = time.Now()

// cpuTime is the clock's: good enough on a machine that does nothing else.
func cpuTime() time.Duration { return time.Since(started) }
