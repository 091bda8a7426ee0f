package exchange

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// curlVersion is what curl calls itself unless told otherwise; no rule of CRS
// minds which it is.
const curlVersion = "curl/8.14.1"

// request is what curl sends: its own headers first, unless -H has them.
func (c *curl) request() (*Exchange, error) {
	x := c.x
	if c.url == "" {
		return nil, errors.New("the command line has no URL")
	}
	data := strings.Join(c.data, "&")
	if c.get && data != "" {
		joint := "?"
		if strings.Contains(c.url, "?") {
			joint = "&"
		}
		address, _, _ := strings.Cut(c.url, "#")
		c.url, data, c.data, c.contentType = address+joint+data, "", nil, ""
	}
	if err := x.url(c.url, c.asIs); err != nil {
		return nil, err
	}
	switch {
	case c.method != "":
		x.Method = c.method
	case c.head:
		x.Method = "HEAD"
	case len(c.data) > 0 || len(c.parts) > 0:
		x.Method = "POST"
	default:
		x.Method = "GET"
	}
	x.Body = []byte(data)
	if len(c.parts) > 0 {
		x.Body, c.contentType = multipart(c.parts), "multipart/form-data; boundary="+boundary
	}
	own := [][2]string{{"user-agent", curlVersion}, {"accept", "*/*"}}
	if c.json {
		own[1][1] = "application/json"
	}
	if len(x.Body) > 0 && c.contentType != "" {
		own = append(own, [2]string{"content-type", c.contentType})
	}
	for _, h := range own {
		given := slices.ContainsFunc(c.headers, func(g [2]string) bool { return g[0] == h[0] })
		if !given && !slices.Contains(c.without, h[0]) {
			x.add(h[0], h[1])
		}
	}
	for _, h := range c.headers {
		x.add(h[0], h[1])
	}
	x.complete()
	x.measure()
	return x, nil
}

// url takes a URL apart without decoding anything: rules see what is sent.
func (x *Exchange) url(text string, asIs bool) error {
	rest := text
	if scheme, after, ok := strings.Cut(text, "://"); ok {
		if scheme = strings.ToLower(scheme); scheme != "http" && scheme != "https" {
			return fmt.Errorf("%s is no URL of http or https", text)
		}
		rest = after
	}
	rest, _, _ = strings.Cut(rest, "#")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, target := rest[:end], rest[end:]
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if host == "" {
		return fmt.Errorf("the URL %q has no host", text)
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	if !asIs {
		target = withoutDots(target)
	}
	x.Host, x.Path = host, strings.ReplaceAll(target, " ", "%20")
	return nil
}

// withoutDots is RFC 3986, 5.2.4, which curl applies unless --path-as-is.
func withoutDots(target string) string {
	path, query, hasQuery := strings.Cut(target, "?")
	segments := strings.Split(path, "/")
	var kept []string
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".", "..":
			if s == ".." && len(kept) > 1 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, s)
		}
	}
	path = strings.Join(kept, "/")
	if hasQuery {
		return path + "?" + query
	}
	return path
}

// A part is one -F.
type part struct {
	name, file, contentType, content string
}

func (c *curl) addPart(text string, literal bool) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("curl's -F %s: want name=value", text)
	}
	p := part{name: name, content: value}
	if !literal {
		value, options, _ := strings.Cut(value, ";")
		p.content = value
		if file, isFile := strings.CutPrefix(value, "@"); isFile || strings.HasPrefix(value, "<") {
			if !isFile {
				file = value[1:]
			} else {
				p.file, p.contentType = filepath.Base(file), "application/octet-stream"
			}
			data, err := c.file("-F", file)
			if err != nil {
				return err
			}
			p.content = string(data)
		}
		for option := range strings.SplitSeq(options, ";") {
			switch key, v, _ := strings.Cut(strings.TrimSpace(option), "="); key {
			case "type":
				p.contentType = v
			case "filename":
				p.file = strings.Trim(v, `"`)
			}
		}
	}
	c.parts = append(c.parts, p)
	return nil
}

const boundary = "------------------------d74496d66958873e"

func multipart(parts []part) []byte {
	var b strings.Builder
	escape := strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A")
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"", boundary, escape.Replace(p.name))
		if p.file != "" {
			fmt.Fprintf(&b, "; filename=\"%s\"", escape.Replace(p.file))
		}
		if p.contentType != "" {
			b.WriteString("\r\nContent-Type: " + p.contentType)
		}
		b.WriteString("\r\n\r\n" + p.content + "\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return []byte(b.String())
}
