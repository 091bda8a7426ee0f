package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// TestHTTP2Framing: phase 2 sees the whole request, however its frames are cut
// and whichever frame ends it.
func TestHTTP2Framing(t *testing.T) {
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"]}, options{})
	const (
		benign, attack = "q=good", "q=evil"
		form           = "application/x-www-form-urlencoded"
	)
	type send func(c *h2conn, head filtertest.Fields)
	cases := []struct {
		name string
		send send
		want string // status; empty: Envoy refuses it by itself, however it likes
	}{
		{"EmptyDataEndsABenignBody", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, h...)
			c.data(1, false, benign)
			c.data(1, true, "")
		}, "200"},
		{"EmptyDataEndsTheBody", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, h...)
			c.data(1, false, attack)
			c.data(1, true, "")
		}, "403"},
		{"TrailersAfterEmptyDataEndTheBody", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, h...)
			c.data(1, false, attack)
			c.data(1, false, "")
			c.headers(1, true, [2]string{"x-sum", "1"})
		}, "403"},
		{"AttackInTheLastDataFrame", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, h...)
			for range 20 {
				c.data(1, false, "a=1&")
			}
			c.data(1, true, attack)
		}, "403"},
		{"AttackCutIntoOneByteFrames", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, h...)
			for i := range attack {
				c.data(1, i == len(attack)-1, attack[i:i+1])
			}
		}, "403"},
		{"TrailersAloneAfterTheHead", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, h...)
			c.headers(1, true, [2]string{"x-late", "evil"})
		}, "403"},
		{"TrailersAloneWithTheAttackInTheQuery", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, set(h, ":path", "/?q=evil")...)
			c.headers(1, true, [2]string{"x-sum", "1"})
		}, "403"},
		{"BenignTrailersAlone", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, h...)
			c.headers(1, true, [2]string{"x-sum", "1"})
		}, "200"},
		{"AttackInOneCookieCrumb", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, true, append(h, [2]string{"cookie", "a=1"}, [2]string{"cookie", "b=evil"}, [2]string{"cookie", "c=3"})...)
		}, "403"},
		{"AttackAcrossFramesOfAContentLength", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, append(h, [2]string{"content-length", "6"})...)
			c.data(1, false, attack[:4])
			c.data(1, true, attack[4:])
		}, "403"},
		{"TwoContentLengths", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, append(h, [2]string{"content-length", "6"}, [2]string{"content-length", "2"})...)
			c.data(1, true, attack)
		}, ""},
		{"MoreThanTheContentLength", func(c *h2conn, h filtertest.Fields) {
			c.headers(1, false, append(h, [2]string{"content-length", "2"})...)
			c.data(1, true, attack)
		}, ""},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			id := t.Name()
			c := dialH2(t, p.address("rules"))
			c.together(func() {
				test.send(c, filtertest.Fields{{":method", "POST"}, {":scheme", "http"}, {":path", "/"},
					{":authority", "app.example.com"}, {"content-type", form}, {caseHeader, id}})
			})
			got := c.awaitHeaders(1)
			if test.want == "" {
				assert.NotEqual(t, "200", got[":status"])
			} else {
				assert.Equal(t, test.want, got[":status"])
			}
			assert.Equal(t, test.want == "403", got["x-seawall-id"] != "", "Seawall denied it")
			assert.Equal(t, test.want == "200", p.upstream.saw(id) != nil, "the upstream saw it")
		})
	}

	t.Run("RulesSeeCookieCrumbsAsTheUpstreamDoes", func(t *testing.T) {
		// RFC 9113, 8.2.3: crumbs are joined by "; ", so "ev" and "il" stay two.
		seen := make(chan string, 1)
		p.upstream.handle("/cookies", func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Get("Cookie") })
		c := dialH2(t, p.address("rules"))
		c.headers(1, true, [2]string{":method", "GET"}, [2]string{":scheme", "http"}, [2]string{":path", "/cookies"},
			[2]string{":authority", "app.example.com"}, [2]string{"cookie", "a=ev"}, [2]string{"cookie", "il"})
		assert.Equal(t, "200", c.awaitHeaders(1)[":status"])
		assert.Equal(t, "a=ev; il", <-seen)
	})
}

// set returns fields with one replaced.
func set(fields filtertest.Fields, name, value string) filtertest.Fields {
	out := append(filtertest.Fields{}, fields...)
	for i := range out {
		if out[i][0] == name {
			out[i][1] = value
		}
	}
	return out
}
