package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"regexp"
	"strconv"
	"strings"
)

var requestLine = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z-]+ (.* HTTP/[0-9.]+|[/*].*|https?://.*)$`)

// readHTTP reads raw HTTP/1 with line ends of either kind. What a strict server
// refuses stays as it is, for rules to see.
func readHTTP(text []byte) (*Exchange, error) {
	head, body, ok := bytes.Cut(text, []byte("\r\n\r\n"))
	if h, b, lf := bytes.Cut(text, []byte("\n\n")); lf && (!ok || len(h) < len(head)) {
		head, body = h, b
	}
	lines := strings.Split(strings.TrimRight(string(head), "\r\n"), "\n")
	parts := strings.SplitN(strings.TrimSpace(lines[0]), " ", 2)
	x := &Exchange{Source: "http", Method: parts[0], Protocol: "HTTP/1.1"}
	x.Path = parts[1]
	if i := strings.LastIndex(x.Path, " HTTP/"); i >= 0 {
		x.Path, x.Protocol = x.Path[:i], x.Path[i+1:]
	}
	if isURL(x.Path) { // absolute form
		if err := x.url(x.Path, true); err != nil {
			return nil, err
		}
	}
	chunked := false
	for _, line := range lines[1:] {
		name, value, colon := strings.Cut(strings.TrimSuffix(line, "\r"), ":")
		if !colon {
			return nil, fmt.Errorf("the header line %.40q has no colon", line)
		}
		chunked = chunked || strings.EqualFold(strings.TrimSpace(name), "transfer-encoding") && strings.Contains(strings.ToLower(value), "chunked")
		x.add(name, value)
	}
	x.Body = body
	if chunked {
		plain, err := io.ReadAll(httputil.NewChunkedReader(bufio.NewReader(bytes.NewReader(body))))
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("reading the chunked body: %w", err)
		}
		if err != nil {
			x.Missing = append(x.Missing, "the chunked body is cut short: it has no last chunk")
		}
		x.Body = plain
		return x, nil // its length is not told on the wire either
	}
	// An editor ends the file with a line break that is not part of the body.
	if length, ok := x.Header("content-length"); ok {
		if n, err := strconv.Atoi(length); err == nil && n >= 0 && n < len(x.Body) {
			rest := x.Body[n:]
			if x.Body = x.Body[:n]; len(bytes.TrimRight(rest, "\r\n")) > 0 {
				x.Missing = append(x.Missing, fmt.Sprintf("%d bytes behind the %d that Content-Length announces were left out", len(rest), n))
			}
		}
	} else {
		x.Body = bytes.TrimSuffix(bytes.TrimSuffix(x.Body, []byte("\n")), []byte("\r"))
	}
	x.complete()
	x.measure()
	return x, nil
}
