package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"
)

// An exchange is one request and its answer as a door of Seawall hands them over:
// names in lower case, the Host apart, no transfer coding.
type exchange struct {
	method, target, host, protocol string
	headers                        [][2]string
	body                           []byte
	status                         int
	answerHeaders                  [][2]string
	answer                         []byte
}

func (e *exchange) header(name string) string {
	for _, h := range e.headers {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

// usual is an ordinary answer, for requests that are looked at for themselves.
func (e *exchange) usual() {
	e.status = 200
	e.answerHeaders = [][2]string{{"content-type", "text/html; charset=utf-8"}}
	e.answer = []byte("<!doctype html><title>Shop</title><p>Welcome back.")
}

// readRequest reads HTTP/1 bytes, however odd: CRS's tests are. The error says
// that a proxy answers such a request itself, for the border to the filter has no
// way to say what is missing.
func readRequest(raw []byte) (*exchange, error) {
	head, body, _ := cutHead(raw)
	first, fields, _ := strings.Cut(head, "\n")
	parts := strings.SplitN(strings.TrimRight(first, "\r"), " ", 2)
	space := -1
	if len(parts) == 2 {
		space = strings.LastIndexByte(parts[1], ' ')
	}
	if space < 0 {
		return nil, fmt.Errorf("no HTTP version in %.60q", first)
	}
	e := &exchange{method: parts[0], target: parts[1][:space], protocol: parts[1][space+1:]}
	if !strings.HasPrefix(e.protocol, "HTTP/") {
		return nil, fmt.Errorf("no HTTP version in %.60q", first)
	}
	hosts, chunked := 0, false
	for _, h := range readFields(fields) {
		switch h[0] {
		case "host":
			if hosts++; hosts == 1 {
				e.host = h[1]
			}
			continue
		case "transfer-encoding": // a proxy removes it
			chunked = strings.EqualFold(h[1], "chunked")
			continue
		}
		e.headers = append(e.headers, h)
	}
	if hosts == 0 {
		return nil, fmt.Errorf("no Host")
	}
	e.body = body
	if chunked {
		e.body, _ = io.ReadAll(httputil.NewChunkedReader(bufio.NewReader(bytes.NewReader(body))))
	} else if n, err := strconv.Atoi(e.header("content-length")); err == nil && n >= 0 {
		e.body = body[:min(n, len(body))]
	}
	return e, nil
}

// readAnswer reads HTTP/1 bytes as the exchange's answer.
func (e *exchange) readAnswer(raw []byte) error {
	head, body, _ := cutHead(raw)
	first, fields, _ := strings.Cut(head, "\n")
	words := strings.Fields(first)
	if len(words) < 2 {
		return fmt.Errorf("no status in %q", first)
	}
	var err error
	if e.status, err = strconv.Atoi(words[1]); err != nil {
		return fmt.Errorf("no status in %q", first)
	}
	e.answerHeaders, e.answer = readFields(fields), body
	return nil
}

// cutHead splits at the first empty line.
func cutHead(raw []byte) (head string, body []byte, ended bool) {
	crlf, lf := bytes.Index(raw, []byte("\r\n\r\n")), bytes.Index(raw, []byte("\n\n"))
	switch {
	case crlf >= 0 && (lf < 0 || crlf < lf):
		return string(raw[:crlf]), raw[crlf+4:], true
	case lf >= 0:
		return string(raw[:lf]), raw[lf+2:], true
	}
	return strings.TrimRight(string(raw), "\r\n"), nil, false
}

// readFields reads header lines; what is none is left out. An upgrade is, too:
// tunnels are a matter of the behaviour table.
func readFields(text string) (fields [][2]string) {
	for line := range strings.Lines(text) {
		name, value, colon := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if colon && name != "" && name != "upgrade" {
			fields = append(fields, [2]string{name, strings.Trim(value, " \t")})
		}
	}
	return fields
}

// String is what a difference shows of its input.
func (e *exchange) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\nhost: %s\n", e.method, e.target, e.protocol, e.host)
	for _, h := range e.headers {
		fmt.Fprintf(&b, "%s: %s\n", h[0], h[1])
	}
	fmt.Fprintf(&b, "\n%s\n\nHTTP/1.1 %d\n", e.body, e.status)
	for _, h := range e.answerHeaders {
		fmt.Fprintf(&b, "%s: %s\n", h[0], h[1])
	}
	fmt.Fprintf(&b, "\n%s", e.answer)
	return b.String()
}
