// Package library says whether a library of Seawall's fits an Envoy: the door, the
// version, the symbols of its ABI and the system's C library. It reads files and
// asks Envoy for its version; it loads nothing.
package library
