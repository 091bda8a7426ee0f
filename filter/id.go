package filter

import (
	"encoding/base32"
	"encoding/binary"
	"math/rand/v2"
)

// idEncoding is Crockford's base 32: no letter is mistaken for a digit when a
// block ID is read out over the telephone.
var idEncoding = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newTransactionID makes 24 characters of 120 random bits (math/rand/v2's
// top-level generator is ChaCha8 seeded by the operating system). It is never
// derived from anything the client sent: audit writers put it into file names.
func newTransactionID() string {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(b[8:], rand.Uint64())
	return idEncoding.EncodeToString(b[:15])
}
