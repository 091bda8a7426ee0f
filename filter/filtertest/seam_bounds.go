package filtertest

import "strings"

// bounds: what may be many has a number past which nothing is inspected any more,
// for each of them costs every rule of the Core Rule Set once.
func bounds() []Case {
	curl := Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}
	cookies := func(n int) Message {
		return Message{Headers: with(curl, [2]string{"cookie", strings.TrimSuffix(strings.Repeat("a=1; ", n), "; ")})}
	}
	parts := func(n int) Message {
		var body strings.Builder
		for i := range n {
			body.WriteString("--A\r\nContent-Disposition: form-data; name=\"a" + itoa(i) + "\"\r\n\r\n1\r\n")
		}
		body.WriteString("--A--\r\n")
		return Message{Method: "POST", Headers: with(curl, [2]string{"content-type", "multipart/form-data; boundary=A"}), Body: []string{body.String()}}
	}
	refused := func(rule int) Want { return Want{Status: 400, Denied: true, Rule: rule} }
	return []Case{
		// Over HTTP/2 a client sends each cookie as a field of its own, and Envoy
		// refuses more than 100 fields.
		{Name: "AHundredCookiesPass", Config: "default", Protocol: "h1", Upstream: page, Request: cookies(100), Want: Want{Status: 200}},
		{Name: "TooManyCookies", Config: "default", Protocol: "h1", Upstream: page, Request: cookies(1001), Want: refused(9000001)},
		{Name: "AHundredPartsPass", Config: "default", Upstream: page, Request: parts(100), Want: Want{Status: 200}},
		{Name: "TooManyArgumentsInParts", Config: "default", Upstream: page, Request: parts(1001), Want: refused(9000003)},
		{Name: "TooManyParts", Config: "default", Upstream: page, Request: parts(2001), Want: refused(9000002)},
	}
}
