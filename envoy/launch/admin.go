package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// How often the admin is asked while Envoy starts.
const pollEvery = 20 * time.Millisecond

// withAdmin returns a copy whose admin listens on hostport; the trees share all
// else.
func (b *Bootstrap) withAdmin(hostport string) *Bootstrap {
	c := &Bootstrap{Tree: maps.Clone(b.Tree)}
	if c.Tree == nil {
		c.Tree = map[string]any{}
	}
	address := map[string]any{}
	c.Tree["admin"] = map[string]any{"address": address}
	_ = c.setAddress(hostport, "admin", "address") // cannot fail: both were just made
	return c
}

// awaitLive returns when the admin says LIVE, or why that cannot come.
func (e *Envoy) awaitLive(ctx context.Context) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-e.exited:
			if e.err == nil {
				return errors.New("it exited before it was ready")
			}
			return fmt.Errorf("it exited before it was ready: %w", e.err)
		case <-ctx.Done():
			return fmt.Errorf("it was not ready in time: %w", ctx.Err())
		case <-ticker.C:
		}
		if e.admin == "" {
			// Envoy writes the file after the admin has bound its port.
			text, _ := os.ReadFile(e.adminPath())
			if _, _, err := net.SplitHostPort(string(text)); err != nil {
				continue
			}
			e.admin = string(text)
		}
		if body, err := e.Admin(ctx, http.MethodGet, "/ready"); err == nil && strings.TrimSpace(string(body)) == "LIVE" {
			return nil
		}
	}
}

// AdminAddress is the admin interface's host:port.
func (e *Envoy) AdminAddress() string { return e.admin }

// Admin asks the admin interface, "/stats?filter=seawall", and returns the
// body. Any status but 200 is an error.
func (e *Envoy) Admin(ctx context.Context, method, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+e.admin+path, nil)
	if err != nil {
		return nil, fmt.Errorf("asking envoy's admin for %s: %w", path, err)
	}
	response, err := e.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking envoy's admin for %s: %w", path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("asking envoy's admin for %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking envoy's admin for %s: status %d: %.200s", path, response.StatusCode, body)
	}
	return body, nil
}

// Ports returns the port that each listener is bound to, by listener name.
func (e *Envoy) Ports(ctx context.Context) (map[string]int, error) {
	body, err := e.Admin(ctx, http.MethodGet, "/listeners?format=json")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Statuses []struct {
			Name    string `json:"name"`
			Address struct {
				Socket struct {
					Port int `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("reading envoy's listeners: %w", err)
	}
	ports := make(map[string]int, len(answer.Statuses))
	for _, listener := range answer.Statuses {
		ports[listener.Name] = listener.Address.Socket.Port
	}
	return ports, nil
}

// Stats returns the counters and gauges whose names match filter (a regular
// expression; "" for all), with their tags still in their names. Histograms are
// left out.
func (e *Envoy) Stats(ctx context.Context, filter string) (map[string]uint64, error) {
	body, err := e.Admin(ctx, http.MethodGet, "/stats?filter="+url.QueryEscape(filter))
	if err != nil {
		return nil, err
	}
	stats := map[string]uint64{}
	for line := range strings.Lines(string(body)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if number, err := strconv.ParseUint(value, 10, 64); err == nil {
			stats[name] = number
		}
	}
	return stats, nil
}
