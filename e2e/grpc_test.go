package e2e

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// startGRPCServer serves any method of any service: it greets, then echoes each
// message until the client is done.
func startGRPCServer(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		if strings.HasSuffix(method, "/Greeting") {
			if err := stream.SendMsg(wrapperspb.String("hello")); err != nil {
				return err
			}
		}
		if strings.HasSuffix(method, "/Failing") {
			return status.Error(codes.NotFound, "no such thing")
		}
		for {
			message := &wrapperspb.StringValue{}
			if err := stream.RecvMsg(message); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := stream.SendMsg(message); err != nil {
				return err
			}
		}
	}))
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Stop(); <-done })
	return listener.Addr().String()
}

func TestGRPC(t *testing.T) {
	backend := startGRPCServer(t)
	raw := startRawUpstream(t, "raw")
	p := startProxy(t, map[string]string{"rules": filtertest.Configs["rules"]}, options{edit: func(t *testing.T, b *launch.Bootstrap) {
		addCluster(t, b, "grpc", backend, speaksHTTP2)
		addRoute(t, b, prefix("/test.Echo/"), "route", to("grpc"))
		addCluster(t, b, "raw", raw.address, speaksHTTP1)
		addRoute(t, b, prefix("/raw/"), "route", to("raw"))
	}})
	address := p.address("rules")
	client, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), exchangeTimeout)
	defer cancel()
	evil := metadata.AppendToOutgoingContext(ctx, "x-phase-1", "evil")

	t.Run("UnaryCallPasses", func(t *testing.T) {
		reply := &wrapperspb.StringValue{}
		require.NoError(t, client.Invoke(ctx, "/test.Echo/Unary", wrapperspb.String("hi"), reply))
		assert.Equal(t, "hi", reply.Value)
	})
	t.Run("TheUpstreamsStatusPasses", func(t *testing.T) {
		err := client.Invoke(ctx, "/test.Echo/Failing", wrapperspb.String("hi"), &wrapperspb.StringValue{})
		assert.Equal(t, codes.NotFound, status.Code(err), "%v", err)
	})
	t.Run("MessageBeyondTheBufferLimitPasses", func(t *testing.T) {
		big := strings.Repeat("0123456789abcdef", 150_000) // 2.4 MB
		reply := &wrapperspb.StringValue{}
		require.NoError(t, client.Invoke(ctx, "/test.Echo/Unary", wrapperspb.String(big), reply))
		assert.True(t, big == reply.Value, "message byte for byte")
	})
	t.Run("BidirectionalStreamIsNotHeld", func(t *testing.T) {
		stream, err := client.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/test.Echo/Greeting")
		require.NoError(t, err)
		got := &wrapperspb.StringValue{}
		// The server speaks before the client does; then each waits for the other.
		require.NoError(t, stream.RecvMsg(got))
		assert.Equal(t, "hello", got.Value)
		for _, sent := range []string{"one", "two", "three"} {
			require.NoError(t, stream.SendMsg(wrapperspb.String(sent)))
			require.NoError(t, stream.RecvMsg(got))
			assert.Equal(t, sent, got.Value)
		}
		require.NoError(t, stream.CloseSend())
		assert.Equal(t, io.EOF, stream.RecvMsg(got))
	})
	t.Run("DeniedUnaryCallIsPermissionDenied", func(t *testing.T) {
		err := client.Invoke(evil, "/test.Echo/Unary", wrapperspb.String("hi"), &wrapperspb.StringValue{})
		assert.Equal(t, codes.PermissionDenied, status.Code(err), "%v", err)
	})
	t.Run("DeniedStreamIsPermissionDenied", func(t *testing.T) {
		stream, err := client.NewStream(evil, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/test.Echo/Greeting")
		require.NoError(t, err)
		err = stream.RecvMsg(&wrapperspb.StringValue{})
		assert.Equal(t, codes.PermissionDenied, status.Code(err), "%v", err)
	})

	head := func(path, contentType string) filtertest.Fields {
		return filtertest.Fields{{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "app.example.com"},
			{"content-type", contentType}, {"te", "trailers"}}
	}
	// A call's head goes on when it is judged, for the call may wait for an
	// answer; its body goes on only as far as it is gRPC.
	for name, body := range map[string][]string{
		"AForm":                 {"q=evil"},
		"JSON":                  {`{"q":"evil"}`},
		"AFormAfterAMessage":    {"\x00\x00\x00\x00\x02hi", "q=evil"},
		"AFormInTheSameFrame":   {"\x00\x00\x00\x00\x02hiq=evil"},
		"AFlagThatGRPCHasNot":   {"\x02\x00\x00\x00\x06q=evil"},
		"AMessageThatNeverEnds": {"\x00&a=b&q=evil"},
	} {
		t.Run("BodyThatIsNotGRPCIsDenied/"+name, func(t *testing.T) {
			for _, contentType := range []string{"application/grpc", "application/grpc+json"} {
				c := dialH2(t, address)
				c.together(func() {
					c.headers(1, false, head("/raw/silent", contentType)...)
					for i, chunk := range body {
						c.data(1, i == len(body)-1, chunk)
					}
				})
				got := c.awaitHeaders(1)
				assert.NotEmpty(t, got["x-seawall-id"])
				assert.Equal(t, "7", got["grpc-status"])
				_ = c.conn.Close()
			}
			assert.NotContains(t, raw.everything(t, p), "evil")
		})
	}
	t.Run("TrailersDoNotExcuseAMessageThatNeverEnds", func(t *testing.T) {
		c := dialH2(t, address)
		c.together(func() {
			c.headers(1, false, head("/raw/silent", "application/grpc")...)
			c.data(1, false, "\x00&a=b&q=good")
			c.headers(1, true, [2]string{"x-sum", "1"})
		})
		assert.Equal(t, "7", c.awaitHeaders(1)["grpc-status"])
	})
	for _, contentType := range []string{"application/grpc-web", "application/grpcx", "text/plain, application/grpc"} {
		t.Run("ATypeThatOnlyLooksLikeGRPCIsInspected/"+strings.ReplaceAll(contentType, "/", "_"), func(t *testing.T) {
			c := dialH2(t, address)
			c.headers(1, false, head("/raw/silent", contentType)...)
			c.data(1, true, "\x00\x00\x00\x00\x06q=evil")
			assert.Equal(t, "403", c.awaitHeaders(1)[":status"])
			assert.NotContains(t, raw.everything(t, p), "evil")
		})
	}
}
