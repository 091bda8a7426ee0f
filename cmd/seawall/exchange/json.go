package exchange

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

// readJSON tells HAR, the audit logs and events apart by the keys that only one has.
func readJSON(text []byte, entry int) (*Exchange, error) {
	var keys struct {
		Log         json.RawMessage `json:"log"`
		Event       string          `json:"event"`
		Class       int             `json:"class_uid"`
		HTTPRequest json.RawMessage `json:"http_request"`
		HTTPCamel   json.RawMessage `json:"httpRequest"`
		Transaction json.RawMessage `json:"transaction"`
		Request     json.RawMessage `json:"request"`
		AuditData   json.RawMessage `json:"audit_data"`
	}
	// A log's first record is enough; what follows it is another.
	if err := json.NewDecoder(strings.NewReader(string(text))).Decode(&keys); err != nil {
		return nil, fmt.Errorf("it looks like JSON: %w", err)
	}
	switch {
	case keys.Event == "seawall":
		return readEvent(text)
	case keys.Event != "":
		return nil, fmt.Errorf("the event %q is of no exchange", keys.Event)
	case keys.Log != nil:
		return readHAR(keys.Log, entry)
	case keys.HTTPRequest != nil || keys.HTTPCamel != nil:
		return readOCSF(text)
	case keys.Transaction != nil && (keys.Request != nil || keys.AuditData != nil):
		return readLegacy(text)
	case keys.Transaction != nil:
		return readAudit(text)
	}
	return nil, errors.New("this JSON is neither HAR, nor a record of Coraza's audit log, nor an event of Seawall's")
}

// decode reads the first JSON value of text.
func decode(text []byte, into any) error {
	return json.NewDecoder(strings.NewReader(string(text))).Decode(into)
}

// harMessage is what HAR 1.2's request and response have in common.
type harMessage struct {
	Headers []struct{ Name, Value string } `json:"headers"`
}

func readHAR(text []byte, entry int) (*Exchange, error) {
	var log struct {
		Entries []struct {
			Request struct {
				harMessage
				Method, URL, HTTPVersion string
				PostData                 *struct {
					MimeType, Text, Encoding string
					Params                   []struct{ Name, Value string }
				}
			}
			Response struct {
				harMessage
				Status  int
				Content struct{ Text, Encoding string }
			}
		}
	}
	if err := decode(text, &log); err != nil {
		return nil, fmt.Errorf("reading the HAR file: %w", err)
	}
	switch {
	case len(log.Entries) == 0:
		return nil, errors.New("the HAR file has no entries")
	case entry == 0 && len(log.Entries) > 1:
		var list strings.Builder
		for i, e := range log.Entries[:min(len(log.Entries), 20)] {
			fmt.Fprintf(&list, "\n  %d: %d %s %.120s", i+1, e.Response.Status, terminal.Printable(e.Request.Method), terminal.Printable(e.Request.URL))
		}
		return nil, fmt.Errorf("the HAR file has %d entries; choose one with --entry:%s", len(log.Entries), list.String())
	case entry < 0 || entry > len(log.Entries):
		return nil, fmt.Errorf("the HAR file has entries 1 to %d, not %d", len(log.Entries), entry)
	}
	e := log.Entries[max(entry, 1)-1]
	x := &Exchange{Source: "har", Method: e.Request.Method, Protocol: strings.ToUpper(e.Request.HTTPVersion)}
	if !strings.HasPrefix(x.Protocol, "HTTP/") {
		x.Protocol = map[string]string{"H2": "HTTP/2", "H3": "HTTP/3"}[x.Protocol]
	}
	x.Protocol = strings.Replace(x.Protocol, "HTTP/2.0", "HTTP/2", 1)
	if err := x.url(e.Request.URL, true); err != nil {
		return nil, err
	}
	for _, h := range e.Request.Headers {
		if h.Name != ":path" {
			x.add(h.Name, h.Value)
		}
	}
	if p := e.Request.PostData; p != nil {
		x.Body = []byte(p.Text)
		if p.Text == "" && len(p.Params) > 0 {
			x.Missing = append(x.Missing, "the HAR file has the body's parameters, but not the body itself")
		}
		if p.Encoding == "base64" {
			if raw, err := base64.StdEncoding.DecodeString(p.Text); err == nil {
				x.Body = raw
			}
		}
		if _, ok := x.Header("content-type"); !ok && p.MimeType != "" {
			x.add("content-type", p.MimeType)
		}
	}
	if e.Response.Status > 0 {
		r := &Response{Status: e.Response.Status, Body: []byte(e.Response.Content.Text)}
		if e.Response.Content.Encoding == "base64" {
			if raw, err := base64.StdEncoding.DecodeString(e.Response.Content.Text); err == nil {
				r.Body = raw
			}
		}
		for _, h := range e.Response.Headers {
			r.Headers = append(r.Headers, [2]string{strings.ToLower(h.Name), h.Value})
		}
		if _, ours := (&Exchange{Headers: r.Headers}).Header("x-seawall-id"); !ours {
			x.Response = r // else it is our own refusal, which no rule ever saw
		}
	}
	x.complete()
	if len(x.Missing) == 0 {
		x.measure()
	}
	return x, nil
}
