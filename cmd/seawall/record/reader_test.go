package record

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const event = `{"action":"deny","client":{"address":"192.0.2.1","port":1},"event":"seawall","phase":2,"policy":"strict",` +
	`"request":{"host":"h","method":"GET","path":"/search","protocol":"HTTP/1.1"},"rule_id":949110,` +
	`"rules":[{"id":942100,"phase":2,"severity":"critical","msg":"m","matched":[{"variable":"ARGS:q","value":"{\"a\":1}"}]}],` +
	`"scores":{"blocking_inbound_anomaly_score":5},"status":403,"tx_id":"ABC"}`

func read(t *testing.T, text string) (records []*Record, accesses []Access, r Reader) {
	t.Helper()
	r = Reader{Event: func(r *Record) { records = append(records, r) }, Access: func(a Access) { accesses = append(accesses, a) }}
	require.NoError(t, r.Read(strings.NewReader(text)))
	return records, accesses, r
}

func TestAnEventIsFoundWhateverWrapsIt(t *testing.T) {
	whole := time.Date(2026, 11, 23, 5, 50, 14, 601_000_000, time.UTC)
	prefix := "[2026-11-23 05:50:14.601][7020][warning][dynamic_modules] [x.cc:57] "
	quoted := strings.ReplaceAll(event, `\`, `\\`)
	quoted = strings.ReplaceAll(quoted, `"`, `\"`)
	for name, tc := range map[string]struct {
		line string
		at   time.Time
	}{
		"bare":            {event, time.Time{}},
		"Envoy's":         {prefix + event, whole},
		"docker compose":  {"envoy-1  | " + prefix + event, whole},
		"kubectl, CRI":    {"2026-11-20T01:00:00.1Z stdout F " + prefix + event, whole},
		"an odd prefix":   {"{x} {y} " + prefix + event, whole},
		"Docker's files":  {`{"log":"` + prefix + quoted + `\n","stream":"stdout","time":"2026-11-23T05:50:14.601Z"}`, whole},
		"Google's":        {`{"textPayload":"` + quoted + `","timestamp":"2026-11-23T05:50:14.601Z"}`, whole},
		"with its time":   {strings.Replace(event, "{", `{"time":"2026-11-23T05:50:14.601Z",`, 1), whole},
		"CR and no LF":    {prefix + event + "\r", whole},
		"Fluent Bit's":    {`{"message":"` + quoted + `","@timestamp":"2026-11-23T05:50:14.601Z"}`, whole},
		"json.dumps":      {spaced(prefix, event), whole},
		"wrapped spaces":  {`{"log": "` + strings.ReplaceAll(strings.ReplaceAll(spaced("", event), `\`, `\\`), `"`, `\"`) + `", "time": "2026-11-23T05:50:14.601Z"}`, whole},
		"another's field": {`{"time":"2026-11-23T05:50:14.601Z","msg":"` + quoted + `"}`, whole},
	} {
		t.Run(name, func(t *testing.T) {
			records, _, r := read(t, tc.line)
			require.Len(t, records, 1)
			assert.Equal(t, 1, r.Events)
			assert.Equal(t, &Record{Time: tc.at, Action: "deny", Policy: "strict", ID: "ABC", Client: "192.0.2.1", Method: "GET", Host: "h",
				Path: "/search", Rule: 949110, Phase: 2, Scores: map[string]int{"blocking_inbound_anomaly_score": 5},
				Rules: []Rule{{ID: 942100, Phase: 2, Severity: "critical", Message: "m", Matched: []Target{{Variable: "ARGS:q", Value: `{"a":1}`}}}}}, records[0])
		})
	}
}

// spaced is an event as Python's json.dumps and others write JSON.
func spaced(prefix, event string) string {
	event = regexp.MustCompile(`([^\\]"):`).ReplaceAllString(event, "$1: ")
	return prefix + strings.Replace(event, `"event": "`, `"event" :  "`, 1)
}

func TestWhatIsNoEventIsLeftOut(t *testing.T) {
	records, accesses, r := read(t, strings.Join([]string{
		"", "[2026-11-23 05:50:14.601][1][info][main] [x.cc:1] starting",
		`{"event":"seawall"`, `{"event":"seawalls"}`, `{"event":"other","x":"\"event\":\"seawall\""}`,
		`{"event":"seawall_error","error":"x"}`,
		`{"client":"192.0.2.1","method":"GET","status":200,"time":"2026-11-23T05:50:14.601Z","seawall":null}`,
		`{"seawall":"nothing"}`, `{"event": "x", "y": "seawall"}`, `{"event" `,
	}, "\n"))
	assert.Empty(t, records)
	assert.Equal(t, []Access{{Time: time.Date(2026, 11, 23, 5, 50, 14, 601_000_000, time.UTC), Client: "192.0.2.1", Status: 200}}, accesses)
	assert.Equal(t, 1, r.Faults)
	assert.Equal(t, 1, r.Accesses)
	assert.Equal(t, 10, r.Lines)
}

func TestALineThatIsTooLongIsSkippedAndTheNextIsRead(t *testing.T) {
	long := strings.Repeat("x", longestLine+100)
	records, _, r := read(t, long+"\n"+event+"\n"+long+event+"\n"+strings.Repeat(" ", 100_000)+event)
	assert.Len(t, records, 2, "a line past one buffer is read whole")
	assert.Equal(t, 2, r.Overlong)
	assert.Equal(t, 4, r.Lines)
}

func TestRecordsOfAuditLogsAreHandedOnWhole(t *testing.T) {
	native := "--ab-A--\n[x] id 192.0.2.1 1 192.0.2.2 80\n--ab-B--\nGET / HTTP/1.1\n--ab-Z--\n"
	text := native + "\n" + `{"transaction":{"id":"1"}}` + "\n" + `{"transaction":{"transaction_id":"2"},"request":{}}` + "\n" + native + event
	var audits []string
	events := 0
	r := Reader{Event: func(*Record) { events++ }, Audit: func(text []byte) { audits = append(audits, string(text)) }}
	require.NoError(t, r.Read(strings.NewReader(text)))
	require.Len(t, audits, 4)
	assert.Equal(t, native, audits[0])
	assert.Equal(t, `{"transaction":{"id":"1"}}`, audits[1])
	assert.Equal(t, native, audits[3])
	assert.Equal(t, 1, events)
}

// What was sent is then not known, nor what it would be judged: it is counted.
func TestARecordOfAnAuditLogThatIsCutShortIsLeftOutAndCounted(t *testing.T) {
	whole := "--ab-A--\n[x] id 192.0.2.1 1 192.0.2.2 80\n--ab-B--\nGET / HTTP/1.1\n--ab-Z--\n"
	begun := "--cd-A--\n[x] id 192.0.2.1 1 192.0.2.2 80\n--cd-B--\nGET /cut HTTP/1.1\n"
	large := strings.Repeat("a: "+strings.Repeat("x", 1000)+"\n", longestLine/1000)
	for name, tc := range map[string]struct {
		logs []string
		cut  int
	}{
		"the log is being written":     {[]string{whole + begun}, 1},
		"another begins":               {[]string{begun + whole}, 1},
		"its file ends":                {[]string{begun, "--cd-Z--\n" + whole}, 1},
		"it is too long":               {[]string{begun + large + "--cd-Z--\n" + whole}, 1},
		"one of its lines is too long": {[]string{begun + "--cd-C--\n" + strings.Repeat("x", longestLine+1) + "\n\n--cd-Z--\n" + whole}, 1},
		"two":                          {[]string{begun + begun, whole}, 2},
		"none":                         {[]string{whole, "\n" + whole[:len(whole)-1]}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var audits []string
			r := Reader{Audit: func(text []byte) { audits = append(audits, string(text)) }}
			for _, log := range tc.logs {
				require.NoError(t, r.Read(strings.NewReader(log)))
			}
			assert.Equal(t, tc.cut, r.Cut)
			assert.Equal(t, len(audits), r.Audits)
			for _, audit := range audits {
				assert.Equal(t, strings.TrimSpace(whole), strings.TrimSpace(audit))
			}
			assert.NotEmpty(t, audits)
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(event)
	f.Add(`{"log":"` + event + `"}`)
	f.Add("--ab-A--\n--ab-Z--")
	f.Fuzz(func(t *testing.T, text string) {
		r := Reader{Event: func(r *Record) { _ = fmt.Sprint(r) }, Access: func(Access) {}, Audit: func([]byte) {}}
		require.NoError(t, r.Read(strings.NewReader(text)))
	})
}
