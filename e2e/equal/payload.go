package main

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// payload adds a text in each place where clients put text: an argument, a
// cookie, a form, JSON, a header, and the answer's body.
func (in *inputs) payload(source, name string, rules *ruleSet, text string) {
	in.add(source, name+"/argument", rules, browser("GET", "/search?page=2&q="+url.QueryEscape(text)))

	cookie := browser("GET", "/account")
	cookie.headers = append(cookie.headers, [2]string{"cookie", "theme=dark; note=" + oneField(text)})
	in.add(source, name+"/cookie", rules, cookie)

	quoted, _ := json.Marshal(map[string]any{"id": 17, "items": []any{map[string]any{"note": text, "count": 2}}})
	in.add(source, name+"/json", rules, withBody("application/json", quoted))
}

// everywhere adds to payload's places the rarer ones.
func (in *inputs) everywhere(source, name string, rules *ruleSet, text string) {
	in.payload(source, name, rules, text)
	in.add(source, name+"/form", rules, withBody("application/x-www-form-urlencoded", []byte("name=Ada&note="+url.QueryEscape(text))))

	header := browser("GET", "/")
	header.headers = append(header.headers, [2]string{"x-note", oneField(text)})
	in.add(source, name+"/header", rules, header)

	answered := browser("GET", "/page")
	answered.answer = []byte("<p>" + text + "</p>")
	in.add(source, name+"/answer", rules, answered)
}

// oneField is text as a proxy lets it through in a header: HTTP has no way to
// send these bytes there.
func oneField(text string) string {
	return strings.Trim(strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(text), " \t")
}

// browser is what a browser sends.
func browser(method, target string) *exchange {
	e := &exchange{method: method, target: target, host: "shop.example.com", protocol: "HTTP/1.1", headers: [][2]string{
		{"user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
		{"accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
		{"accept-language", "en-US,en;q=0.5"},
		{"accept-encoding", "gzip, deflate, br"},
		{"referer", "https://shop.example.com/"},
	}}
	e.usual()
	return e
}

func withBody(contentType string, body []byte) *exchange {
	e := browser("POST", "/submit")
	e.headers = append(e.headers, [2]string{"content-type", contentType}, [2]string{"content-length", strconv.Itoa(len(body))})
	e.body = body
	return e
}
