package exchange

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

const noBody = "the audit log holds no request body (SecAuditLogParts without C, or none was sent)"

// readAudit reads Coraza's SecAuditLogFormat JSON.
func readAudit(text []byte) (*Exchange, error) {
	var record struct {
		Transaction struct {
			ID       string `json:"id"`
			ClientIP string `json:"client_ip"`
			Request  *struct {
				Method, URI, Protocol string
				HTTPVersion           string `json:"http_version"`
				Headers               map[string][]string
				Body                  string
			}
			Response *struct {
				Status  int
				Headers map[string][]string
				Body    string
			}
		}
	}
	if err := decode(text, &record); err != nil {
		return nil, fmt.Errorf("reading the audit log's record: %w", err)
	}
	t := record.Transaction
	if t.Request == nil {
		return nil, fmt.Errorf("the audit log's record %s has no request: SecAuditLogParts needs B, and C for the body", t.ID)
	}
	x := &Exchange{Source: "audit log (json)", ID: t.ID, Client: t.ClientIP, Method: t.Request.Method, Path: t.Request.URI,
		Protocol: first(t.Request.Protocol, t.Request.HTTPVersion)}
	x.recorded(fields(t.Request.Headers), t.Request.Body)
	if r := t.Response; r != nil && r.Status > 0 {
		x.answered(r.Status, fields(r.Headers), r.Body)
	}
	return x, nil
}

// recorded takes what an audit log has of a request: its headers have lost their
// order, and the body may be missing where there was one.
func (x *Exchange) recorded(headers [][2]string, body string) {
	for _, h := range headers {
		x.add(h[0], h[1])
	}
	x.Body = []byte(body)
	length, _ := x.Header("content-length")
	n, err := strconv.Atoi(length)
	switch {
	case body == "" && (err == nil && n > 0 || hasType(x)):
		x.Missing = append(x.Missing, noBody)
	case err == nil && n > len(body):
		x.Missing = append(x.Missing, fmt.Sprintf("the audit log holds %d of the body's %d bytes", len(body), n))
	}
	x.complete()
}

func hasType(x *Exchange) bool {
	_, ok := x.Header("content-type")
	return ok && x.Method != "GET" && x.Method != "HEAD"
}

// answered takes what an audit log has of a response. Where the exchange was denied
// that is nothing that an upstream sent.
func (x *Exchange) answered(status int, headers [][2]string, body string) {
	if len(headers) > 0 {
		x.Response = &Response{Status: status, Headers: headers, Body: []byte(body)}
	}
}

// readLegacy reads SecAuditLogFormat JsonLegacy.
func readLegacy(text []byte) (*Exchange, error) {
	var record struct {
		Transaction struct {
			ID     string `json:"transaction_id"`
			Client string `json:"remote_address"`
		}
		Request *struct {
			Line    string `json:"request_line"`
			Headers map[string]string
			Body    []string
		}
		Response *struct {
			Status  int
			Headers map[string]string
		}
	}
	if err := decode(text, &record); err != nil {
		return nil, fmt.Errorf("reading the audit log's record: %w", err)
	}
	if record.Request == nil {
		return nil, fmt.Errorf("the audit log's record %s has no request: SecAuditLogParts needs B", record.Transaction.ID)
	}
	x := &Exchange{Source: "audit log (jsonlegacy)", ID: record.Transaction.ID, Client: record.Transaction.Client}
	if err := x.requestLine(record.Request.Line); err != nil {
		return nil, err
	}
	x.recorded(fields(single(record.Request.Headers)), strings.Join(record.Request.Body, ""))
	if r := record.Response; r != nil && r.Status > 0 {
		x.answered(r.Status, fields(single(r.Headers)), "")
	}
	return x, nil
}

func single(headers map[string]string) map[string][]string {
	all := make(map[string][]string, len(headers))
	for name, value := range headers {
		all[name] = []string{value}
	}
	return all
}

func (x *Exchange) requestLine(line string) error {
	method, rest, ok := strings.Cut(line, " ")
	if !ok {
		return fmt.Errorf("the request line %.80q has no target", line)
	}
	x.Method, x.Path = method, rest
	if i := strings.LastIndexByte(rest, ' '); i >= 0 {
		x.Path, x.Protocol = rest[:i], rest[i+1:]
	}
	return nil
}

// readOCSF reads SecAuditLogFormat OCSF: a Web Resources Activity, schema 1.2.
func readOCSF(text []byte) (*Exchange, error) {
	type headers []struct{ Name, Value string }
	type request struct {
		Version, Args, UID string
		Method             string  `json:"http_method"`
		MethodCamel        string  `json:"httpMethod"`
		Headers            headers `json:"http_headers"`
		HeadersCamel       headers `json:"httpHeaders"`
		URL                struct {
			Text      string `json:"url_string"`
			TextCamel string `json:"urlString"`
		}
	}
	var record struct {
		Request      *request                     `json:"http_request"`
		RequestCamel *request                     `json:"httpRequest"`
		Source       struct{ IP string }          `json:"src_endpoint"`
		Response     *struct{ Code int }          `json:"http_response"`
		Enrichments  []map[string]json.RawMessage `json:"enrichments"`
	}
	if err := decode(text, &record); err != nil {
		return nil, fmt.Errorf("reading the audit log's OCSF record: %w", err)
	}
	r := record.Request
	if r == nil {
		r = record.RequestCamel
	}
	x := &Exchange{Source: "audit log (ocsf)", ID: r.UID, Client: record.Source.IP, Protocol: r.Version,
		Method: first(r.Method, r.MethodCamel), Path: first(r.URL.Text, r.URL.TextCamel)}
	for _, h := range append(r.Headers, r.HeadersCamel...) {
		x.add(h.Name, h.Value)
	}
	if length, ok := x.Header("content-length"); ok && length != "0" || hasType(x) {
		x.Missing = append(x.Missing, "OCSF records hold no request body")
	}
	if x.Protocol == "" {
		x.Protocol = "HTTP/1.1"
	}
	return x, nil
}

// --xUgHjEkZiPaKBwSt-A--
var (
	nativeStart = regexp.MustCompile(`^--[0-9A-Za-z]+-A--$`)
	nativePart  = regexp.MustCompile(`^--[0-9A-Za-z]+-([A-Z])--$`)
	nativeHead  = regexp.MustCompile(`^\[[^\]]*\] (\S+) (\S+) \d+ \S+ \d+$`)
)

// unescape undoes what Coraza does to line breaks and backslashes (auditlog/formats.go).
var unescape = strings.NewReplacer(`\\`, `\`, `\r`, "\r", `\n`, "\n")

// readNative reads SecAuditLogFormat Native: parts between boundaries.
func readNative(text []byte) (*Exchange, error) {
	parts := map[string][]string{}
	part := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if m := nativePart.FindStringSubmatch(line); m != nil {
			if part = m[1]; part == "Z" {
				break
			}
			continue
		}
		parts[part] = append(parts[part], line)
	}
	x := &Exchange{Source: "audit log (native)"}
	if part != "Z" {
		x.Missing = append(x.Missing, fmt.Sprintf("the audit log's record is cut short: it ends in part %s, without part Z", part))
	}
	if len(parts["A"]) > 0 {
		if m := nativeHead.FindStringSubmatch(parts["A"][0]); m != nil {
			x.ID, x.Client = unescape.Replace(m[1]), m[2]
		}
	}
	if len(parts["B"]) == 0 {
		return nil, fmt.Errorf("the audit log's record %s has no request: SecAuditLogParts needs B, and C for the body", x.ID)
	}
	if err := x.requestLine(unescape.Replace(parts["B"][0])); err != nil {
		return nil, err
	}
	x.recorded(headerLines(parts["B"][1:]), unescape.Replace(strings.TrimRight(strings.Join(parts["C"], "\n"), "\n")))
	if f := parts["F"]; len(f) > 1 {
		words := strings.Fields(f[0])
		if len(words) > 1 {
			if status, err := strconv.Atoi(words[1]); err == nil && status > 0 {
				x.answered(status, headerLines(f[1:]), unescape.Replace(strings.TrimRight(strings.Join(parts["E"], "\n"), "\n")))
			}
		}
	}
	return x, nil
}

func headerLines(lines []string) [][2]string {
	all := map[string][]string{}
	for _, line := range lines {
		if name, value, ok := strings.Cut(unescape.Replace(line), ": "); ok {
			all[name] = append(all[name], value)
		}
	}
	return fields(all)
}
