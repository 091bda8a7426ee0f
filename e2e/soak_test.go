package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy/launch"
	"github.com/seawall-waf/seawall/filter/filtertest"
)

// mixture is mixed traffic of which every benign request must be answered as it
// should be.
type mixture struct {
	t       *testing.T
	p       *proxy
	address string
	halt    context.Context
	running sync.WaitGroup

	mu     sync.Mutex
	counts map[string]int
	wrong  []string
}

// every repeats one kind of traffic until the soak ends.
func (s *mixture) every(kind string, pause time.Duration, one func(n int) error) {
	s.running.Go(func() {
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		for n := 0; ; n++ {
			select {
			case <-s.halt.Done():
				return
			case <-ticker.C:
			}
			err := one(n)
			s.mu.Lock()
			s.counts[kind]++
			if err != nil {
				s.wrong = append(s.wrong, kind+": "+err.Error())
			}
			s.mu.Unlock()
		}
	})
}

// expect sends a message and wants one status.
func (s *mixture) expect(protocol sender, m filtertest.Message, status int) error {
	m.Headers = append(filtertest.Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}, m.Headers...)
	if got := protocol.send(s.t, s.address, m); got.Status != status {
		return fmt.Errorf("%s: status %d, not %d", protocol.name, got.Status, status)
	}
	return nil
}

// TestSoak: ten minutes of everything at once, at two workers. $SEAWALL_SOAK is
// its length, such as 10m.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("SEAWALL_SOAK"))
	if err != nil {
		t.Skip("this takes minutes: `make soak`, or SEAWALL_SOAK=10m")
	}
	lds := &listeners{dir: t.TempDir()}
	p := startProxy(t, map[string]string{"ingress": version(0)}, options{args: []string{"--drain-time-s", "8", "--drain-strategy", "immediate"},
		edit: func(t *testing.T, b *launch.Bootstrap) {
			b.Tree["stats_flush_interval"] = "0.5s"
			lds.takeOver(t, b)
		}})
	pid := p.PID()
	halt, stop := context.WithTimeout(t.Context(), length)
	defer stop()
	s := &mixture{t: t, p: p, address: p.address("ingress"), halt: halt, counts: map[string]int{}}
	steady := startLoad(t, s.address, 4)
	s.traffic()
	s.slowClients()

	var resident []float64
	reload := time.NewTicker(20 * time.Second)
	defer reload.Stop()
	sample := time.NewTicker(time.Second)
	defer sample.Stop()
	reloaded := 0
	for begun := time.Now(); halt.Err() == nil; {
		select {
		case <-halt.Done():
		case <-p.Exited():
			require.FailNow(t, "Envoy has ended", "after %s: %s", time.Since(begun), p.LogTail())
		case <-sample.C:
			resident = append(resident, p.resident(t))
		case <-reload.C:
			reloaded++
			lds.set(t, version(reloaded))
		}
	}
	s.running.Wait()
	benign, attacks, failures := steady.stop()
	p.awaitAllClosed(t)
	begun, closed := p.transactions(t)
	quarter := len(resident) / 4
	early, late := median(resident[quarter:2*quarter]), median(resident[3*quarter:])
	t.Logf("%s, %d reloads; steady: %d benign, %d attacks; else %v; transactions: %d opened, %d closed; resident, MiB, medians of the quarters: %.0f",
		length, reloaded, benign, attacks, s.counts, begun, closed, medians(resident[:4*quarter], quarter))

	assert.Empty(t, failures, "steady traffic")
	assert.Empty(t, s.wrong, "mixed traffic")
	assert.Equal(t, pid, p.PID())
	assert.Equal(t, begun, closed)
	assert.Zero(t, p.counter(t, "errors"), "faults")
	assert.Less(t, late, early*1.15, "resident memory, MiB: %.0f", resident)
	p.requireRunning(t)
}

func (s *mixture) traffic() {
	form := filtertest.Fields{{"content-type", "application/x-www-form-urlencoded"}}
	jsonType := filtertest.Fields{{"content-type", "application/json"}}
	large := `{"text":"` + strings.Repeat("lorem ipsum dolor ", 1_500) + `"}`
	both := func(n int) sender { return protocols[n%2] }
	s.every("large body", 3*time.Second, func(n int) error {
		return s.expect(both(n), filtertest.Message{Method: "POST", Headers: jsonType, Body: []string{large[:9_999], large[9_999:]}, NoLength: n%4 < 2}, 200)
	})
	s.every("body with trailers", time.Second, func(n int) error {
		body, status := "a=1&b=2", 200
		if n%4 > 1 {
			body, status = "id=1' or 1=1-- ", 403
		}
		return s.expect(both(n), filtertest.Message{Method: "POST", Headers: form, Body: []string{body}, NoLength: true, Trailers: filtertest.Fields{{"x-sum", "1"}}}, status)
	})
	s.every("past a limit", 5*time.Second, func(n int) error {
		return s.expect(both(n), filtertest.Message{Method: "POST", Headers: form, Body: []string{strings.Repeat("a=1&", 20_000)}}, 400)
	})
	s.every("abort", 200*time.Millisecond, func(n int) error { abort(s.address, n); return nil })
	s.every("reset", time.Second, func(int) error {
		c := dialH2(s.t, s.address)
		defer c.conn.Close()
		c.headers(1, false, postHead("/")...)
		c.data(1, false, "a=1&")
		c.reset(1)
		return nil
	})
	s.p.upstream.handle("/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for range 10 {
			_, _ = io.WriteString(w, "data: 1\n\n")
			w.(http.Flusher).Flush() //nolint:forcetypeassert // net/http's is one
			select {
			case <-ticker.C:
			case <-r.Context().Done():
				return
			}
		}
	})
	s.every("event stream", time.Second, func(n int) error {
		got := both(n).send(s.t, s.address, filtertest.Message{Path: "/events", Headers: filtertest.Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}})
		if strings.Count(string(got.Body), "data") != 10 {
			return fmt.Errorf("%d bytes of events, status %d", len(got.Body), got.Status)
		}
		return nil
	})
}

// slowClients send a body, and heads, one piece at a time; slowhttptest, where it
// is installed, does so from fifty connections.
func (s *mixture) slowClients() {
	s.every("slow body", time.Second, func(int) error {
		c := dialH1(s.t, "tcp", s.address)
		defer c.conn.Close()
		c.write("POST / HTTP/1.1\r\n" + curlLines + formLine + "transfer-encoding: chunked\r\n\r\n")
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for range 20 {
			<-ticker.C
			c.write("2\r\na&\r\n")
		}
		c.write("0\r\n\r\n")
		response, err := http.ReadResponse(c.reader, nil)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != 200 {
			return fmt.Errorf("status %d", response.StatusCode)
		}
		return nil
	})
	s.every("head without an end", time.Second, func(int) error {
		c := dialH1(s.t, "tcp", s.address)
		defer c.conn.Close()
		c.write("GET / HTTP/1.1\r\n" + hostLine)
		_, _ = bufio.NewReader(c.conn).ReadByte() // until request_headers_timeout
		return nil
	})
	path, err := exec.LookPath("slowhttptest")
	if err != nil {
		s.t.Log("slowhttptest is not installed: our own slow clients alone")
		return
	}
	// It ends when Envoy has closed its last connection, and starts anew.
	for flag, name := range map[string]string{"-H": "slow heads", "-B": "slow bodies", "-X": "slow reads"} {
		s.every("slowhttptest, "+name, time.Second, func(int) error {
			err := exec.CommandContext(s.halt, path, flag, "-c", "50", "-r", "20", "-i", "5", "-l", "60", "-u", "http://"+s.address+"/").Run()
			if s.halt.Err() != nil {
				return nil
			}
			return err
		})
	}
}
