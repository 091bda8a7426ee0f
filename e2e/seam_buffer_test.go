package e2e

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestSeamBufferLimits: Envoy's buffer limit, far below and far above what is
// held here, changes neither what passes, byte for byte, nor what is denied, nor
// where our own limit stands.
func TestSeamBufferLimits(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 100_000) // 1.6 MB
	for name, limit := range map[string]int{"16KiB": 16 << 10, "64MiB": 64 << 20} {
		t.Run(name, func(t *testing.T) {
			configs := map[string]string{"rules": filtertest.Configs["rules"], "capped": filtertest.Configs["capped"]}
			p := startProxy(t, configs, options{edit: func(t *testing.T, b *launch.Bootstrap) {
				resources := b.Tree["static_resources"].(map[string]any)
				for _, l := range resources["listeners"].([]any) {
					l.(map[string]any)["per_connection_buffer_limit_bytes"] = limit
				}
				firstOf(t, b, "clusters")["per_connection_buffer_limit_bytes"] = limit
			}})
			plain := filtertest.Fields{{"content-type", "text/plain"}}
			for _, protocol := range protocols {
				exchange := func(t *testing.T, config string, body []string, answer string) (answer, *filtertest.Seen) {
					p.upstream.expect(t.Name(), filtertest.Message{Headers: plain, Body: []string{answer}})
					got := protocol.send(t, p.address(config), filtertest.Message{Method: "POST", NoLength: true, Body: body,
						Headers: append(plain, [2]string{caseHeader, t.Name()})})
					return got, p.upstream.saw(t.Name())
				}
				t.Run(protocol.name+"/LargeBodiesPassWhole", func(t *testing.T) {
					got, seen := exchange(t, "rules", []string{big[:700_001], big[700_001:]}, big)
					require.Equal(t, 200, got.Status)
					require.NotNil(t, seen)
					assert.Equal(t, sha256.Sum256([]byte(big)), sha256.Sum256(seen.Body), "%d of %d request bytes", len(seen.Body), len(big))
					assert.Equal(t, sha256.Sum256([]byte(big)), sha256.Sum256(got.Body), "%d of %d response bytes", len(got.Body), len(big))
				})
				t.Run(protocol.name+"/AttackAtTheEndIsFound", func(t *testing.T) {
					got, seen := exchange(t, "rules", []string{big, "evil"}, "ok")
					assert.Equal(t, 403, got.Status)
					assert.Nil(t, seen)
				})
				t.Run(protocol.name+"/AttackAtTheResponsesEndIsFound", func(t *testing.T) {
					got, _ := exchange(t, "rules", nil, big+"evil")
					assert.Equal(t, 403, got.Status)
				})
				t.Run(protocol.name+"/OurOwnLimitStandsWhereItDid", func(t *testing.T) {
					got, seen := exchange(t, "capped", []string{big[:65_536]}, "ok")
					assert.Equal(t, 200, got.Status)
					require.NotNil(t, seen)
					assert.Len(t, seen.Body, 65_536)
				})
				t.Run(protocol.name+"/OurOwnLimitAnswers", func(t *testing.T) {
					got, seen := exchange(t, "capped", []string{big[:65_537]}, "ok")
					assert.Equal(t, 413, got.Status)
					assert.Nil(t, seen)
				})
			}
		})
	}
}
