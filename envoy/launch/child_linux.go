package launch

import "syscall"

// childAttributes: SIGKILL for Envoy when this process dies, however it dies;
// and a process group of its own, so that Ctrl-C in a terminal reaches only us,
// who then stop Envoy in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
