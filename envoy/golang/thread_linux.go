package golang

import "syscall"

// onMainThread reports whether the calling thread is the process's first, which
// is the one that Envoy loads configs on. A call from C stays on its thread.
func onMainThread() bool { return syscall.Gettid() == syscall.Getpid() }
