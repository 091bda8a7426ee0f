//go:build unix

package bench

import (
	"syscall"
	"time"
)

// cpuTime is what the whole process has used, user and system, exact to 1 us.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
