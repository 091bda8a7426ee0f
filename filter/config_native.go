package filter

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Native returns c as a config document in the native form, in YAML with every
// value spelled out, except the templates of the block response that are the
// defaults. ParseConfig reads it back as the same Config, but for the places of
// the snippets.
func (c *Config) Native() ([]byte, error) {
	if c.Disabled {
		return []byte("disabled: true\n"), nil
	}
	if len(c.Policies) == 0 {
		return nil, errors.New("printing a config: it has no policy")
	}
	w := &yamlWriter{}
	w.line(0, "policies", "")
	for _, name := range c.policyNames() {
		w.line(1, name, "")
		w.snippets(2, "directives", c.Policies[name].Snippets)
	}
	w.line(0, "default_policy", quoteYAML(c.DefaultPolicy))
	hosts := make(map[string]string, len(c.Hosts))
	for host, policy := range c.Hosts {
		if strings.Contains(host, ":") {
			host = "[" + host + "]" // an IPv6 address
		}
		hosts[host] = policy
	}
	w.stringMap("hosts", hosts)
	switch {
	case c.RequestOnly:
		w.line(0, "inspect", "request")
	case c.ResponseOnly:
		w.line(0, "inspect", "response")
	default:
		w.line(0, "inspect", "both")
	}
	if c.OnError == FailOpen {
		w.line(0, "on_error", "open")
	} else {
		w.line(0, "on_error", "closed")
	}
	w.body("request_body", c.RequestBody)
	w.body("response_body", c.ResponseBody)
	w.block(c.Block, DefaultBlockResponse)
	w.line(0, "held_bytes_budget", strconv.Itoa(c.HeldBytesBudget))
	if c.ScreenOff {
		w.line(0, "screen", `"off"`)
	} else {
		w.line(0, "screen", `"on"`)
	}
	w.line(0, "verify_sample", strconv.FormatFloat(c.VerifySample, 'f', -1, 64))
	w.line(0, "log_matched_data", strconv.FormatBool(c.LogMatchedData))
	w.stringMap("metric_labels", c.Labels)
	return []byte(w.String()), nil
}

type yamlWriter struct{ strings.Builder }

const indentWidth = 2

// safeKey needs no quotes: it is text to every YAML reader, null apart.
var safeKey = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// line writes "key: value", the value being YAML already.
func (w *yamlWriter) line(depth int, key, value string) {
	if !safeKey.MatchString(key) || key == "null" {
		key = quoteYAML(key)
	}
	w.WriteString(strings.TrimRight(strings.Repeat(" ", depth*indentWidth)+key+": "+value, " ") + "\n")
}

// text writes a string after prefix (a key and colon, or a dash): as a block
// where that is exact and better to read, else in quotes.
func (w *yamlWriter) text(depth int, prefix, text string) {
	indent := strings.Repeat(" ", depth*indentWidth)
	w.WriteString(indent + prefix)
	if !strings.ContainsAny(text, "\"\\\n") || !fitsBlock(text) {
		w.WriteString(quoteYAML(text) + "\n")
		return
	}
	header := "|"
	if !strings.HasSuffix(text, "\n") {
		header = "|-"
	}
	w.WriteString(header + "\n")
	for line := range strings.Lines(strings.TrimSuffix(text, "\n")) {
		if line != "\n" {
			w.WriteString(indent + strings.Repeat(" ", indentWidth))
		}
		w.WriteString(line)
	}
	w.WriteString("\n")
}

func (w *yamlWriter) snippets(depth int, key string, snippets []Snippet) {
	if len(snippets) == 1 {
		w.text(depth, key+": ", snippets[0].Text)
		return
	}
	w.line(depth, key, "")
	for _, s := range snippets {
		w.text(depth+1, "- ", s.Text)
	}
}

func (w *yamlWriter) body(key string, b BodyOptions) {
	w.line(0, key, "")
	w.line(1, "max_held_bytes", strconv.Itoa(b.MaxHeldBytes))
	w.line(1, "offload_bytes", strconv.Itoa(b.OffloadBytes))
}

func (w *yamlWriter) block(b, usual BlockResponse) {
	if b == usual {
		return
	}
	w.line(0, "block_response", "")
	for _, t := range []struct{ key, text, usual string }{
		{"text", b.Text, usual.Text}, {"html", b.HTML, usual.HTML}, {"json", b.JSON, usual.JSON},
	} {
		if t.text != t.usual {
			w.text(1, t.key+": ", t.text)
		}
	}
}

func (w *yamlWriter) stringMap(key string, m map[string]string) {
	if len(m) == 0 {
		return
	}
	w.line(0, key, "")
	for _, k := range slices.Sorted(maps.Keys(m)) {
		w.line(1, k, quoteYAML(m[k]))
	}
}

// fitsBlock says whether a YAML literal block gives text back as it is: all of it
// printable, no space where a block's indentation or a parser's trimming would
// take it, at most one line break at the end.
func fitsBlock(text string) bool {
	body := strings.TrimSuffix(text, "\n")
	if body == "" || strings.HasPrefix(body, " ") || strings.HasPrefix(body, "\n") || strings.HasSuffix(body, "\n") {
		return false
	}
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasSuffix(line, " ") || strings.HasPrefix(line, "\t") || strings.HasSuffix(line, "\t") {
			return false
		}
	}
	return !strings.ContainsFunc(body, func(r rune) bool {
		return r != '\n' && r != '\t' && !unicode.IsPrint(r) || r == utf8.RuneError
	})
}

// quoteYAML writes a double-quoted YAML scalar on one line (YAML 1.2, 5.7).
func quoteYAML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 1<<16:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
