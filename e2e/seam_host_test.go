package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// hostRow is a request that names hosts: what it is answered, and by whom, and
// which host the upstream got with it.
type hostRow struct {
	name    string
	request string            // on HTTP/1.1, up to its empty line
	fields  filtertest.Fields // on HTTP/2, beside method, scheme and path
	status  string            // "": the stream is reset
	ours    bool              // Seawall answers
	got     string            // by the upstream; empty: nothing
}

// strict's policy denies everything, lax's nothing; neither is the default one's
// only by its name (filtertest.Configs).
const strict, lax = "shop.example.com", "static.example.com"

func hostsOverHTTP1() []hostRow {
	get := func(target, fields string) string { return "GET " + target + " HTTP/1.1\r\n" + fields }
	const toLax, toStrict = "host: " + lax + "\r\n", "host: " + strict + "\r\n"
	return []hostRow{
		{name: "Lax", request: get("/host", toLax), status: "200", got: lax},
		{name: "Strict", request: get("/host", toStrict), status: "403", ours: true},
		// Envoy joins two to "a,b", which is no host (RFC 9112, 3.2: 400), even where
		// the two are one.
		{name: "TwoHosts", request: get("/host", toLax+toStrict), status: "400", ours: true},
		{name: "TwoHostsTheOtherWay", request: get("/host", toStrict+toLax), status: "400", ours: true},
		{name: "TheSameHostTwice", request: get("/host", toLax+toLax), status: "400", ours: true},
		{name: "EmptyHost", request: get("/host", "host:\r\n"), status: "400", ours: true},
		{name: "SpaceBeforeTheColon", request: get("/host", toLax+"host : "+strict+"\r\n"), status: "400"},
		{name: "FoldedHost", request: get("/host", "host:\r\n "+strict+"\r\n"), status: "403", ours: true},
		// An absolute URI's host replaces Host (RFC 9112, 3.2.2), for the policy and
		// for the upstream.
		{name: "AbsoluteURIStrict", request: get("http://"+strict+"/host", toLax), status: "403", ours: true},
		{name: "AbsoluteURILax", request: get("http://"+lax+"/host", toStrict), status: "200", got: lax},
		{name: "AbsoluteURIBesideTwoHosts", request: get("http://"+lax+"/host", toStrict+toLax), status: "200", got: lax},
		{name: "StrictAfterUserinfo", request: get("http://"+lax+"@"+strict+"/host", toLax), status: "403", ours: true},
		{name: "LaxAfterUserinfo", request: get("http://"+strict+"@"+lax+"/host", toStrict), status: "200", got: lax},
	}
}

func hostsOverHTTP2() []hostRow {
	return []hostRow{
		{name: "Lax", fields: filtertest.Fields{{":authority", lax}}, status: "200", got: lax},
		{name: "Strict", fields: filtertest.Fields{{":authority", strict}}, status: "403", ours: true},
		{name: "HostBesideAuthority", fields: filtertest.Fields{{":authority", lax}, {"host", strict}}, status: "200", got: lax},
		{name: "HostBesideStrictAuthority", fields: filtertest.Fields{{":authority", strict}, {"host", lax}}, status: "403", ours: true},
		{name: "HostAlone", fields: filtertest.Fields{{"host", lax}}, status: "200", got: lax},
		{name: "StrictHostAlone", fields: filtertest.Fields{{"host", strict}}, status: "403", ours: true},
		// The codec refuses these (RFC 9113, 8.3).
		{name: "TwoHostsAlone", fields: filtertest.Fields{{"host", lax}, {"host", strict}}},
		{name: "TwoAuthorities", fields: filtertest.Fields{{":authority", lax}, {":authority", strict}}},
		{name: "TheSameAuthorityTwice", fields: filtertest.Fields{{":authority", lax}, {":authority", lax}}},
		{name: "AuthorityInUserinfo", fields: filtertest.Fields{{":authority", lax + "@" + strict}}},
		{name: "EmptyAuthority", fields: filtertest.Fields{{":authority", ""}, {"host", strict}}},
	}
}

// TestSeamTheUpstreamsHostIsThePolicys: however a request names hosts, one of them
// chooses the policy, and it is the one that the upstream gets.
func TestSeamTheUpstreamsHostIsThePolicys(t *testing.T) {
	p, _ := startSmuggling(t)
	hosts := make(chan string, 1)
	p.upstream.handle("/host", func(_ http.ResponseWriter, r *http.Request) { hosts <- r.Host })
	check := func(t *testing.T, row hostRow, status, block string) {
		t.Helper()
		got := ""
		select {
		case got = <-hosts: // sent before the answer
		default:
		}
		assert.Equal(t, row.status, status)
		assert.Equal(t, row.ours, block != "", "Seawall answers")
		assert.Equal(t, row.got, got, "the host that the upstream got")
	}
	for _, row := range hostsOverHTTP1() {
		t.Run("h1/"+row.name, func(t *testing.T) {
			c := dialH1(t, "tcp", p.address("hosts"))
			c.write(row.request + "\r\n")
			response, _ := c.read("GET")
			check(t, row, itoa(response.StatusCode), response.Header.Get("x-seawall-id"))
		})
	}
	head := filtertest.Fields{{":method", "GET"}, {":scheme", "http"}, {":path", "/host"}}
	for _, row := range hostsOverHTTP2() {
		t.Run("h2/"+row.name, func(t *testing.T) {
			c := dialH2(t, p.address("hosts"))
			c.headers(1, true, append(append(filtertest.Fields{}, head...), row.fields...)...)
			got := c.awaitHeaders(1)
			check(t, row, got[":status"], got["x-seawall-id"])
		})
	}
}
