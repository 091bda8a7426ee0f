// Package bench holds the requests that `seawall bench` sends, as files that can
// be read: what a client sends, word for word, with a template action wherever a
// value is new each time. README.md says how to read them.
//
// It is a package only so that the command carries the files with it.
package bench

import "embed"

// Files are the requests (*.http), the mix (mixed.set) and the word lists.
//
//go:embed *.http *.set *.txt
var Files embed.FS
