package library

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// An UnreachableError says that the admin interface did not answer as one.
type UnreachableError struct {
	URL   string
	Cause error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("asking Envoy's admin at %s: %v", e.URL, e.Cause)
}

func (e *UnreachableError) Unwrap() error { return e.Cause }

// adminTimeout bounds the question; an admin that lives answers within
// milliseconds.
const adminTimeout = 5 * time.Second

// maxServerInfo bounds the answer, in bytes; it is a few kB.
const maxServerInfo = 1 << 20

// 6eb0d2d97489ec1b4e1584a004f5de443d97a41b/1.39.3/Clean/RELEASE/BoringSSL
var serverVersion = regexp.MustCompile(`^[0-9a-f]*/(\d+\.\d+\.\d+)[^/]*/`)

// RunningVersion asks a running Envoy's admin interface for its version, "1.39.3".
func RunningVersion(ctx context.Context, admin *url.URL) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	at := admin.Scheme + "://" + admin.Host
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/server_info", nil)
	if err != nil {
		return "", &UnreachableError{at, err}
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy, ever
	response, err := client.Do(request)
	if err != nil {
		return "", &UnreachableError{at, err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxServerInfo))
	if err != nil {
		return "", &UnreachableError{at, err}
	}
	var info struct {
		Version string `json:"version"`
	}
	if response.StatusCode != http.StatusOK || json.Unmarshal(body, &info) != nil {
		return "", &UnreachableError{at, fmt.Errorf("/server_info answers %s, which no admin interface does", response.Status)}
	}
	match := serverVersion.FindStringSubmatch(info.Version)
	if match == nil {
		return "", &UnreachableError{at, errors.New("/server_info names no Envoy version")}
	}
	return match[1], nil
}
