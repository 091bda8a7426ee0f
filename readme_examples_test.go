package seawall_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

// What README.md claims of its examples, tried.

// exchange replays one request and returns the status of its denial, 0 for none,
// with the event.
func exchange(t *testing.T, document, method, path, form string) (status int, event string) {
	t.Helper()
	config, err := filter.ParseConfig([]byte(document))
	require.NoError(t, err, document)
	engine, err := filter.NewEngine(config)
	require.NoError(t, err, document)
	host := &sink{}
	tx := engine.NewTransaction(host)
	headers := func(yield func(string, string) bool) {
		_ = yield("user-agent", "curl/8") && yield("accept", "*/*") &&
			(form == "" || yield("content-type", "application/x-www-form-urlencoded") && yield("content-length", fmt.Sprint(len(form))))
	}
	request := filter.Request{Method: method, Path: path, Authority: "shop.example.com", Protocol: "HTTP/1.1", Headers: headers}
	v := tx.RequestHeaders(request, form == "")
	if v.Action == filter.Hold {
		v = tx.RequestBody([][]byte{[]byte(form)}, true)
	}
	if v.Evaluate != nil {
		v = v.Evaluate()
	}
	tx.Close()
	if v.Reply != nil {
		status = v.Reply.Status
	}
	return status, strings.Join(host.lines, "\n")
}

// example is the one config of README.md that holds text.
func example(t *testing.T, text string) string {
	t.Helper()
	var found []string
	for _, b := range blocks(t, "README.md") {
		if b.kind == "yaml seawall" && strings.Contains(b.text, text) {
			found = append(found, b.text)
		}
	}
	require.Len(t, found, 1, text)
	return found[0]
}

func TestTheExclusionsOfTheReadmeLetItsExamplePass(t *testing.T) {
	const path = "/search?q=1%27+OR+%271%27%3D%271"
	byTag := regexp.MustCompile("`(SecRuleUpdateTargetByTag [^`]*)`").FindStringSubmatch(read(t, "README.md"))
	require.NotNil(t, byTag)
	for name, document := range map[string]string{
		"by ID":  example(t, "SecRuleUpdateTargetById"),
		"by tag": "directives: |\n  Include @seawall.conf\n  " + byTag[1] + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			status, event := exchange(t, document, "GET", path, "")
			assert.Zero(t, status, event)
			assert.Empty(t, event)
			status, _ = exchange(t, document, "GET", strings.Replace(path, "q=", "r=", 1), "")
			assert.Equal(t, 403, status, "another argument is as guarded as before")
		})
	}
}

func TestTheSmallerBodyLimitOfTheReadmeHolds(t *testing.T) {
	document := example(t, "SecRequestBodyLimit")
	status, _ := exchange(t, document, "POST", "/", "q="+strings.Repeat("a", 131072))
	assert.Equal(t, 413, status)
	status, event := exchange(t, document, "POST", "/", "q="+strings.Repeat("a", 2000))
	assert.Zero(t, status, event)
}

func TestTheArgumentLimitOfTheReadmeHolds(t *testing.T) {
	form := strings.TrimSuffix(strings.Repeat("a=1&", 1100), "&")
	for name, request := range map[string][3]string{"in a body": {"POST", "/", form}, "in the query": {"GET", "/?" + form, ""}} {
		t.Run(name, func(t *testing.T) {
			status, event := exchange(t, "", request[0], request[1], request[2])
			assert.Equal(t, 400, status, event)
			status, event = exchange(t, example(t, "SecArgumentsLimit"), request[0], request[1], request[2])
			assert.Zero(t, status, event)
		})
	}
	status, event := exchange(t, example(t, "SecArgumentsLimit"), "POST", "/", form+"&"+form)
	assert.Equal(t, 400, status, event)
}

// The keys are written `"key":` and `e["key"]` in the function that makes an event.
func TestTheReadmeNamesEveryKeyOfAnEvent(t *testing.T) {
	_, function, ok := strings.Cut(read(t, "filter/event.go"), "\nfunc (r *record) line(")
	require.True(t, ok)
	function, _, _ = strings.Cut(function, "\n}\n")
	keys := regexp.MustCompile(`"(\w+)":\s|e\["(\w+)"\]`).FindAllStringSubmatch(function, -1)
	require.Greater(t, len(keys), 15)
	_, table, ok := strings.Cut(read(t, "README.md"), "\n| key of an event |")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n\n")
	for _, key := range keys {
		assert.Contains(t, table, "`"+key[1]+key[2]+"`")
	}
}

func TestTheReadmesCommandFindsAnEventInEnvoysLog(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3")
	}
	var command string
	for _, b := range blocks(t, "README.md") {
		if strings.HasPrefix(b.text, "grep $ID") {
			command = b.text
		}
	}
	require.NotEmpty(t, command)
	_, event := exchange(t, "", "GET", "/search?q=1%27+OR+%271%27%3D%271", "")
	id := regexp.MustCompile(`"tx_id":"(\w+)"`).FindStringSubmatch(event)
	require.NotNil(t, id)
	dir := t.TempDir()
	// The access log, often in the same file, has the ID as well.
	log := "[2026-11-23 05:50:14.601][7020][warning][dynamic_modules] [source/x.cc:57] " + event +
		"\n" + `{"method":"GET","seawall":{"tx_id":"` + id[1] + `"}}` + "\n"
	require.NoError(t, os.WriteFile(dir+"/envoy.log", []byte(log), 0o600))
	sh := exec.CommandContext(t.Context(), "sh", "-c", command)
	sh.Dir, sh.Env = dir, append(os.Environ(), "ID="+id[1])
	out, err := sh.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.JSONEq(t, event, string(out))
}
