package bench

import (
	"context"
	"fmt"
	"io"
	"runtime/pprof"
	"time"
)

// Profile writes a CPU profile (for go tool pprof) of Seawall alone, with its
// screen on: each case for its share of the time, after it has settled.
func Profile(ctx context.Context, cases []*Case, subjects []Subject, last time.Duration, w io.Writer) error {
	share := last / time.Duration(max(len(cases), 1))
	for _, c := range cases {
		if err := settleIn(ctx, c, subjects, share/4, 1); err != nil {
			return err
		}
	}
	if err := pprof.StartCPUProfile(w); err != nil {
		return fmt.Errorf("profiling: %w", err)
	}
	defer pprof.StopCPUProfile()
	for _, c := range cases {
		if err := settleIn(ctx, c, subjects, share, 1); err != nil {
			return err
		}
	}
	return nil
}
