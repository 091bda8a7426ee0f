package main

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// connectionSpecific are the fields that HTTP/2 does not have (RFC 9113, 8.2.2).
var connectionSpecific = map[string]bool{"connection": true, "keep-alive": true, "proxy-connection": true,
	"transfer-encoding": true, "upgrade": true}

// translate turns an HTTP/1 request into HTTP/2's fields, pseudo-headers first
// (RFC 9113, 8.3.1). What HTTP/2 has no place for is left out.
func translate(m message) [][2]string {
	target, authority := m.target, m.get("host")
	fields := [][2]string{{":method", m.method}}
	if _, rest, absolute := strings.Cut(target, "://"); absolute && !strings.HasPrefix(target, "/") {
		path := len(rest)
		if i := strings.IndexAny(rest, "/?"); i >= 0 {
			path = i
		}
		authority, target = rest[:path], rest[path:]
		if !strings.HasPrefix(target, "/") {
			target = "/" + target
		}
	}
	if m.method == "CONNECT" {
		authority = m.target // and neither scheme nor path (8.5)
	} else {
		fields = append(fields, [2]string{":scheme", "http"}, [2]string{":path", target})
	}
	if len(m.all("host")) > 0 {
		fields = append(fields, [2]string{":authority", authority})
	}
	hosted := false
	for _, h := range m.headers {
		name := strings.ToLower(h[0])
		first := name == "host" && !hosted // :authority says it
		hosted = hosted || first
		if !first && !connectionSpecific[name] {
			fields = append(fields, [2]string{name, h[1]})
		}
	}
	return fields
}

// asH2 is the message that the fields of translate make.
func asH2(fields [][2]string, body []byte) message {
	m := message{version: "HTTP/2", body: body, complete: true}
	for _, f := range fields {
		switch f[0] {
		case ":method":
			m.method = f[1]
		case ":path":
			m.target = f[1]
		case ":authority":
			m.headers = append(m.headers, [2]string{"host", f[1]})
		case ":scheme":
		default:
			m.headers = append(m.headers, f)
		}
	}
	if m.target == "" {
		m.target = m.get("host")
	}
	return m
}

// sendH2 sends one request on a fresh connection, by prior knowledge, and reads
// the answer. It is written on frames: a client library would mend or
// refuse half of what these tests send.
func sendH2(conn net.Conn, fields [][2]string, body []byte) (a answer, err error) {
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return a, err
	}
	c := &h2Client{framer: http2.NewFramer(conn, conn), answer: &a, stream: 65535, connection: 65535,
		connect: fields[0][1] == "CONNECT"}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := c.framer.WriteSettings(); err != nil {
		return a, err
	}
	if err := c.writeHead(fields, len(body) == 0 && !c.connect); err != nil {
		return a, err
	}
	for !c.ended {
		for len(body) > 0 && min(c.stream, c.connection) > 0 {
			n := min(len(body), c.stream, c.connection, 16384)
			if err := c.framer.WriteData(1, n == len(body), body[:n]); err != nil {
				break // refused meanwhile: the answer says how
			}
			c.stream, c.connection, body = c.stream-n, c.connection-n, body[n:]
		}
		if err := c.read(); err != nil {
			return a, err
		}
	}
	return a, nil
}

type h2Client struct {
	framer             *http2.Framer
	answer             *answer
	stream, connection int // bytes that may be sent
	connect            bool
	ended              bool
}

// writeHead cuts the block at 16,384 bytes, HTTP/2's smallest maximum.
func (c *h2Client) writeHead(fields [][2]string, endStream bool) error {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range fields {
		if err := encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			return err
		}
	}
	fragment := block.Next(16384)
	if err := c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: fragment,
		EndStream: endStream, EndHeaders: block.Len() == 0}); err != nil {
		return err
	}
	for block.Len() > 0 {
		fragment = block.Next(16384)
		if err := c.framer.WriteContinuation(1, block.Len() == 0, fragment); err != nil {
			return err
		}
	}
	return nil
}

// read takes one frame. A reset, a GOAWAY and a closed connection are answers.
func (c *h2Client) read() error {
	frame, err := c.framer.ReadFrame()
	if timedOut(err) {
		return err
	}
	if err != nil {
		c.end("closed without an answer")
		return nil
	}
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if f.IsAck() {
			return nil
		}
		if v, ok := f.Value(http2.SettingInitialWindowSize); ok {
			c.stream += int(v) - 65535
		}
		_ = c.framer.WriteSettingsAck()
	case *http2.WindowUpdateFrame:
		if f.StreamID == 0 {
			c.connection += int(f.Increment)
		} else {
			c.stream += int(f.Increment)
		}
	case *http2.MetaHeadersFrame:
		if status, err := strconv.Atoi(f.PseudoValue("status")); err == nil && status >= 200 {
			c.answer.status = status
		}
		// A tunnel has no end but ours.
		c.ended = c.ended || f.StreamEnded() || c.connect && c.answer.status == 200
	case *http2.DataFrame:
		_ = c.framer.WriteWindowUpdate(0, max(1, uint32(len(f.Data()))))
		c.ended = c.ended || f.StreamEnded()
	case *http2.RSTStreamFrame:
		c.end("RST_STREAM " + f.ErrCode.String())
	case *http2.GoAwayFrame:
		c.end("GOAWAY " + f.ErrCode.String())
	}
	return nil
}

func (c *h2Client) end(reason string) {
	c.ended = true
	if c.answer.status == 0 {
		c.answer.reason = reason
	}
}
