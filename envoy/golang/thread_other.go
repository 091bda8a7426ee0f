//go:build !linux

package golang

// onMainThread cannot be known here; false is the answer that never ends Envoy.
func onMainThread() bool { return false }
