package filter

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/corazawaf/coraza/v3"
)

func TestBodyLimitIsReadable(t *testing.T) {
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithDirectives(`
SecRuleEngine On
SecRequestBodyLimit 4321
SecRequestBodyInMemoryLimit 100
SecRequestBodyLimitAction ProcessPartial
SecResponseBodyLimit 1234
SecResponseBodyLimitAction Reject
SecAction "id:1,phase:1,pass,ctl:requestBodyLimit=555"`))
	require.NoError(t, err)
	tx := waf.NewTransaction()
	defer tx.Close()
	limit, rejects := bodyLimit(tx, "Request")
	assert.Equal(t, 4321, limit)
	assert.False(t, rejects)
	limit, rejects = bodyLimit(tx, "Response")
	assert.Equal(t, 1234, limit)
	assert.True(t, rejects)
	tx.ProcessRequestHeaders()
	limit, _ = bodyLimit(tx, "Request")
	assert.Equal(t, 555, limit, "a rule's ctl:requestBodyLimit is in force")
}

func TestHoldingByteWiseCostsLittleMoreThanTheBytes(t *testing.T) {
	var d direction
	want := make([]byte, 1<<20)
	for i := range want {
		want[i] = byte(i * 7)
		d.hold([][]byte{want[i : i+1]})
	}
	room := 0
	for _, b := range d.held {
		room += cap(b)
	}
	assert.Less(t, len(d.held), 40, "blocks, not a slice a byte")
	assert.LessOrEqual(t, room, len(want)+blockBytes)
	assert.Equal(t, want, slices.Concat(d.release()...))
}
