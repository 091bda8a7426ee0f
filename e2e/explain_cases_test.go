package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// A remedied is a request that the Core Rule Set blocks, and the narrowest exclusion
// that `seawall explain` gives for it.
type remedied struct {
	name    string
	rule    int // of CRS's test
	request filtertest.Message
	seclang string
	targets []string
	attacks []filtertest.Message // of its category, at its path, in other arguments
}

func (r remedied) host(i int) string { return fmt.Sprintf("app%d.example.com", i) }

// remediedCases takes attacks that are blocked as things are, from as many of CRS's
// categories as there are, and asks explain about each.
func remediedCases(t *testing.T, want int) []remedied {
	t.Helper()
	config, err := filter.ParseConfig(nil)
	require.NoError(t, err)
	config.ScreenOff = true
	engine, err := filter.NewEngine(config)
	require.NoError(t, err)
	seawall := filepath.Join(t.TempDir(), "seawall")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", seawall, "../cmd/seawall").CombinedOutput()
	require.NoError(t, err, "%s", out)

	files, err := exchange.AttackFiles()
	require.NoError(t, err)
	var cases []remedied
	for _, perCategory := range []int{1, 2, 3, 4} {
		taken := map[string]int{}
		for _, c := range cases {
			taken[fmt.Sprint(c.rule/1000)]++
		}
		for _, file := range files {
			category := regexp.MustCompile(`-(\d{3})-`).FindStringSubmatch(file)[1]
			name := filepath.Base(file)
			known := false
			for _, c := range cases {
				known = known || strings.HasPrefix(c.name, strings.TrimSuffix(name, ".yaml"))
			}
			if len(cases) == want || known || taken[category] >= perCategory || strings.HasPrefix(file, "RESPONSE") {
				continue
			}
			if c, ok := remediedOf(t, engine, seawall, file); ok {
				cases = append(cases, c)
				taken[category]++
			}
		}
	}
	return cases
}

// remediedOf takes a file's first attack that is blocked and that a client can send
// through an Envoy.
func remediedOf(t *testing.T, engine *filter.Engine, seawall, file string) (c remedied, ok bool) {
	t.Helper()
	attacks, err := exchange.AttacksIn(file)
	require.NoError(t, err)
	for _, a := range attacks[:min(len(attacks), 5)] {
		outcome := engine.Replay(a.Request.Filter())
		if !outcome.Denied() || !sendable(a.Request) {
			continue
		}
		c = remedied{name: a.Test, rule: a.Rule, request: messageOf(a.Request)}
		if !c.explained(t, seawall, a.Request) {
			return c, false
		}
		c.attacks = c.others(t, engine, a.Request)
		return c, true
	}
	return c, false
}

// explained takes the first remedy, if it is the narrowest form for every rule.
func (c *remedied) explained(t *testing.T, seawall string, x *exchange.Exchange) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), seawall, "explain", "--output", "json", "--attacks", "0", "-")
	cmd.Stdin = strings.NewReader(rawOf(x))
	out, err := cmd.Output()
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit) && exit.ExitCode() == 1, "explain of %s: %v", c.name, err)
	var report struct {
		Remedies []struct {
			Exclusions []filter.Exclusion
			Request    *filter.Outcome
		}
	}
	require.NoError(t, json.NewDecoder(bytes.NewReader(out)).Decode(&report))
	if len(report.Remedies) == 0 {
		return false
	}
	first := report.Remedies[0]
	for _, e := range first.Exclusions {
		if e.Form != filter.TargetAtPath {
			return false
		}
		c.seclang += e.SecLang
		c.targets = append(c.targets, e.Targets...)
	}
	require.NotNil(t, first.Request)
	require.False(t, first.Request.Blocked(), "%s: explain's own proof", c.name)
	return true
}

// others are up to five blocked attacks of the category, at the same path, that have
// nothing in what the exclusion names.
func (c *remedied) others(t *testing.T, engine *filter.Engine, x *exchange.Exchange) []filtertest.Message {
	t.Helper()
	attacks, err := exchange.Attacks(c.rule, 60)
	require.NoError(t, err)
	path, _, _ := strings.Cut(x.Path, "?")
	var chosen []filtertest.Message
	for _, a := range attacks {
		other := *a.Request
		own, _, _ := strings.Cut(other.Path, "?")
		if len(chosen) == 5 || !regexp.MustCompile(`^/[a-z]*$`).MatchString(own) || !sendable(&other) || c.excludes(&other) {
			continue
		}
		other.Path = atPath(other.Path, path)
		if outcome := engine.Replay(other.Filter()); outcome.Denied() {
			chosen = append(chosen, messageOf(&other))
		}
	}
	return chosen
}

// atPath is a target with another path and its own query.
func atPath(target, path string) string {
	if _, query, ok := strings.Cut(target, "?"); ok {
		return path + "?" + query
	}
	return path
}

// excludes reports whether a request has a part that is one of the targets, or may be.
func (c *remedied) excludes(x *exchange.Exchange) bool {
	_, query, _ := strings.Cut(x.Path, "?")
	text := strings.ToLower(query + "&" + string(x.Body))
	for _, target := range c.targets {
		collection, key, _ := strings.Cut(strings.ToLower(target), ":")
		_, header := x.Header(key)
		if key == "" || collection == "request_headers" && header ||
			strings.Contains(text, "&"+key+"=") || strings.HasPrefix(text, key+"=") || strings.Contains(text, `"`+key) {
			return true
		}
	}
	return false
}

var printable = regexp.MustCompile(`^[\x21-\x7e]+$`)

// sendable: neither a client nor Envoy refuses, or changes, what the request has.
func sendable(x *exchange.Exchange) bool {
	for _, h := range x.Headers {
		if strings.ContainsFunc(h[1], func(r rune) bool { return r < ' ' || r > '~' }) || h[0] == "upgrade" || h[0] == "expect" || h[0] == "referer" {
			return false
		}
	}
	return x.Response == nil && x.Protocol == "HTTP/1.1" && printable.MatchString(x.Path) && strings.HasPrefix(x.Path, "/") &&
		!strings.Contains(x.Path, "#") && (x.Method == "GET" || x.Method == "POST") && x.Host != ""
}

func messageOf(x *exchange.Exchange) filtertest.Message {
	m := filtertest.Message{Method: x.Method, Path: x.Path}
	for _, h := range x.Headers {
		if h[0] != "content-length" || len(x.Body) == 0 {
			m.Headers = append(m.Headers, h)
		}
	}
	if len(x.Body) > 0 {
		m.Body = []string{string(x.Body)}
	}
	return m
}

func rawOf(x *exchange.Exchange) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\r\nhost: %s\r\n", x.Method, x.Path, x.Protocol, x.Host)
	for _, h := range x.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n" + string(x.Body))
	return b.String()
}
