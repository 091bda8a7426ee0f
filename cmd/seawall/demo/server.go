// Package demo is the upstream of the quickstart: it echoes requests, and has a
// page whose buttons attack itself.
package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/seawall-waf/seawall/cmd/seawall/attack"
)

//go:embed page.html
var written []byte

// page is as written, with the payloads of `seawall attack` in it. JSON escapes <,
// so that none ends the script.
var page = sync.OnceValue(func() []byte {
	payloads, err := json.Marshal(attack.Payloads())
	if err != nil {
		panic(err) // of strings
	}
	return bytes.Replace(written, []byte("/* what `seawall attack` sends */ null"), payloads, 1)
})

// An Echo is what the upstream saw of a request. The body itself is not sent
// back, so that no answer carries an attack.
type Echo struct {
	Method     string      `json:"method"`
	Path       string      `json:"path"` // as received, query included
	Protocol   string      `json:"protocol"`
	Host       string      `json:"host"`
	Headers    http.Header `json:"headers"`
	Trailers   http.Header `json:"trailers,omitempty"`
	BodyLength int64       `json:"body_length"` // bytes
	BodySHA256 string      `json:"body_sha256"` // hex
}

// Handler serves the page at /, "ok" at /healthz, and an Echo everywhere else.
func Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			echo(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy",
			"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:")
		_, _ = w.Write(page())
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would redirect //x and /../x; an echo must show them.
		if r.URL.Path == "/" || r.URL.Path == "/healthz" {
			mux.ServeHTTP(w, r)
			return
		}
		echo(w, r)
	})
}

func echo(w http.ResponseWriter, r *http.Request) {
	sum := sha256.New()
	n, err := io.Copy(sum, r.Body)
	if err != nil {
		http.Error(w, "reading the body: "+err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	_ = out.Encode(Echo{ // an error here is the client's going away
		Method: r.Method, Path: r.RequestURI, Protocol: r.Proto, Host: r.Host,
		Headers: r.Header, Trailers: r.Trailer,
		BodyLength: n, BodySHA256: hex.EncodeToString(sum.Sum(nil)),
	})
}

// Serve serves HTTP/1.1 and, by prior knowledge, HTTP/2 until ctx ends. It
// closes the listener.
func Serve(ctx context.Context, listener net.Listener) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler:           Handler(),
		Protocols:         &protocols,
		ReadHeaderTimeout: 10 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving the demo upstream: %w", err)
	case <-ctx.Done():
	}
	// The demo has no request worth waiting for longer.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the demo upstream: %w", err)
	}
	return nil
}
