package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"
)

// longestLine bounds the memory for a line, in bytes: no event is as long.
const longestLine = 1 << 20

// A Reader reads logs of any length in memory that does not grow. Its counts are
// of all that was read so far.
type Reader struct {
	Event  func(*Record) // each event; the Record is the callee's
	Access func(Access)  // each line of the access log; may be nil
	Audit  func([]byte)  // each record of an audit log, for the call; may be nil

	Lines    int
	Events   int
	Accesses int
	Audits   int
	Faults   int // events of our own faults
	Overlong int // lines past longestLine, which were skipped
	Cut      int // records of an audit log that lack their end, which were left out

	native []byte // a record of the Native format, begun
}

// Read reads r to its end.
func (d *Reader) Read(r io.Reader) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	var long []byte
	overlong := false
	for {
		part, err := lines.ReadSlice('\n')
		if len(long)+len(part) > longestLine {
			overlong, long, part = true, long[:0], nil
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			if !overlong {
				long = append(long, part...)
			}
			continue
		}
		if len(part) > 0 || len(long) > 0 || overlong {
			d.Lines++
			switch {
			case overlong:
				d.Overlong++
				d.cut()
			case len(long) > 0:
				d.line(append(long, part...), time.Time{})
			default:
				d.line(part, time.Time{})
			}
			long, overlong = long[:0], false
		}
		if errors.Is(err, io.EOF) {
			d.cut()
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// The key of an event, bare and in another's string.
var (
	eventMark   = []byte(`"event"`)
	escapedMark = []byte(`\"event\"`)
	accessMark  = []byte(`"seawall"`)
)

// marked finds a key whose value is a string that begins with seawall. White space
// may stand around the colon, as Python's json.dumps and jq write it. quote is the
// value's own.
func marked(line, key []byte, quote string) bool {
	for {
		start := bytes.Index(line, key)
		if start < 0 {
			return false
		}
		line = line[start+len(key):]
		rest, found := bytes.CutPrefix(bytes.TrimLeft(line, " \t"), []byte(":"))
		if found && bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte(quote+"seawall")) {
			return true
		}
	}
}

func isEvent(line []byte) bool { return marked(line, eventMark, `"`) }

// line reads one line. at is when whoever wrapped it says that it was logged.
func (d *Reader) line(line []byte, at time.Time) {
	if d.Audit != nil && d.nativeLine(line) {
		return
	}
	switch {
	case isEvent(line):
		d.event(line, at)
	case marked(line, escapedMark, `\"`):
		d.unwrap(line)
	case d.Access != nil && bytes.Contains(line, accessMark):
		d.access(line)
	case d.Audit != nil:
		d.audit(line)
	}
}

// A wrapper is a line of a log collector's: Docker's json-file, Fluent Bit's, Google
// Cloud's. The line of Envoy's is one of its strings.
type wrapper struct {
	Log         string `json:"log"`
	Message     string `json:"message"`
	Msg         string `json:"msg"`
	TextPayload string `json:"textPayload"`
	Line        string `json:"line"`

	Time      string `json:"time"`
	Timestamp string `json:"timestamp"`
	At        string `json:"@timestamp"`
}

func (d *Reader) unwrap(line []byte) {
	var w wrapper
	if start := bytes.IndexByte(line, '{'); start < 0 || json.Unmarshal(line[start:], &w) != nil {
		return
	}
	var at time.Time
	for _, text := range []string{w.Time, w.Timestamp, w.At} {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			at = t
			break
		}
	}
	for _, text := range []string{w.Log, w.Message, w.Msg, w.TextPayload, w.Line} {
		if isEvent([]byte(text)) {
			d.event([]byte(text), at)
			return
		}
	}
}

// written is an event as filter/event.go writes it.
type written struct {
	Event  string `json:"event"`
	Time   string `json:"time"`
	Action string `json:"action"`
	ID     string `json:"tx_id"`
	Policy string `json:"policy"`
	Client struct {
		Address string `json:"address"`
	} `json:"client"`
	Request struct {
		Method string `json:"method"`
		Host   string `json:"host"`
		Path   string `json:"path"`
	} `json:"request"`
	Phase  int            `json:"phase"`
	Rule   int            `json:"rule_id"`
	Rules  []Rule         `json:"rules"`
	Scores map[string]int `json:"scores"`
	Status int            `json:"upstream_status"`
}

// before is how many braces may precede an event's own in its line.
const before = 8

func (d *Reader) event(line []byte, at time.Time) {
	var e written
	start := 0
	for range before {
		next := bytes.IndexByte(line[start:], '{')
		if next < 0 {
			return
		}
		start += next
		e = written{}
		if json.Unmarshal(line[start:], &e) == nil && strings.HasPrefix(e.Event, "seawall") {
			break
		}
		e.Event = ""
		start++
	}
	switch e.Event {
	case "seawall_error":
		d.Faults++
		return
	case "seawall":
	default:
		return
	}
	d.Events++
	if t, err := time.Parse(time.RFC3339Nano, e.Time); err == nil {
		at = t
	} else if at.IsZero() {
		at = timeIn(line[:start])
	}
	d.Event(&Record{Time: at, Action: e.Action, Policy: e.Policy, ID: e.ID, Client: e.Client.Address,
		Method: e.Request.Method, Host: e.Request.Host, Path: e.Request.Path,
		Rule: e.Rule, Phase: e.Phase, Rules: e.Rules, Scores: e.Scores, Status: e.Status})
}

// stamp matches the time of Envoy's log lines, of RFC 3339, of CRI's.
var stamp = regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?`)

// timeIn is the last time in what precedes an event. Envoy's has no zone, which
// is taken for UTC.
func timeIn(prefix []byte) time.Time {
	found := stamp.FindAll(prefix, -1)
	if len(found) == 0 {
		return time.Time{}
	}
	text := strings.Replace(string(found[len(found)-1]), "T", " ", 1)
	at, _ := time.Parse("2006-01-02 15:04:05.999999999", text)
	return at
}

func (d *Reader) access(line []byte) {
	start := bytes.IndexByte(line, '{')
	if start < 0 {
		return
	}
	var a struct {
		Time   string `json:"time"`
		Client string `json:"client"`
		Method string `json:"method"`
		Status int    `json:"status"`
	}
	if json.Unmarshal(line[start:], &a) != nil || a.Method == "" || a.Status == 0 {
		return
	}
	d.Accesses++
	at, _ := time.Parse(time.RFC3339Nano, a.Time)
	d.Access(Access{Time: at, Client: a.Client, Status: a.Status})
}
