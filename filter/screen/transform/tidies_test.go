package transform

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatTidiesLeavesNoRemarkableByteThatWasNotThere(t *testing.T) {
	t.Parallel()
	for name, f := range byName {
		if !f.tidies {
			continue
		}
		for _, v := range append(values(), acting) {
			for _, b := range []byte(f.Apply(v)) {
				plain := b >= 0x80 || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || asciiSpace(b)
				if !plain && strings.IndexByte(v, b) < 0 {
					assert.Failf(t, "a new byte", "%s makes %q of %q", name, f.Apply(v), v)
				}
			}
		}
	}
}

func TestAChainTidiesIfAllItsActiveStepsDo(t *testing.T) {
	t.Parallel()
	chain := chainOf(t, "urlDecodeUni,removeWhitespace,jsDecode,lowercase")
	assert.True(t, chain.Tidies(TraitsOf("Upper")))
	assert.False(t, chain.Tidies(TraitsOf("%41")), "it decodes")
	assert.False(t, chain.Tidies(TraitsOf("a b")), "what is left without blanks may be decoded")
	assert.True(t, chainOf(t, "jsDecode,removeWhitespace,lowercase").Tidies(TraitsOf("a B")))
}
