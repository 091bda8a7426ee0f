package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// echoes repeats the client's bytes wherever a rule can put them: messages, and
// matched variables of every kind. (Not in headers: Coraza 3.8.1 expands no macros
// in a redirect's URL, which is all that a rule can put into one of ours.)
const echoes = `
directives: |
  SecRuleEngine On
  SecRequestBodyAccess On
  SecResponseBodyAccess On
  SecResponseBodyMimeType text/plain
  SecRule REQUEST_HEADERS:Content-Type "@contains json" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
  SecRule REQBODY_ERROR "!@eq 0" "id:2,phase:2,deny,msg:'%{REQBODY_ERROR_MSG}'"
  SecRule ARGS|ARGS_NAMES|FILES|FILES_NAMES|MULTIPART_PART_HEADERS|REQUEST_HEADERS:User-Agent|REQUEST_HEADERS:Content-Type "@contains evil" "id:4,phase:2,deny,msg:'%{MATCHED_VAR_NAME} %{MATCHED_VAR}'"
  SecRule RESPONSE_HEADERS|RESPONSE_BODY "@contains evil" "id:5,phase:4,deny,msg:'%{MATCHED_VAR}'"
`

// TestSeamNothingForgesALogLine: what reaches our log lines by way of bodies,
// types, messages and answers stays within one line of JSON. (Paths, arguments,
// cookies, hosts and request IDs: TestObservability.)
func TestSeamNothingForgesALogLine(t *testing.T) {
	p := startProxy(t, map[string]string{"echoes": echoes}, options{})
	const raw = "evil\r\n{\"event\":\"forged\"}\x1b[31m\x07\x7f\x85\x9b\xc2\x85\xe2\x80\xa8\xe2\x80\xae\",\"action\":\"pass"
	const inHeaders = "evil\t\x85\x9b\xe2\x80\xa8\xe2\x80\xae\"\\\xff\",\"action\":\"pass"
	quoted, err := json.Marshal(strings.ToValidUTF8(raw, "?"))
	require.NoError(t, err)
	multipart := func(disposition, value string) filtertest.Message {
		return filtertest.Message{Method: "POST", Headers: filtertest.Fields{{"content-type", "multipart/form-data; boundary=A"}},
			Body: []string{"--A\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + value + "\r\n--A--\r\n"}}
	}
	jsonBody := func(body string) filtertest.Message {
		return filtertest.Message{Method: "POST", Headers: filtertest.Fields{{"content-type", "application/json"}}, Body: []string{body}}
	}
	header := func(name string) filtertest.Message {
		return filtertest.Message{Headers: filtertest.Fields{{name, inHeaders}}}
	}
	page := filtertest.Message{Headers: filtertest.Fields{{"content-type", "text/plain"}}}
	for name, c := range map[string]struct{ request, answer filtertest.Message }{
		"JSONValue":         {request: jsonBody(`{"a":` + string(quoted) + `}`)},
		"JSONKey":           {request: jsonBody(`{` + string(quoted) + `:"evil"}`)},
		"MultipartValue":    {request: multipart(`name="a"`, raw)},
		"MultipartName":     {request: multipart(`name="`+strings.NewReplacer("\r", "", "\n", "", `"`, "'").Replace(raw)+`"`, "evil")},
		"MultipartFilename": {request: multipart(`name="a"; filename="`+strings.NewReplacer("\r", "", "\n", "", `"`, "'").Replace(raw)+`"`, "x")},
		"UserAgent":         {request: header("user-agent")},
		"ContentType":       {request: header("content-type")},
		"ResponseHeader":    {answer: filtertest.Message{Headers: filtertest.Fields{{"content-type", "text/plain"}, {"x-a", inHeaders}}}},
		"ResponseBody":      {answer: filtertest.Message{Headers: page.Headers, Body: []string{raw}}},
	} {
		t.Run(name, func(t *testing.T) {
			p.upstream.expect(t.Name(), c.answer)
			c.request.Headers = append(c.request.Headers, [2]string{caseHeader, t.Name()})
			from := p.logged()
			got := sendH1(t, p.address("echoes"), c.request)
			block, ours := got.Headers.Get("x-seawall-id")
			if !ours {
				assert.Contains(t, []int{400, 502}, got.Status, "refused by Envoy")
				return
			}
			require.Equal(t, 403, got.Status)
			line := p.await(t, "the event of "+block, func(l string) bool {
				return strings.Contains(l, `"event":"seawall"`) && strings.Contains(l, block)
			})
			var e map[string]any
			require.NoError(t, json.Unmarshal([]byte(jsonOf(line)), &e), line)
			assert.Equal(t, "deny", e["action"])
			for _, l := range p.linesFrom(from) {
				assert.Less(t, strings.IndexFunc(l, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }), 0, "%q", l)
				assert.False(t, strings.HasPrefix(l, `{"event":"forged"`), "a forged line")
			}
		})
	}
}
