package attack

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/cmd/seawall/replay"
	"github.com/seawall-waf/seawall/filter"
)

// FromCRS returns the attacks among CRS's regression tests that CRS at a paranoia
// level stops by itself, in this process, and that a client can send and a proxy
// passes on as they are. That some test is missed by a level is no news: many are
// of the levels above.
func FromCRS(ctx context.Context, paranoia int) ([]Case, error) {
	config, err := filter.ParseConfig(fmt.Appendf(nil,
		"directives: |\n  SecAction \"id:1,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=%d\"\n  Include @seawall.conf\n", paranoia))
	if err != nil {
		return nil, err
	}
	config.ScreenOff = true // nothing here is innocent
	engine, err := filter.NewEngine(config)
	if err != nil {
		return nil, err
	}
	attacks, err := replay.Attacks()
	if err != nil {
		return nil, err
	}
	var cases []Case
	var requests []*exchange.Exchange
	for _, attack := range attacks {
		class := replay.ClassOf(attack.Rule)
		if class == "" || attack.Rule >= firstOfResponses || !sendable(attack.Request) {
			continue
		}
		x := *attack.Request
		x.Host, x.Protocol, x.Response = "localhost", "HTTP/1.1", nil
		requests = append(requests, &x)
		cases = append(cases, Case{Class: class, Place: attack.Test, exchange: &x})
	}
	records, err := replay.All(ctx, engine, requests)
	if err != nil {
		return nil, err
	}
	var stopped []Case
	for i, r := range records {
		if r.Denied() {
			stopped = append(stopped, cases[i])
		}
	}
	return stopped, nil
}

var (
	// plainPath is one that no proxy writes otherwise.
	plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]*)+$`)
	plainText = regexp.MustCompile(`^[!-~]*$`)
	method    = regexp.MustCompile(`^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$`)
	// What frames a message, what a proxy sets by itself.
	ofProxies = regexp.MustCompile(`^(transfer-encoding|connection|keep-alive|upgrade|expect|te|trailer|proxy-.*|x-forwarded-.*|x-envoy-.*|x-request-id)$`)
)

// firstOfResponses is where the rules begin that look at responses: what a test of
// theirs sends makes CRS's own test server answer so.
const firstOfResponses = 950_000

func sendable(x *exchange.Exchange) bool {
	path, query, _ := strings.Cut(x.Path, "?")
	if !method.MatchString(x.Method) || !plainPath.MatchString(path) || strings.Contains(path, "..") || strings.Contains(path, "//") ||
		strings.Contains(path, "/.") || !plainText.MatchString(query) || strings.Contains(query, "#") {
		return false
	}
	return !slices.ContainsFunc(x.Headers, func(h [2]string) bool {
		return !httpguts.ValidHeaderFieldName(h[0]) || !httpguts.ValidHeaderFieldValue(h[1]) || ofProxies.MatchString(h[0]) ||
			h[0] == "content-length" && h[1] != fmt.Sprint(len(x.Body)) ||
			h[0] == "referer" && !strings.HasPrefix(h[1], "http") // Envoy takes out what is no URL
	})
}

// whole makes the request of one of CRS's attacks.
func (c Case) whole(ctx context.Context, base *url.URL) (*http.Request, error) {
	x := c.exchange
	request, err := http.NewRequestWithContext(ctx, x.Method, base.String(), bytes.NewReader(x.Body))
	if err != nil {
		return nil, fmt.Errorf("making the request of CRS's test %s: %w", c.Place, err)
	}
	request.URL.Path, request.URL.RawPath, request.URL.Opaque = "", "", x.Path // as it is written, query included
	request.Header["User-Agent"] = nil                                         // none is added where the test has none
	for _, h := range x.Headers {
		if h[0] != "content-length" {
			request.Header.Add(h[0], h[1])
		}
	}
	nameHost(request, base)
	return request, nil
}

// Spread takes n of many cases: as evenly from each class as there are.
func Spread(cases []Case, n int) []Case {
	byClass := map[string][]Case{}
	var order []string
	for _, c := range cases {
		if byClass[c.Class] == nil {
			order = append(order, c.Class)
		}
		byClass[c.Class] = append(byClass[c.Class], c)
	}
	share := map[string]int{}
	for left := min(n, len(cases)); left > 0; {
		for _, class := range order {
			if left > 0 && share[class] < len(byClass[class]) {
				share[class]++
				left--
			}
		}
	}
	var chosen []Case
	for _, class := range order {
		all := byClass[class]
		for i := range share[class] {
			chosen = append(chosen, all[i*len(all)/share[class]])
		}
	}
	return chosen
}
