package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A week's log of a busy site: some places where a rule is wrong, users by the
// thousand, identifiers in paths and names, scanners.
func writeBigLog(t *testing.T, name string, events int) {
	t.Helper()
	file, err := os.Create(name)
	require.NoError(t, err)
	w := bufio.NewWriter(file)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range events {
		client := fmt.Sprintf("10.%d.%d.%d", random.IntN(4), random.IntN(256), random.IntN(256))
		path, rule, variable, message := "/search", 942100, "ARGS:q", "SQL Injection Attack Detected via libinjection"
		switch i % 10 {
		case 0, 1:
			path, rule, variable, message = fmt.Sprintf("/users/%d/bio", random.IntN(1e6)), 941160, "ARGS:bio", "NoScript XSS InjectionChecker"
		case 2:
			path, rule, variable, message = "/api/items", 932235, fmt.Sprintf("ARGS:json.items.%d.note", random.IntN(500)), "Remote Command Execution"
		case 3:
			path, variable = fmt.Sprintf("/p/%x", random.Uint64()), fmt.Sprintf("ARGS:f%d", random.Uint32())
		case 4:
			client, path, rule, variable = fmt.Sprint("198.51.100.", random.IntN(50)), fmt.Sprintf("/%x/x.php", random.Uint32()), 913100, "REQUEST_HEADERS:user-agent"
		}
		at := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 6 * time.Second)
		fmt.Fprintf(w, `[%s][7020][warning][dynamic_modules] [source/extensions/dynamic_modules/abi_impl.cc:57] {"action":"would_deny","client":{"address":%q,"port":40000},`+
			`"details":"seawall_denied{949110}","event":"seawall","phase":2,"policy":"default","request":{"host":"shop.example.com","method":"GET","path":%q,"protocol":"HTTP/1.1"},`+
			`"rule_id":949110,"rules":[{"id":%d,"phase":2,"severity":"critical","msg":%q,"file":"@owasp_crs/REQUEST.conf","line":12,"matched":[{"variable":%q,"value":"1' OR '1'='1"}]},`+
			`{"id":949110,"phase":2,"msg":"Inbound Anomaly Score Exceeded (Total Score: 5)","file":"@owasp_crs/REQUEST-949-BLOCKING-EVALUATION.conf","line":184,`+
			`"matched":[{"variable":"TX:blocking_inbound_anomaly_score"}]}],"scores":{"anomaly_score":5,"blocking_anomaly_score":5,"blocking_inbound_anomaly_score":5,`+
			`"detection_inbound_anomaly_score":5,"inbound_anomaly_score_pl1":5},"status":403,"took_us":1515,"tx_id":"16D3C1CFYKFH2VFXWBEXTTVX"}`+"\n",
			at.Format("2006-01-02 15:04:05.000"), client, path, rule, message, variable)
	}
	require.NoError(t, w.Flush())
	require.NoError(t, file.Close())
}

func TestAHundredThousandEventsAreTunedInBoundedMemory(t *testing.T) {
	dir := t.TempDir()
	log, conf, config := filepath.Join(dir, "events.log"), filepath.Join(dir, "tuned.conf"), filepath.Join(dir, "seawall.yaml")
	writeBigLog(t, log, 100_000)
	require.NoError(t, os.WriteFile(config, []byte("directives: |\n  Include @seawall.conf\n  Include "+conf+"\n"), 0o600))

	live := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runtime.GC()
	before, most := live(), uint64(0)
	over, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				most = max(most, live())
			}
		}
	}()
	var stdout, stderr bytes.Buffer
	begun := time.Now()
	code := run([]string{"tune", log, "-o", conf}, &stdout, &stderr, os.Getenv)
	took := time.Since(begun)
	close(over)
	<-watched

	require.Equal(t, exitOK, code, "%s", &stderr)
	t.Logf("100,000 events took %s and %d MiB at most\n%s", took.Round(time.Millisecond), (most-min(before, most))>>20, &stdout)
	// A minute on an idle machine, generously; and no more memory than what the
	// rules take, with what the tables may hold. The log has 80 MB.
	assert.Less(t, took, 3*time.Minute)
	assert.Less(t, most-min(before, most), uint64(500<<20))
	text := stdout.String()
	for _, line := range []string{"942100 no longer looks at ARGS:q at /search", "941160 no longer looks at ARGS:bio at /users/{number}/bio",
		`932235 no longer looks at ARGS:/^json\.items\.\d+\.note$/ at /api/items`, `942100 no longer looks at ARGS:/^f\d+$/ at /p/{hex}`,
		"10000 events are left out", "elsewhere nothing opened"} {
		assert.Contains(t, text, line)
	}
	assert.NotContains(t, text, "no longer looks at REQUEST_HEADERS", "scanners speak for nothing")

	stdout.Reset()
	code = run([]string{"validate", config}, &stdout, &stderr, os.Getenv)
	assert.Equal(t, exitOK, code, "%s%s", &stdout, &stderr)
}
