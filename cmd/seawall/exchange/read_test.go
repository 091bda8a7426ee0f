package exchange

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/rules"
)

// auditLog has Coraza itself write the record of one exchange.
func auditLog(t *testing.T, format, parts, body string) string {
	t.Helper()
	log := filepath.Join(t.TempDir(), "audit.log")
	waf, err := rules.Compile(rules.FS(), fmt.Sprintf(`
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecAuditEngine On
SecAuditLogType Serial
SecAuditLogFormat %s
SecAuditLogParts %s
SecAuditLog %s
SecRule ARGS "@contains evil" "id:7,phase:2,log,deny,msg:'an evil argument'"
`, format, parts, log), coraza.NewWAFConfig())
	require.NoError(t, err)
	tx := waf.NewTransactionWithID("BLOCKID7")
	tx.ProcessConnection("192.0.2.7", 40000, "127.0.0.1", 8080)
	tx.ProcessURI("/form?q=1%27", "POST", "HTTP/1.1")
	tx.AddRequestHeader("host", "app.example.com")
	tx.AddRequestHeader("content-type", "application/x-www-form-urlencoded")
	tx.AddRequestHeader("content-length", fmt.Sprint(len(body)))
	tx.AddRequestHeader("x-two", `back\slash`)
	tx.AddRequestHeader("x-two", "second")
	tx.ProcessRequestHeaders()
	_, _, err = tx.WriteRequestBody([]byte(body))
	require.NoError(t, err)
	_, err = tx.ProcessRequestBody()
	require.NoError(t, err)
	tx.AddResponseHeader("content-type", "text/plain")
	tx.ProcessResponseHeaders(200, "HTTP/1.1")
	_, err = tx.ProcessResponseBody()
	require.NoError(t, err)
	tx.ProcessLogging()
	require.NoError(t, tx.Close())
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	return string(text)
}

func TestCorazasAuditLogsAreRead(t *testing.T) {
	const body = "a=evil%0Aline&b=2"
	for _, c := range []struct {
		format, parts, source string
		body                  string
		missing               string
	}{
		{"JSON", "ABCFHKZ", "audit log (json)", body, ""},
		{"JSON", "ABFHKZ", "audit log (json)", "", "without C"},
		{"JsonLegacy", "ABCFHKZ", "audit log (jsonlegacy)", "", "without C"},
		{"Native", "ABCFHKZ", "audit log (native)", body, ""},
		{"OCSF", "ABCFHKZ", "audit log (ocsf)", "", "no request body"},
	} {
		t.Run(c.format+" "+c.parts, func(t *testing.T) {
			text := auditLog(t, c.format, c.parts, body)
			x, err := Read([]byte(text), 0)
			require.NoError(t, err, text)
			assert.Equal(t, []any{c.source, "BLOCKID7", "POST", "/form?q=1%27", "HTTP/1.1", "app.example.com", "192.0.2.7", c.body},
				[]any{x.Source, x.ID, x.Method, x.Path, x.Protocol, x.Host, x.Client, string(x.Body)})
			contentType, _ := x.Header("content-type")
			assert.Equal(t, "application/x-www-form-urlencoded", contentType)
			two, _ := x.Header("x-two")
			assert.Contains(t, two, `back\slash`)
			if c.missing == "" {
				assert.Empty(t, x.Missing)
			} else {
				require.Len(t, x.Missing, 1)
				assert.Contains(t, x.Missing[0], c.missing)
			}

			noise := "[2026-11-23 05:50:14.601][7020][info][main] starting\n{\"method\":\"GET\"}\n"
			found, err := Find(strings.NewReader(noise+text+noise), "blockid7")
			require.NoError(t, err)
			assert.Equal(t, x, found)
			_, err = Find(strings.NewReader(noise+text+noise), "BLOCKID8")
			assert.ErrorContains(t, err, "no record of BLOCKID8")
		})
	}
}

const event = `{"action":"deny","client":{"address":"192.0.2.7","port":40000},"event":"seawall","phase":2,"policy":"default",` +
	`"request":{"host":"app.example.com","method":"GET","path":"/search","protocol":"HTTP/1.1"},"rule_id":949110,` +
	`"rules":[{"id":942100,"phase":2,"severity":"critical","msg":"SQL","file":"@owasp_crs/x.conf","line":3,"matched":[{"variable":"ARGS:q"}]}],` +
	`"scores":{"blocking_inbound_anomaly_score":5},"status":403,"tx_id":"4N1SXCV7C2W8R1B2T3D4E5F6"}`

func TestEventsAreReadBareAndFromEnvoysLog(t *testing.T) {
	for _, text := range []string{event, "[2026-11-23 05:50:14.601][7020][warning][dynamic_modules] [x.cc:1] " + event} {
		x, err := Read([]byte(text), 0)
		require.NoError(t, err)
		assert.Equal(t, []any{"event", "GET", "/search", "app.example.com", 942100, "ARGS:q"},
			[]any{x.Source, x.Method, x.Path, x.Host, x.Event.Rules[0].ID, x.Event.Rules[0].Matched[0].Variable})
		assert.Contains(t, x.Missing[0], "neither the query nor headers nor the body")
		found, err := Find(strings.NewReader("noise\n"+text+"\n"), x.ID)
		require.NoError(t, err)
		assert.Equal(t, x, found)
	}
}

// Where an audit log has the same exchange, it can be replayed: it is preferred.
func TestFindPrefersWhatCanBeReplayed(t *testing.T) {
	audit := strings.ReplaceAll(auditLog(t, "JSON", "ABCZ", "a=1"), "BLOCKID7", "4N1SXCV7C2W8R1B2T3D4E5F6")
	found, err := Find(strings.NewReader(event+"\n"+audit+"\n"), "4N1SXCV7C2W8R1B2T3D4E5F6")
	require.NoError(t, err)
	assert.Equal(t, "audit log (json)", found.Source)
}

func TestRawHTTPIsReadAsItWouldBeSent(t *testing.T) {
	for name, c := range map[string]struct{ text, method, path, host, protocol, body string }{
		"CRLF":      {"GET /a?b HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n", "GET", "/a?b", "h", "HTTP/1.1", ""},
		"LF":        {"POST /a HTTP/1.0\nhost: h\n\nx=1\n", "POST", "/a", "h", "HTTP/1.0", "x=1"},
		"length":    {"POST /a HTTP/1.1\nHost: h\nContent-Length: 3\n\nx=12\n", "POST", "/a", "h", "HTTP/1.1", "x=1"},
		"chunked":   {"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nx=1\r\n0\r\n\r\n", "POST", "/a", "h", "HTTP/1.1", "x=1"},
		"absolute":  {"GET http://h/a HTTP/1.1\r\n\r\n", "GET", "/a", "h", "HTTP/1.1", ""},
		"a space":   {"GET /a b HTTP/1.1\nHost: h\n\n", "GET", "/a b", "h", "HTTP/1.1", ""},
		"no end":    {"GET / HTTP/1.1\nHost: h", "GET", "/", "h", "HTTP/1.1", ""},
		"multipart": {"POST / HTTP/1.1\nHost: h\nContent-Type: multipart/form-data; boundary=x\n\n--x\n\n1\n--x--\n", "POST", "/", "h", "HTTP/1.1", "--x\n\n1\n--x--"},
	} {
		x, err := Read([]byte(c.text), 0)
		require.NoError(t, err, name)
		assert.Equal(t, []any{c.method, c.path, c.host, c.protocol, c.body},
			[]any{x.Method, x.Path, x.Host, x.Protocol, string(x.Body)}, name)
		_, chunked := x.Header("transfer-encoding")
		assert.False(t, chunked, "Envoy takes it out before any filter")
	}
}

// What is not whole is not explained as if it were.
func TestABodyThatIsNotAsLongAsAnnouncedIsSaid(t *testing.T) {
	native := "--ab-A--\n[x] ID 192.0.2.1 1 192.0.2.2 80\n--ab-B--\nPOST / HTTP/1.1\nHost: h\n"
	for name, c := range map[string]struct{ text, want string }{
		"whole":             {"POST / HTTP/1.1\nHost: h\nContent-Length: 3\n\nx=1\n", ""},
		"short":             {"POST / HTTP/1.1\nHost: h\nContent-Length: 30\n\nx=1", "cut short: 3 of the 30 bytes"},
		"none":              {"POST / HTTP/1.1\nHost: h\nContent-Length: 30\n\n", "cut short: 0 of the 30 bytes"},
		"long":              {"POST / HTTP/1.1\nHost: h\nContent-Length: 1\n\nx=12", "3 bytes behind the 1 that Content-Length announces were left out"},
		"two":               {"POST / HTTP/1.1\nHost: h\nContent-Length: 3\nContent-Length: 30\n\nx=1", "cut short: 3 of the 30 bytes"},
		"no length":         {"POST / HTTP/1.1\nHost: h\nContent-Length: -3\n\nx=1", `"-3" is no length`},
		"chunked":           {"POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n3\r\nx=1\r\n0\r\n\r\n", ""},
		"chunk cut short":   {"POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n30\r\nx=1", "no last chunk"},
		"no last chunk":     {"POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n3\r\nx=1\r\n", "no last chunk"},
		"curl":              {"curl http://h/ -H 'Content-Length: 30' -d x=1", "cut short: 3 of the 30 bytes"},
		"HAR":               {`{"log":{"entries":[{"request":{"method":"POST","url":"http://h/","headers":[{"name":"content-length","value":"30"}]}}]}}`, "cut short: 0 of the 30"},
		"native, whole":     {native + "--ab-Z--\n", ""},
		"native, cut short": {native, "it ends in part B, without part Z"},
		"native, in C":      {native + "Content-Length: 30\n--ab-C--\nx=1", "it ends in part C, without part Z"},
		"native, short C":   {native + "Content-Length: 30\n--ab-C--\nx=1\n--ab-Z--\n", "3 of the body's 30 bytes"},
	} {
		x, err := Read([]byte(c.text), 0)
		require.NoError(t, err, name)
		if c.want == "" {
			assert.Empty(t, x.Missing, name)
		} else {
			assert.Contains(t, strings.Join(x.Missing, "; "), c.want, name)
		}
	}
}

func TestTheLastRecordOfALogIsFoundEvenIfItIsCutShort(t *testing.T) {
	cut := "--ab-A--\n[x] CUTSHORT 192.0.2.1 1 192.0.2.2 80\n--ab-B--\nGET / HTTP/1.1\nHost: h\n"
	for _, log := range []string{cut, cut + "--cd-A--\n[x] OTHER 192.0.2.1 1 192.0.2.2 80\n--cd-B--\nGET / HTTP/1.1\n--cd-Z--\n"} {
		x, err := Find(strings.NewReader(log), "CUTSHORT")
		require.NoError(t, err)
		assert.Contains(t, strings.Join(x.Missing, "; "), "cut short")
	}
}

const har = `{"log":{"version":"1.2","entries":[
{"request":{"method":"GET","url":"https://h/favicon.ico","httpVersion":"HTTP/2","headers":[{"name":":authority","value":"h"},{"name":"accept","value":"*/*"}]},
 "response":{"status":200,"headers":[{"name":"content-type","value":"image/png"}],"content":{"text":"aGk=","encoding":"base64"}}},
{"request":{"method":"POST","url":"https://h/form?x=1","httpVersion":"h2","headers":[],"postData":{"mimeType":"application/json","text":"{\"a\":1}"}},
 "response":{"status":403,"headers":[{"name":"x-seawall-id","value":"4N1SXCV7C2W8R1B2T3D4E5F6"}],"content":{"text":"Request blocked."}}}]}}`

func TestAHARFilesEntriesAreChosenByNumber(t *testing.T) {
	_, err := Read([]byte(har), 0)
	require.ErrorContains(t, err, "--entry")
	assert.ErrorContains(t, err, "2: 403 POST https://h/form?x=1")
	x, err := Read([]byte(har), 1)
	require.NoError(t, err)
	assert.Equal(t, []any{"GET", "/favicon.ico", "h", "HTTP/2", 200, "hi"}, []any{x.Method, x.Path, x.Host, x.Protocol, x.Response.Status, string(x.Response.Body)})
	x, err = Read([]byte(har), 2)
	require.NoError(t, err)
	assert.Equal(t, []any{"POST", "/form?x=1", `{"a":1}`, "HTTP/2"}, []any{x.Method, x.Path, string(x.Body), x.Protocol})
	assert.Nil(t, x.Response, "our own refusal is no response of an upstream")
	contentType, _ := x.Header("content-type")
	assert.Equal(t, "application/json", contentType)
	_, err = Read([]byte(har), 3)
	assert.ErrorContains(t, err, "entries 1 to 2")
}

func TestWhatIsNoRequestIsRefusedWithAReason(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "empty",
		" \n ":                         "empty",
		"hello":                        "want a curl command line",
		"{":                            "looks like JSON",
		`{"a":1}`:                      "neither HAR",
		`{"event":"seawall_error"}`:    "of no exchange",
		`{"log":{"entries":[]}}`:       "no entries",
		`{"transaction":{"id":"x"}}`:   "SecAuditLogParts needs B",
		"--abc-A--\n--abc-Z--\n":       "SecAuditLogParts needs B",
		"GET / HTTP/1.1\nnonsense\n\n": "no colon",
	} {
		_, err := Read([]byte(text), 0)
		assert.ErrorContains(t, err, want, text)
	}
}

// Whatever bytes come, reading them ends, and what is read can be replayed.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{event, har, "GET / HTTP/1.1\nHost: h\n\n", "curl -d a=1 $'http://h/\\x41'", "http://h/?q", "--a-A--\n[x] id 1.2.3.4 1 5.6.7.8 2\n--a-B--\nGET / HTTP/1.1\n--a-Z--\n"} {
		f.Add([]byte(seed), 0)
	}
	f.Fuzz(func(t *testing.T, text []byte, entry int) {
		x, err := Read(text, entry)
		if err != nil {
			return
		}
		for range x.Filter().Request.Headers {
		}
	})
}

// A test in e2e compares this with a real Envoy.
func TestARefererThatIsNoURLDoesNotPassEnvoy(t *testing.T) {
	for value, passes := range map[string]bool{
		"http://www.example.com/a?b=<script>": true, "https://[2001:db8::1]:8443/": true, "http://h": true,
		"/relative?q=1": true, "www.example.com": true, "": true,
		"<script >alert(1);</script>": false, "/relative?q=<": false, "about:blank": false, "http://h/a b": false,
		"http://user@h/": false, "http://h/#f": false,
	} {
		x, err := Read([]byte("GET / HTTP/1.1\nHost: h\nReferer: "+value+"\n\n"), 0)
		require.NoError(t, err)
		x.ThroughEnvoy()
		_, has := x.Header("referer")
		assert.Equal(t, passes, has, value)
		assert.Equal(t, passes, len(x.Missing) == 0, value)
	}
}
