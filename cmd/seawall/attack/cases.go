// Package attack sends known attacks and innocent requests to a server and
// tells which were blocked. It knows nothing of how the server decides.
package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
)

// A Case is one request.
type Case struct {
	Class   string // "sqli", or "benign"
	Place   string // where the payload stands: "query", "form", "json", "cookie", "header", "streamed"
	Payload string
	// Header is the header that carries the payload where Place is "header".
	Header string
	// exchange is one of CRS's own attacks, whole; Place is then its test.
	exchange *exchange.Exchange
}

// Benign says that the case must pass.
func (c Case) Benign() bool { return c.Class == "benign" }

var places = []string{"query", "form", "json", "cookie", "header", "streamed"}

// classes are attacks that the Core Rule Set stops at paranoia level 1,
// wherever they stand. None does anything by itself: the demo upstream only
// echoes, and the log4j one names loopback.
var classes = []struct {
	name, payload string
	header        string // rules for headers look at some headers only
	headerPayload string // where it must be another
}{
	{name: "sqli", payload: "1' OR '1'='1' -- -", header: "User-Agent"},
	{name: "xss", payload: "<script>alert(document.cookie)</script>", header: "User-Agent"},
	{name: "lfi", payload: "../../../../etc/passwd", header: "X-Template"},
	{name: "rce", payload: "; cat /etc/passwd | nc 127.0.0.1 9", header: "User-Agent",
		headerPayload: "() { :; }; /bin/cat /etc/passwd"}, // Shellshock, CVE-2014-6271
	{name: "log4j", payload: "${jndi:ldap://127.0.0.1:9/a}", header: "X-Api-Version"}, // CVE-2021-44228
}

// benign looks like an attack to a careless rule.
var benign = []Case{
	{Place: "query", Payload: "sea wall"},
	{Place: "query", Payload: "O'Brien"},
	{Place: "query", Payload: "rock & roll, 50% off"},
	{Place: "form", Payload: "Please select one of the options below"},
	{Place: "form", Payload: "price < 5 and weight > 3"},
	{Place: "json", Payload: "Zażółć gęślą jaźń 🌊"},
	{Place: "json", Payload: "see https://example.com/docs/intro.html"},
	{Place: "cookie", Payload: "dGhlIHNlYSBpcyBjYWxt"},
	{Place: "header", Header: "User-Agent", Payload: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	{Place: "streamed", Payload: strings.Repeat("The sea is calm tonight. ", 400)}, // 10 kB
}

// Cases returns every case: each attack in each place, then the benign ones.
func Cases() []Case {
	var all []Case
	for _, class := range classes {
		for _, place := range places {
			c := Case{Class: class.name, Place: place, Payload: class.payload}
			if place == "header" {
				c.Header = class.header
				if class.headerPayload != "" {
					c.Payload = class.headerPayload
				}
			}
			all = append(all, c)
		}
	}
	for _, c := range benign {
		c.Class = "benign"
		all = append(all, c)
	}
	return all
}

// Payloads are our attacks' payloads by class.
func Payloads() map[string]string {
	payloads := map[string]string{}
	for _, class := range classes {
		payloads[class.name] = class.payload
	}
	return payloads
}

// request makes the case's request to the server at base.
func (c Case) request(ctx context.Context, base *url.URL) (*http.Request, error) {
	if c.exchange != nil {
		return c.whole(ctx, base)
	}
	target := base.JoinPath("attack", c.Place)
	method, contentType := http.MethodPost, ""
	var body io.Reader
	switch c.Place {
	case "query":
		method, target.RawQuery = http.MethodGet, url.Values{"q": {c.Payload}}.Encode()
	case "form":
		body, contentType = strings.NewReader(url.Values{"q": {c.Payload}}.Encode()), "application/x-www-form-urlencoded"
	case "json":
		document, err := json.Marshal(map[string]any{"items": []any{map[string]string{"q": c.Payload}}})
		if err != nil {
			return nil, fmt.Errorf("making a JSON body: %w", err)
		}
		body, contentType = strings.NewReader(string(document)), "application/json"
	case "streamed":
		// A reader of unknown length goes out in chunks, without Content-Length.
		form := url.Values{"pad": {strings.Repeat("a", 4096)}, "q": {c.Payload}}.Encode()
		body, contentType = struct{ io.Reader }{strings.NewReader(form)}, "application/x-www-form-urlencoded"
	case "cookie", "header":
		method = http.MethodGet
	default:
		return nil, fmt.Errorf("case %s: unknown place %q", c.Class, c.Place)
	}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("making the %s %s request: %w", c.Class, c.Place, err)
	}
	request.Header.Set("User-Agent", "seawall-attack")
	request.Header.Set("Accept", "application/json")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	switch c.Place {
	case "cookie":
		request.Header.Set("Cookie", "q="+url.QueryEscape(c.Payload))
	case "header":
		request.Header.Set(c.Header, c.Payload)
	}
	nameHost(request, base)
	return request, nil
}

// nameHost: rule 920350 scores a numeric Host, which is none of these cases' point.
func nameHost(request *http.Request, base *url.URL) {
	if !isLoopbackIP(base.Hostname()) {
		return
	}
	request.Host = "localhost"
	if port := base.Port(); port != "" {
		request.Host += ":" + port
	}
}
