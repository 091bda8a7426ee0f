//go:build unix && !linux

package launch

import "syscall"

// childAttributes: a process group of its own, so that Ctrl-C in a terminal
// reaches only us, who then stop Envoy in order. Only Linux has a signal for
// the parent's death.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
