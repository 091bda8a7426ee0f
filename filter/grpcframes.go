package filter

import "encoding/binary"

// grpcFrames follows the length-prefixed messages of a gRPC body (one flag
// byte, four bytes of length, the message). A gRPC call is never held, for it
// may be bidirectional; so that "application/grpc" does not become a way to
// send any other body past the rules, what calls itself gRPC must look like it.
// The zero value is ready.
type grpcFrames struct {
	head   [5]byte
	n      int    // bytes of head seen
	remain uint32 // bytes of the message still to come
}

// feed reports whether the stream is gRPC so far.
func (g *grpcFrames) feed(p []byte) bool {
	for len(p) > 0 {
		if g.remain > 0 {
			n := min(uint64(g.remain), uint64(len(p)))
			g.remain -= uint32(n)
			p = p[n:]
			continue
		}
		g.head[g.n] = p[0]
		g.n++
		p = p[1:]
		if g.n == 1 && g.head[0] > 1 { // flags: 0 plain, 1 compressed
			return false
		}
		if g.n == len(g.head) {
			g.remain = binary.BigEndian.Uint32(g.head[1:])
			g.n = 0
		}
	}
	return true
}

// complete reports whether the stream ended between two messages.
func (g *grpcFrames) complete() bool { return g.n == 0 && g.remain == 0 }
