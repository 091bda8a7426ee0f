package exchange

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// reflected is what the backend of CRS's tests answers to /reflect: the request's
// body says it. A response without a content type gets the one that it looks like.
func reflected(body []byte) *Response {
	var say struct {
		Status      int               `json:"status"`
		Headers     map[string]string `json:"headers"`
		Body        string            `json:"body"`
		EncodedBody string            `json:"encodedBody"`
	}
	if json.Unmarshal(body, &say) != nil {
		return nil
	}
	r := &Response{Status: say.Status, Body: []byte(say.Body)}
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	if raw, err := base64.StdEncoding.DecodeString(say.EncodedBody); err == nil && len(raw) > 0 {
		r.Body = raw
	}
	typed := false
	for name, value := range say.Headers {
		name = strings.ToLower(name)
		typed = typed || name == "content-type"
		r.Headers = append(r.Headers, [2]string{name, value})
	}
	if !typed {
		r.Headers = append(r.Headers, [2]string{"content-type", http.DetectContentType(r.Body)})
	}
	slices.SortFunc(r.Headers, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return r
}
