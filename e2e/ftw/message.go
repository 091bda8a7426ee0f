package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"slices"
	"strconv"
	"strings"
)

// A message is a request as HTTP means it, whatever the protocol's bytes.
type message struct {
	method, target, version string
	headers                 [][2]string // in order, names as sent
	body                    []byte
	complete                bool   // all of the body that the head announced is there
	rest                    []byte // what follows the request on the connection
}

// parse reads HTTP/1 bytes as RFC 9112 does. Its error says which rule of the
// RFC leaves nothing that another protocol could carry; the message then holds
// what could be read. A method, name or value of forbidden bytes is no such
// error: HTTP/2 has a place for them.
func parse(raw []byte) (message, error) {
	var m message
	head, after, ended := cutHead(raw)
	lines := strings.Split(head, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	wrong := m.requestLine(lines[0])
	for _, line := range lines[1:] {
		if err := m.header(line); wrong == nil {
			wrong = err
		}
	}
	if !ended && wrong == nil {
		wrong = errors.New("the header section has no end (RFC 9112, 2.1)")
	}
	if err := m.readBody(after); wrong == nil {
		wrong = err
	}
	return m, wrong
}

// cutHead splits at the first empty line.
func cutHead(raw []byte) (head string, after []byte, ended bool) {
	crlf, lf := bytes.Index(raw, []byte("\r\n\r\n")), bytes.Index(raw, []byte("\n\n"))
	switch {
	case crlf >= 0 && (lf < 0 || crlf < lf):
		return string(raw[:crlf]), raw[crlf+4:], true
	case lf >= 0:
		return string(raw[:lf]), raw[lf+2:], true
	}
	return strings.TrimRight(string(raw), "\r\n"), nil, false
}

func (m *message) requestLine(line string) error {
	parts := strings.Split(line, " ")
	if len(parts) != 3 {
		return fmt.Errorf("the request line has %d parts, not 3 (RFC 9112, 3)", len(parts))
	}
	m.method, m.target, m.version = parts[0], parts[1], parts[2]
	switch m.version {
	case "HTTP/1.0", "HTTP/1.1", "HTTP/2.0": // the last is HTTP/2's own name for itself (RFC 9113, 3.4)
		return nil
	}
	return fmt.Errorf("the version is neither HTTP/1's (RFC 9112, 2.3) nor HTTP/2's (RFC 9113, 3.4): %q", m.version)
}

func (m *message) header(line string) error {
	name, value, colon := strings.Cut(line, ":")
	switch {
	case strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"):
		return errors.New("a header line is folded (RFC 9112, 5.2)")
	case !colon:
		return fmt.Errorf("a header line has no colon (RFC 9112, 5): %.20q", line)
	}
	m.headers = append(m.headers, [2]string{name, strings.Trim(value, " \t")})
	return nil
}

func (m *message) readBody(after []byte) error {
	if strings.EqualFold(m.get("transfer-encoding"), "chunked") {
		source := bufio.NewReader(bytes.NewReader(after))
		body, err := io.ReadAll(httputil.NewChunkedReader(source))
		m.body, m.complete = body, err == nil
		rest, _ := io.ReadAll(source)
		m.rest = bytes.TrimPrefix(rest, []byte("\r\n"))
		return nil
	}
	length := 0
	text := m.get("content-length")
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		length = int(n)
	} else if text != "" {
		// HTTP/2 can carry it, and must then be refused (RFC 9113, 8.1.1).
		m.body, m.complete = after, true
		return nil
	}
	m.complete = len(after) >= length
	m.body = after[:min(length, len(after))]
	m.rest = after[len(m.body):]
	return nil
}

// get returns the first value of a header, whatever its name's case.
func (m *message) get(name string) string {
	for _, h := range m.headers {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

// all returns every value of a header.
func (m *message) all(name string) []string {
	var values []string
	for _, h := range m.headers {
		if strings.EqualFold(h[0], name) {
			values = append(values, h[1])
		}
	}
	return values
}

// with is the message with these values of a header instead of its own.
func (m message) with(name string, values []string) message {
	headers := slices.DeleteFunc(slices.Clone(m.headers), func(h [2]string) bool { return strings.EqualFold(h[0], name) })
	for _, v := range values {
		headers = append(headers, [2]string{name, v})
	}
	m.headers = headers
	return m
}
