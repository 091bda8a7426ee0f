package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter/filtertest"
)

// blockedFor is the longest that a bomb may keep the worker without any other
// request being answered. What stays on the worker takes some 10 ms on a quiet
// machine (filter/cost.go); without the bounds the bombs take it for seconds.
const blockedFor = 500 * time.Millisecond

// mostGrowth bounds what a bomb adds to the process's memory, in MiB: the body
// held, the engine's copy, its variables, and Go's heap, which may be twice what
// is live.
const mostGrowth = 400

// bomb is a request that is small to send and expensive to inspect.
type bomb struct {
	name    string
	request string
	status  int
}

func bombs() []bomb {
	post := func(name, contentType, body string, status int) bomb {
		return bomb{name, fmt.Sprintf("POST / HTTP/1.1\r\n"+curlLines+"content-type: %s\r\ncontent-length: %d\r\n\r\n%s", contentType, len(body), body), status}
	}
	get := func(name, path, headers string, status int) bomb {
		return bomb{name, "GET " + path + " HTTP/1.1\r\n" + curlLines + headers + "\r\n", status}
	}
	numbered := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const form, jsonType, multipart, xml = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=A", "application/xml"
	part := "--A\r\nContent-Disposition: form-data; name=\"a%d\"\r\n\r\n1\r\n"
	file := "--A\r\nContent-Disposition: form-data; name=\"a%d\"; filename=\"f\"\r\n\r\n1\r\n"
	return []bomb{
		post("ArgumentsAtTheLimit", form, numbered(990, "a%d=1&"), 200),
		post("ArgumentsPastTheLimit", form, numbered(20_000, "a%d=1&"), 400),
		get("ArgumentsInTheQuery", "/?"+numbered(990, "a%d=1&"), "", 200),
		get("ShortArgumentsBelowOffloadBytes", "/?"+numbered(180, "%d=1&"), "", 200),
		post("ArgumentsWithLongNames", form, numbered(300, strings.Repeat("k", 200)+"%d=1&"), 200),
		post("OneLongName", form, strings.Repeat("k", 50_000)+"=1", 200),
		post("DeepJSON", jsonType, strings.Repeat("[", 2_000_000), 400),
		post("WideJSON", jsonType, "["+strings.Repeat("1,", 500_000)+"1]", 400),
		post("DeepAndWideJSON", jsonType, strings.Repeat("[", 1000)+strings.Repeat("1,", 900)+"1"+strings.Repeat("]", 1000), 400),
		post("LongKeysInJSON", jsonType, `{"`+strings.Repeat("k", 50_000)+`":[`+strings.Repeat("1,", 900)+`1]}`, 400),
		post("ManyParts", multipart, numbered(20_000, part)+"--A--\r\n", 400),
		post("ManyFiles", multipart, numbered(3_000, file)+"--A--\r\n", 400),
		post("DeepXML", xml, strings.Repeat("<a>", 30_000)+"x"+strings.Repeat("</a>", 30_000), 200),
		post("WideXML", xml, "<a>"+strings.Repeat("<b>1</b>", 5_000)+"</a>", 200),
		post("ForRegularExpressions", form, "q="+strings.Repeat("select union from where ' or <script ", 1_000), 403),
		post("SpacesForRegularExpressions", form, "q="+strings.Repeat(" \t", 15_000)+"x", 200),
		get("ManyCookies", "/", "cookie: "+strings.Repeat("a=1;", 14_000)+"\r\n", 400),
		get("CookiesAtTheLimit", "/", "cookie: "+strings.Repeat("a=1;", 900)+"\r\n", 200),
		get("OneLongHeader", "/", "referer: "+strings.Repeat("lorem ipsum ", 4_500)+"\r\n", 200),
		get("ManyHeaders", "/", numbered(90, "x-h%d: "+strings.Repeat("lorem ipsum ", 50)+"\r\n"), 200),
		get("OneLongPath", "/"+strings.Repeat("a/", 27_000), "", 200),
		post("OneLongType", form+"; "+strings.Repeat("a=b; ", 10_000), "a=1", 403),
	}
}

// TestSeamBombs: invariant 5, on a single worker. While a bomb is inspected the
// worker answers others; each has a stated outcome; none keeps memory.
func TestSeamBombs(t *testing.T) {
	p := startProxy(t, map[string]string{"small": "directives: SecRuleEngine Off", "default": "{}",
		"budget": "held_bytes_budget: 4MiB"}, options{workers: 1})
	answeredMeanwhile(t, p, "default", bombs()[0].request) // the engine's pools are warm
	before := p.resident(t)
	for _, b := range bombs() {
		t.Run(b.name, func(t *testing.T) {
			answered, took, status := answeredMeanwhile(t, p, "default", b.request)
			t.Logf("%d bytes, %s, %d others answered, resident %.0f MiB", len(b.request), took.Round(time.Millisecond), answered, p.resident(t))
			assert.Equal(t, b.status, status)
			assert.True(t, answered > 2 || took < blockedFor, "%d answers in %s: the worker stood still", answered, took)
			assert.Less(t, p.resident(t), before+mostGrowth, "MiB")
		})
	}
	t.Run("ManyAtOnce", func(t *testing.T) {
		var running sync.WaitGroup
		for range 8 {
			running.Go(func() {
				sendH1(t, p.address("default"), filtertest.Message{Method: "POST", Headers: filtertest.Fields{{"content-type", "application/x-www-form-urlencoded"},
					{"user-agent", "curl/8"}, {"accept", "*/*"}}, Body: []string{"q=" + strings.Repeat("lorem ipsum ", 4_000)}})
			})
		}
		answered, took, _ := answeredMeanwhile(t, p, "default", bombs()[0].request)
		running.Wait()
		assert.True(t, answered > 2 || took < blockedFor, "%d answers in %s: the worker stood still", answered, took)
	})
	t.Run("OneByteAFrame", func(t *testing.T) {
		t.Logf("resident %.0f MiB", p.resident(t))
		id, body := t.Name(), strings.Repeat("x", 30_000)
		p.upstream.expect(id, filtertest.Message{})
		c := dialH2(t, p.address("default"))
		c.together(func() {
			c.headers(1, false, append(set(postHead("/"), "content-type", "application/x-www-form-urlencoded"), [2]string{caseHeader, id},
				[2]string{"user-agent", "curl/8"}, [2]string{"accept", "*/*"})...)
			for i := range body {
				c.data(1, i == len(body)-1, body[i:i+1])
			}
		})
		assert.Equal(t, "200", c.awaitHeaders(1)[":status"])
		require.NotNil(t, p.upstream.saw(id))
		assert.Equal(t, body, string(p.upstream.saw(id).Body))
		assert.Less(t, p.resident(t), before+mostGrowth, "MiB")
	})
	t.Run("UnfinishedBodiesStayWithinTheBudget", func(t *testing.T) {
		const each, clients, room = 500_000, 40, 4 << 20 / 500_000 // 20 MB against 4 MiB
		answers := make(chan int, clients)
		var open []*h1conn
		for range clients {
			c := dialH1(t, "tcp", p.address("budget"))
			c.write(fmt.Sprintf("POST / HTTP/1.1\r\n"+curlLines+formLine+"content-length: %d\r\n\r\n", each+1))
			// What is refused is closed: the write may fail.
			_, _ = io.WriteString(c.conn, strings.Repeat("x", each))
			open = append(open, c)
			// The last byte of each is never sent: an answer can only be a refusal.
			go func() {
				if response, err := http.ReadResponse(c.reader, nil); err == nil {
					answers <- response.StatusCode
				}
			}()
		}
		for range clients - room {
			select {
			case status := <-answers:
				assert.Equal(t, 503, status)
			case <-time.After(settleWithin):
				require.FailNow(t, "more is held than the budget")
			}
		}
		get := sendH1(t, p.address("budget"), filtertest.Message{Headers: filtertest.Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}})
		assert.Equal(t, 200, get.Status, "requests without a body pass meanwhile")
		for _, c := range open {
			_ = c.conn.Close()
		}
	})
	p.requireRunning(t)
}
