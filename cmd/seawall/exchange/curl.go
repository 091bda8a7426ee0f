package exchange

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Curl reads a curl command line as curl would send it. Data that stands in a file
// (-d @file) is read from there if r allows that, else an error, as is an option whose
// effect on the request is not known.
func (r Reader) Curl(line string) (*Exchange, error) {
	list, err := words(line)
	if err != nil {
		return nil, err
	}
	if len(list) > 0 && list[0] == "$" {
		list = list[1:]
	}
	if len(list) == 0 || list[0] != "curl" {
		return nil, errors.New("want a command line that begins with curl")
	}
	c := &curl{x: &Exchange{Source: "curl", Protocol: "HTTP/1.1"}, files: r.Files, room: MaxText}
	if err := c.read(list[1:]); err != nil {
		return nil, err
	}
	return c.request()
}

// curl is a command line's options so far.
type curl struct {
	x                     *Exchange
	url, method           string
	data                  []string // joined by &
	parts                 []part
	contentType           string // that the data imply
	get, head, asIs, json bool
	headers               [][2]string
	without               []string // headers that "Name:" takes out
	files                 bool     // may be read
	room                  int64    // for what is read of files, in bytes
}

// read goes through the options; letters without a value may stand together (-sSX POST).
func (c *curl) read(list []string) error {
	for i := 0; i < len(list); i++ {
		word := list[i]
		value := func() (string, error) {
			if i++; i >= len(list) {
				return "", fmt.Errorf("curl's %s lacks a value", word)
			}
			return list[i], nil
		}
		if !strings.HasPrefix(word, "-") || word == "-" {
			if err := c.setURL(word); err != nil {
				return err
			}
			continue
		}
		if strings.HasPrefix(word, "--") {
			if err := c.option(strings.TrimPrefix(word, "--"), value); err != nil {
				return err
			}
			continue
		}
		for letters := word[1:]; letters != ""; {
			name, known := short[letters[0]]
			if !known {
				return fmt.Errorf("curl's -%c is not known here; leave it out if it does not change the request", letters[0])
			}
			rest := letters[1:]
			next := value
			if rest != "" && takesValue(name) {
				joined := rest
				next, rest = func() (string, error) { return joined, nil }, ""
			}
			if err := c.option(name, next); err != nil {
				return err
			}
			letters = rest
		}
	}
	return nil
}

var short = map[byte]string{
	'X': "request", 'H': "header", 'd': "data", 'b': "cookie", 'A': "user-agent", 'e': "referer", 'u': "user",
	'G': "get", 'I': "head", 'F': "form", 'T': "upload-file", '0': "http1.0",
	'k': "insecure", 's': "silent", 'S': "show-error", 'L': "location", 'v': "verbose", 'i': "include", 'f': "fail",
	'g': "globoff", 'N': "no-buffer", '4': "ipv4", '6': "ipv6", '#': "progress-bar", 'O': "remote-name",
	'o': "output", 'w': "write-out", 'm': "max-time", 'x': "proxy", 'c': "cookie-jar", 'D': "dump-header", 'E': "cert",
}

// Options that change nothing of the request, without and with a value.
var (
	plain = strings.Fields(`insecure silent show-error location verbose include fail fail-with-body globoff
		no-buffer ipv4 ipv6 progress-bar remote-name http1.1 http2 http2-prior-knowledge http3 compressed-ssh no-keepalive no-progress-meter
		tlsv1.2 tlsv1.3 ssl-no-revoke parallel`)
	valued = strings.Fields(`output write-out max-time connect-timeout proxy cookie-jar dump-header cert key cacert resolve
		connect-to retry retry-delay retry-max-time interface limit-rate trace trace-ascii noproxy unix-socket`)
)

func takesValue(name string) bool {
	return slices.Contains(valued, name) || slices.Contains(strings.Fields(`request header data data-raw data-binary data-ascii
		data-urlencode json cookie user-agent referer user form form-string upload-file url`), name)
}

func (c *curl) option(name string, next func() (string, error)) error {
	if long, value, ok := strings.Cut(name, "="); ok && takesValue(long) {
		name, next = long, func() (string, error) { return value, nil }
	}
	switch name {
	case "get":
		c.get = true
		return nil
	case "head":
		c.head = true
		return nil
	case "path-as-is":
		c.asIs = true
		return nil
	case "compressed":
		c.headers = append(c.headers, [2]string{"accept-encoding", "deflate, gzip, br, zstd"})
		return nil
	case "http1.0":
		c.x.Protocol = "HTTP/1.0"
		return nil
	case "http2", "http2-prior-knowledge":
		c.x.Protocol = "HTTP/2"
		return nil
	}
	if slices.Contains(plain, name) {
		return nil
	}
	if !takesValue(name) {
		return fmt.Errorf("curl's --%s is not known here; leave it out if it does not change the request", name)
	}
	value, err := next()
	if err != nil || slices.Contains(valued, name) {
		return err
	}
	return c.set(name, value)
}

func (c *curl) set(name, value string) error {
	switch name {
	case "url":
		return c.setURL(value)
	case "request":
		c.method = value
	case "header":
		if strings.HasPrefix(value, "@") {
			return fmt.Errorf("curl's -H %s names a file of headers; give the headers themselves", value)
		}
		c.header(value)
	case "cookie":
		if !strings.Contains(value, "=") {
			return fmt.Errorf("curl's -b %s names a file of cookies; give the cookies themselves", value)
		}
		c.headers = append(c.headers, [2]string{"cookie", value})
	case "user-agent":
		c.header("user-agent: " + value)
	case "referer":
		c.header("referer: " + value)
	case "user":
		c.header("authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(value)))
	case "form", "form-string":
		return c.addPart(value, name == "form-string")
	case "upload-file":
		data, err := c.file("-T", value)
		if err != nil {
			return err
		}
		c.data, c.contentType = []string{string(data)}, ""
		c.method = first(c.method, "PUT")
	default:
		return c.addData(name, value)
	}
	return nil
}

// header takes "Name: value"; "Name:" leaves a header out, "Name;" sends it empty.
func (c *curl) header(text string) {
	name, value, colon := strings.Cut(text, ":")
	switch {
	case colon && strings.TrimSpace(value) == "":
		c.without = append(c.without, strings.ToLower(strings.TrimSpace(name)))
	case colon:
		c.headers = append(c.headers, [2]string{strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)})
	case strings.HasSuffix(text, ";"):
		c.headers = append(c.headers, [2]string{strings.ToLower(strings.TrimSuffix(text, ";")), ""})
	}
}

func (c *curl) setURL(text string) error {
	if c.url != "" {
		return fmt.Errorf("the command line has two URLs, %s and %s; give one", c.url, text)
	}
	c.url = text
	return nil
}

func first(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}
