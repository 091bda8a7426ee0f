package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2conn is an HTTP/2 client that sends the frames that it is told to, however
// unusual. Bodies must stay within the initial windows.
type h2conn struct {
	t       testing.TB
	conn    net.Conn
	out     *bufio.Writer
	framer  *http2.Framer
	block   bytes.Buffer
	encoder *hpack.Encoder
	batch   bool
}

func dialH2(t testing.TB, address string) *h2conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(exchangeTimeout)))
	c := &h2conn{t: t, conn: conn, out: bufio.NewWriterSize(conn, 1<<20)}
	c.framer = http2.NewFramer(c.out, conn)
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.encoder = hpack.NewEncoder(&c.block)
	_, _ = io.WriteString(c.out, http2.ClientPreface)
	require.NoError(t, c.framer.WriteSettings())
	c.flush()
	return c
}

func (c *h2conn) flush() {
	if !c.batch {
		require.NoError(c.t, c.out.Flush())
	}
}

// together sends the frames that send writes in one piece.
func (c *h2conn) together(send func()) {
	c.batch = true
	send()
	c.batch = false
	c.flush()
}

func (c *h2conn) headers(stream uint32, end bool, fields ...[2]string) {
	c.block.Reset()
	for _, kv := range fields {
		require.NoError(c.t, c.encoder.WriteField(hpack.HeaderField{Name: kv[0], Value: kv[1]}))
	}
	require.NoError(c.t, c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream,
		BlockFragment: c.block.Bytes(), EndStream: end, EndHeaders: true}))
	c.flush()
}

func (c *h2conn) data(stream uint32, end bool, body string) {
	require.NoError(c.t, c.framer.WriteData(stream, end, []byte(body)))
	c.flush()
}

func (c *h2conn) reset(stream uint32) {
	require.NoError(c.t, c.framer.WriteRSTStream(stream, http2.ErrCodeCancel))
	c.flush()
}

// next reads a frame of the stream, and answers for the connection meanwhile.
// It returns nil where the server ended the stream or the connection with an
// error instead.
func (c *h2conn) next(stream uint32) http2.Frame {
	c.t.Helper()
	for {
		frame, err := c.framer.ReadFrame()
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			return nil
		}
		require.NoError(c.t, err)
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				require.NoError(c.t, c.framer.WriteSettingsAck())
				c.flush()
			}
		case *http2.GoAwayFrame:
			if f.ErrCode != http2.ErrCodeNo {
				return nil
			}
		case *http2.RSTStreamFrame:
			if f.StreamID == stream {
				return nil
			}
		case *http2.MetaHeadersFrame, *http2.DataFrame:
			if frame.Header().StreamID == stream {
				return frame
			}
		}
	}
}

// awaitHeaders returns the response's head; empty if the stream was reset.
func (c *h2conn) awaitHeaders(stream uint32) map[string]string {
	c.t.Helper()
	fields := map[string]string{}
	frame := c.next(stream)
	if frame == nil {
		return fields
	}
	meta, ok := frame.(*http2.MetaHeadersFrame)
	require.True(c.t, ok, "a %T before the head", frame)
	for _, f := range meta.Fields {
		fields[f.Name] = f.Value
	}
	return fields
}

// awaitData returns the next DATA frame's bytes.
func (c *h2conn) awaitData(stream uint32) string {
	c.t.Helper()
	f, ok := c.next(stream).(*http2.DataFrame)
	require.True(c.t, ok)
	return string(f.Data())
}
