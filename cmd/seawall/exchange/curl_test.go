package exchange

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What curl 7.88.1 sends for these lines was read off a listening socket; the order
// of headers apart, which no rule sees.
func TestCurlLinesBecomeWhatCurlSends(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(file, []byte("a=1\nb=2\n"), 0o600))
	agent, accept := [2]string{"user-agent", curlVersion}, [2]string{"accept", "*/*"}
	form := [2]string{"content-type", "application/x-www-form-urlencoded"}
	length := func(n string) [2]string { return [2]string{"content-length", n} }
	for _, c := range []struct {
		line, method, host, path string
		headers                  [][2]string
		body                     string
	}{
		{"curl localhost:8080", "GET", "localhost:8080", "/", [][2]string{agent, accept}, ""},
		{"$ curl -sS 'http://h/a%20b?q=1%27#x'", "GET", "h", "/a%20b?q=1%27", [][2]string{agent, accept}, ""},
		{"curl http://h?q=1", "GET", "h", "/?q=1", [][2]string{agent, accept}, ""},
		{"curl http://user:pw@h/x", "GET", "h", "/x", [][2]string{agent, accept}, ""},
		{"curl http://h/a/../b/./c/", "GET", "h", "/b/c/", [][2]string{agent, accept}, ""},
		{"curl --path-as-is http://h/../../etc/passwd", "GET", "h", "/../../etc/passwd", [][2]string{agent, accept}, ""},
		{"curl -d a=1 -d b=2 http://h/", "POST", "h", "/", [][2]string{agent, accept, form, length("7")}, "a=1&b=2"},
		{"curl -G -d a=1 --data-urlencode 'b=x y&' 'http://h/?z'", "GET", "h", "/?z&a=1&b=x+y%26", [][2]string{agent, accept}, ""},
		{"curl -X PUT -H 'Content-Type: text/x' --data-binary @" + file + " http://h/", "PUT", "h", "/",
			[][2]string{agent, accept, {"content-type", "text/x"}, length("8")}, "a=1\nb=2\n"},
		{"curl -d @" + file + " http://h/", "POST", "h", "/", [][2]string{agent, accept, form, length("6")}, "a=1b=2"},
		{"curl --data-raw @x http://h/", "POST", "h", "/", [][2]string{agent, accept, form, length("2")}, "@x"},
		{`curl --json '{"a":1}' http://h/`, "POST", "h", "/", [][2]string{agent, {"accept", "application/json"},
			{"content-type", "application/json"}, length("7")}, `{"a":1}`},
		{"curl -I http://h/", "HEAD", "h", "/", [][2]string{agent, accept}, ""},
		{"curl -A x -e http://r/ -b k=v -u a:b http://h/", "GET", "h", "/",
			[][2]string{accept, {"user-agent", "x"}, {"referer", "http://r/"}, {"cookie", "k=v"}, {"authorization", "Basic YTpi"}}, ""},
		{"curl -H 'Host: other' -H Accept: -H 'X-Empty;' http://h/", "GET", "other", "/", [][2]string{agent, {"x-empty", ""}}, ""},
		{"curl 'http://h/' \\\n  -H 'A: 1' \\\n  --compressed", "GET", "h", "/",
			[][2]string{agent, accept, {"a", "1"}, {"accept-encoding", "deflate, gzip, br, zstd"}}, ""},
		{`curl http://h/ --data-raw $'it\'s \u0041\x42\n'`, "POST", "h", "/", [][2]string{agent, accept, form, length("8")}, "it's AB\n"},
		{`curl http://h/ -d "a=\"q\" \$x" | jq .`, "POST", "h", "/", [][2]string{agent, accept, form, length("8")}, `a="q" $x`},
		{"curl -sXDELETE -o /dev/null --max-time 3 --url=http://h/x", "DELETE", "h", "/x", [][2]string{agent, accept}, ""},
	} {
		t.Run(c.line, func(t *testing.T) {
			x, err := Reader{Files: true}.Curl(c.line)
			require.NoError(t, err)
			assert.Equal(t, []any{c.method, c.host, c.path, c.body}, []any{x.Method, x.Host, x.Path, string(x.Body)})
			assert.Equal(t, c.headers, x.Headers)
		})
	}
}

func TestCurlFormsAreMultipart(t *testing.T) {
	x, err := Reader{Files: true}.Curl(`curl -F 'a=1;type=text/x' -F 'f=<script>;filename="x.php"' http://h/`)
	require.ErrorContains(t, err, "no such file", "< reads a file")
	x, err = Reader{}.Curl(`curl -F 'a=1;type=text/x' --form-string 'f=@x;y' http://h/`)
	require.NoError(t, err)
	assert.Equal(t, "POST", x.Method)
	assert.Equal(t, "--"+boundary+"\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: text/x\r\n\r\n1\r\n"+
		"--"+boundary+"\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n@x;y\r\n--"+boundary+"--\r\n", string(x.Body))
	contentType, _ := x.Header("content-type")
	assert.Equal(t, "multipart/form-data; boundary="+boundary, contentType)
}

func TestCurlLinesThatCannotBeReadSaySo(t *testing.T) {
	for line, want := range map[string]string{
		"curl":                            "no URL",
		"wget http://h/":                  "begins with curl",
		"curl 'http://h/":                 "quote",
		"curl http://h/ http://g/":        "two URLs",
		"curl -d":                         "-d lacks a value",
		"curl -Q http://h/":               "-Q is not known",
		"curl --aws-sigv4 x http://h/":    "--aws-sigv4 is not known",
		"curl ftp://h/":                   "no URL of http",
		"curl http:///x":                  "no host",
		"curl -b jar http://h/":           "file of cookies",
		"curl -d @/nowhere/x http://h/":   "no such file",
		"curl -d @- http://h/":            "reads stdin",
		"curl -d @/dev/null http://h/":    "it is a device",
		"curl -H @headers http://h/":      "file of headers",
		"curl -F nonsense http://h/":      "want name=value",
		`curl --data-raw $'\x' http://h/`: "without digits",
	} {
		_, err := Reader{Files: true}.Curl(line)
		assert.ErrorContains(t, err, want, line)
	}
}

// A line that others wrote may name any file: what it holds would be printed.
func TestAFileThatACurlLineNamesIsReadOnlyIfThatIsAllowed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("secret"), 0o600))
	for _, option := range []string{"-d @", "--data-binary @", "--json @", "--data-urlencode a@", "--data-urlencode @", "-F a=@", "-F 'a=<'", "-T "} {
		line := "curl http://h/ " + option + file
		_, err := Reader{}.Curl(line)
		assert.ErrorContains(t, err, "--read-files", line)
		_, err = Read([]byte(line), 0)
		assert.ErrorContains(t, err, "--read-files", line)
		x, err := Reader{Files: true}.Read([]byte(line))
		require.NoError(t, err, line)
		assert.Contains(t, string(x.Body), "secret", line)
	}
}

func TestTheFilesOfACurlLineAreBoundedTogether(t *testing.T) {
	file := filepath.Join(t.TempDir(), "large")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, os.Truncate(file, MaxText/2+1))
	_, err := Reader{Files: true}.Curl("curl http://h/ --data-binary @" + file)
	require.NoError(t, err)
	_, err = Reader{Files: true}.Curl("curl http://h/ --data-binary @" + file + " --data-binary @" + file)
	assert.ErrorContains(t, err, "it has more than the ")
}
