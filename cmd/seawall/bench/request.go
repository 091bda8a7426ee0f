package bench

import (
	"fmt"
	"slices"
	"strings"
	"text/template"

	files "github.com/seawall-waf/seawall/filter/testdata/bench"
)

// An Exchange is one request and its response, as a door hands them over: header
// names in lower case, Host apart.
type Exchange struct {
	Method, Path, Host string
	Headers            [][2]string
	Body               []byte
	Status             int
	ResponseHeaders    [][2]string
	ResponseBody       []byte
}

// A Request is one of the request files: a source of exchanges that are alike
// and never the same.
type Request struct {
	Name     string
	text     *template.Template
	response *template.Template // where the file has none of its own
}

const responseMark = "\n### response\n"

// open reads the request file of a name.
func open(name string, f *fresh) (*Request, error) {
	text, err := files.Files.ReadFile(name + ".http")
	if err != nil {
		return nil, fmt.Errorf("reading the request %s: %w", name, err)
	}
	return newRequest(name, string(text), f)
}

func newRequest(name, text string, f *fresh) (*Request, error) {
	response, err := files.Files.ReadFile("default-response.http")
	if err != nil {
		return nil, fmt.Errorf("reading a response for %s: %w", name, err)
	}
	r := &Request{Name: name}
	if r.text, err = template.New(name).Funcs(f.actions()).Parse(text); err == nil {
		r.response, err = template.New("default-response").Funcs(f.actions()).Parse(string(response))
	}
	if err != nil {
		return nil, fmt.Errorf("parsing the request %s: %w", name, err)
	}
	return r, nil
}

// Next makes an exchange that was never sent before.
func (r *Request) Next() (*Exchange, error) {
	var text, response strings.Builder
	if err := r.text.Execute(&text, nil); err != nil {
		return nil, fmt.Errorf("making a request %s: %w", r.Name, err)
	}
	request, own, found := strings.Cut(text.String(), responseMark)
	if !found {
		if err := r.response.Execute(&response, nil); err != nil {
			return nil, fmt.Errorf("making a response for %s: %w", r.Name, err)
		}
		own = response.String()
	}
	x := &Exchange{}
	line, err := x.parse(strings.ReplaceAll(request, "\r\n", "\n"), &x.Headers, &x.Body)
	if err == nil {
		_, err = fmt.Sscanf(line, "%s %s HTTP/1.1", &x.Method, &x.Path)
	}
	if err == nil {
		line, err = x.parse(own, &x.ResponseHeaders, &x.ResponseBody)
	}
	if err == nil {
		_, err = fmt.Sscanf(line, "HTTP/1.1 %d", &x.Status)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the request %s: %w", r.Name, err)
	}
	x.Headers = slices.DeleteFunc(x.Headers, func(h [2]string) bool {
		if h[0] == "host" {
			x.Host = h[1]
		}
		return h[0] == "host"
	})
	return x, nil
}

// parse reads one message and returns its first line.
func (x *Exchange) parse(text string, headers *[][2]string, body *[]byte) (first string, err error) {
	for strings.HasPrefix(text, "#") {
		_, text, _ = strings.Cut(text, "\n")
	}
	head, content, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	contentType := ""
	for _, line := range lines[1:] {
		name, value, found := strings.Cut(line, ":")
		if !found {
			return "", fmt.Errorf("%q is no header", line)
		}
		name, value = strings.ToLower(name), strings.TrimSpace(value)
		if name == "content-type" {
			contentType = value
		}
		*headers = append(*headers, [2]string{name, value})
	}
	content = strings.TrimSuffix(content, "\n")
	switch {
	case strings.HasPrefix(contentType, "application/x-www-form-urlencoded"):
		content = strings.ReplaceAll(content, "\n", "")
	case strings.HasPrefix(contentType, "multipart/"):
		content = strings.ReplaceAll(content, "\n", "\r\n") + "\r\n"
	}
	if content != "" {
		*body = []byte(content)
		*headers = append(*headers, [2]string{"content-length", fmt.Sprint(len(content))})
	}
	return lines[0], nil
}
