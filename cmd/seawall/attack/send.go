package attack

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// IDHeader carries the block ID of a reply by Seawall.
const IDHeader = "X-Seawall-Id"

// The verdicts of a Result.
const (
	Blocked = "blocked" // a reply by Seawall, or a 403
	Passed  = "passed"
	Failed  = "failed" // no reply, or a 5xx that is not Seawall's
)

// A Result is what became of one case.
type Result struct {
	Class   string  `json:"class"`
	Place   string  `json:"place"`
	Verdict string  `json:"verdict"`
	OK      bool    `json:"ok"`     // an attack was blocked, a benign case passed
	Status  int     `json:"status"` // 0: no reply
	Millis  float64 `json:"latency_ms"`
	ID      string  `json:"id,omitempty"`
	Error   string  `json:"error,omitempty"`
}

// Plan bounds what is sent.
type Plan struct {
	Cases   []Case        // what to send; Cases() where nil
	Rate    int           // requests a second, at least 1
	Rounds  int           // times the whole list is sent, at least 1
	Timeout time.Duration // of each request
	Wait    time.Duration // how long to wait for the server's first answer
	// Addresses are the only ones to connect to; none: whatever the host's name is.
	Addresses []netip.Addr
}

// UnreachableError says that nothing listens at the server's address.
type UnreachableError struct{ Cause error }

func (e *UnreachableError) Error() string { return e.Cause.Error() }
func (e *UnreachableError) Unwrap() error { return e.Cause }

// Send sends every case, one after the other, and calls each with its result.
// It ends early with ctx, or with an UnreachableError.
func Send(ctx context.Context, base *url.URL, plan Plan, each func(Result)) error {
	dial := dialer(plan.Addresses)
	client := &http.Client{
		Timeout: plan.Timeout,
		// No proxy: the address that was checked is the one asked. No header is added.
		Transport:     &http.Transport{DisableCompression: true, DialContext: dial},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	if err := awaitServer(ctx, base, dial, plan.Wait); err != nil {
		return err
	}
	cases := plan.Cases
	if cases == nil {
		cases = Cases()
	}
	ticker := time.NewTicker(time.Second / time.Duration(plan.Rate))
	defer ticker.Stop()
	for range plan.Rounds {
		for _, c := range cases {
			result, err := send(ctx, client, base, c)
			if err != nil {
				return err
			}
			each(result)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-ticker.C:
			}
		}
	}
	return nil
}

// connectWithin bounds one attempt to connect, the TLS handshake included.
const connectWithin = 5 * time.Second

// awaitServer returns when something accepts connections at base, and speaks TLS
// where the scheme says so.
func awaitServer(ctx context.Context, base *url.URL, dial dialContext, wait time.Duration) error {
	address := base.Host
	if base.Port() == "" {
		address = net.JoinHostPort(base.Hostname(), map[string]string{"http": "80", "https": "443"}[base.Scheme])
	}
	deadline := time.Now().Add(wait)
	retry := time.NewTicker(200 * time.Millisecond)
	defer retry.Stop()
	for {
		err := tryServer(ctx, base, dial, address)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return &UnreachableError{fmt.Errorf("reaching %s: %w", base, err)}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-retry.C:
		}
	}
}

func tryServer(ctx context.Context, base *url.URL, dial dialContext, address string) error {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if base.Scheme == "https" {
		return tls.Client(conn, &tls.Config{ServerName: base.Hostname()}).HandshakeContext(ctx)
	}
	return nil
}

func send(ctx context.Context, client *http.Client, base *url.URL, c Case) (Result, error) {
	result := Result{Class: c.Class, Place: c.Place, Verdict: Failed}
	request, err := c.request(ctx, base)
	if err != nil {
		return result, err
	}
	start := time.Now()
	response, err := client.Do(request)
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
		response.Body.Close()
	}
	result.Millis = float64(time.Since(start).Microseconds()) / 1000
	var dial *net.OpError
	switch {
	case ctx.Err() != nil:
		return result, ctx.Err()
	case errors.As(err, &dial) && dial.Op == "dial":
		return result, &UnreachableError{fmt.Errorf("reaching %s: %w", base, err)}
	case err != nil:
		result.Error = reason(err)
		return result, nil //nolint:nilerr // a failed request is a result, and the report counts it
	}
	result.Status, result.ID = response.StatusCode, response.Header.Get(IDHeader)
	switch {
	case result.ID != "" || result.Status == http.StatusForbidden:
		result.Verdict = Blocked
	case result.Status < 500:
		result.Verdict = Passed
	default:
		result.Error = strings.ToLower(http.StatusText(result.Status)) + ", not by Seawall"
	}
	result.OK = result.Verdict == Passed && c.Benign() || result.Verdict == Blocked && !c.Benign()
	return result, nil
}

// reason is an error of the client's without the URL, which the table's head has.
func reason(err error) string {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no reply in time"
	case errors.Is(err, io.EOF):
		return "the connection was closed without a reply (EOF)"
	}
	return err.Error()
}

func isLoopbackIP(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && isLoopback(address)
}
