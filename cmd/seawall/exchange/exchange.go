// Package exchange reads an HTTP exchange from what people have at hand: a curl
// command line, a URL, raw HTTP/1, a HAR file, a record of Coraza's audit log
// (JSON, JsonLegacy, Native, OCSF), or an event of Seawall's.
//
//	Read(text)          one text, in whatever format it is
//	Reader{...}.Read    the same; it may read files that a curl line names
//	Reader{...}.Curl    a command line, when it is known to be one
//	Records(reader)     the records of a log, one by one
//	Find(reader, id)    the record of one transaction
//	Attacks(rule, n)    CRS's own regression tests, as exchanges
//
// It judges nothing; filter.Engine.Replay and filter.Explainer do.
package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/seawall-waf/seawall/filter"
)

// An Exchange is a request, with its response where the source has one.
type Exchange struct {
	Source   string // the format: "curl", "http", "har", "audit log (json)" ...
	ID       string // of the transaction, where the source has one
	Method   string
	Path     string // the request target, query included
	Host     string
	Protocol string      // "HTTP/1.1"
	Headers  [][2]string // in order, names in lower case, without Host
	Body     []byte
	Client   string // an IP address; "" is 127.0.0.1
	Response *Response
	// Event is set, and everything of the request but Method, Path (without its
	// query) and Host missing, where the source is an event.
	Event *Event
	// Missing says in words what the source does not hold, and was not replayed.
	Missing []string
}

// A Response is what the upstream answered.
type Response struct {
	Status  int
	Headers [][2]string
	Body    []byte
}

// MaxText bounds one request's text, in bytes.
const MaxText = 64 << 20

// A Reader says how text is read. The zero value is right for text of strangers.
type Reader struct {
	Entry int  // which of a HAR file's many, from 1
	Files bool // a curl command line may name files of this machine (-d @file)
}

// Read reads one exchange from text. Of a HAR file it is number entry, from 1.
func Read(text []byte, entry int) (*Exchange, error) { return Reader{Entry: entry}.Read(text) }

// Read reads one exchange from text.
func (r Reader) Read(text []byte) (*Exchange, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("the request is larger than %d MiB", MaxText>>20)
	}
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	first, _, _ := strings.Cut(string(trimmed[:min(len(trimmed), 8<<10)]), "\n")
	first = strings.TrimSpace(first)
	switch {
	case len(trimmed) == 0:
		return nil, errors.New("there is no request: the text is empty")
	case strings.HasPrefix(first, "curl ") || strings.HasPrefix(first, "$ curl "):
		return r.Curl(string(trimmed))
	case isURL(string(trimmed)):
		return readURL(string(trimmed))
	case trimmed[0] == '{':
		return readJSON(trimmed, r.Entry)
	case nativeStart.MatchString(first):
		return readNative(trimmed)
	case strings.Contains(first, "] {"): // Envoy's log: [time][thread][level] [file:line] {
		return readJSON([]byte(first[strings.Index(first, "] {")+2:]), r.Entry)
	case requestLine.MatchString(first):
		return readHTTP(bytes.TrimLeft(text, "\r\n"))
	}
	return nil, fmt.Errorf("it begins with %.40q: want a curl command line, a URL, raw HTTP, HAR, "+
		"a record of Coraza's audit log, or an event of Seawall's", first)
}

func isURL(s string) bool {
	return (strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")) && !strings.ContainsAny(s, " \t\n")
}

// Filter is the exchange as the core takes it.
func (x *Exchange) Filter() *filter.Exchange {
	client, err := netip.ParseAddr(x.Client)
	if err != nil {
		client = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	f := &filter.Exchange{Body: x.Body, Request: filter.Request{
		Method: x.Method, Path: x.Path, Authority: x.Host, Protocol: x.Protocol, Headers: all(x.Headers),
		Client: filter.Endpoint{Addr: netip.AddrPortFrom(client, 40000)},
		Server: filter.Endpoint{Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 8080)},
	}}
	if r := x.Response; r != nil {
		f.Response, f.ResponseBody = &filter.Response{Status: r.Status, Headers: all(r.Headers)}, r.Body
	}
	return f
}

func all(headers [][2]string) filter.Headers {
	return func(yield func(string, string) bool) {
		for _, h := range headers {
			if !yield(h[0], h[1]) {
				return
			}
		}
	}
}

// Header returns a header's first value.
func (x *Exchange) Header(name string) (string, bool) {
	for _, h := range x.Headers {
		if h[0] == name {
			return h[1], true
		}
	}
	return "", false
}

// add takes a header as it was sent. Host goes where Envoy puts it; what Envoy
// takes out before any filter is left out here too.
func (x *Exchange) add(name, value string) {
	name, value = strings.ToLower(strings.TrimSpace(name)), strings.Trim(value, " \t")
	switch {
	case name == "host" || name == ":authority":
		x.Host = value
	case strings.HasPrefix(name, ":") || name == "":
	case name == "transfer-encoding", name == "keep-alive", name == "proxy-connection",
		name == "connection" && !strings.Contains(strings.ToLower(value), "upgrade"):
	default:
		x.Headers = append(x.Headers, [2]string{name, value})
	}
}

// complete adds what every client sends with a body.
func (x *Exchange) complete() {
	if x.Protocol == "" {
		x.Protocol = "HTTP/1.1"
	}
	if _, ok := x.Header("content-length"); !ok && len(x.Body) > 0 {
		x.Headers = append(x.Headers, [2]string{"content-length", strconv.Itoa(len(x.Body))})
	}
}

// measure says where the body is not what Content-Length announces. Envoy would wait
// for the rest of a short one.
func (x *Exchange) measure() {
	for _, h := range x.Headers {
		if h[0] != "content-length" {
			continue
		}
		switch n, err := strconv.ParseUint(h[1], 10, 63); {
		case err != nil:
			x.Missing = append(x.Missing, fmt.Sprintf("Content-Length %.40q is no length: Envoy answers 400 before any rule runs", h[1]))
		case n > uint64(len(x.Body)):
			x.Missing = append(x.Missing, fmt.Sprintf("the body is cut short: %d of the %d bytes that Content-Length announces are here", len(x.Body), n))
		case n < uint64(len(x.Body)):
			x.Missing = append(x.Missing, fmt.Sprintf("the body has %d bytes, and Content-Length announces %d", len(x.Body), n))
		}
	}
}

// fields sorts a map of headers: its source has lost their order.
func fields(headers map[string][]string) [][2]string {
	var all [][2]string
	for name, values := range headers {
		for _, v := range values {
			all = append(all, [2]string{strings.ToLower(name), v})
		}
	}
	slices.SortStableFunc(all, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return all
}

// Inline reports whether text is a request itself, a URL or a curl command line, and
// not the name of a file that has one.
func Inline(text string) bool { return isURL(text) || strings.HasPrefix(text, "curl ") }

// readURL is what curl sends for a URL alone.
func readURL(text string) (*Exchange, error) {
	x, err := (&curl{x: &Exchange{Source: "url", Protocol: "HTTP/1.1"}, url: text}).request()
	if err != nil {
		return nil, fmt.Errorf("reading the URL: %w", err)
	}
	return x, nil
}
