package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// An Event is what Seawall logs of an exchange: what rules found, but no query,
// no header and no body.
type Event struct {
	ID      string `json:"tx_id"`
	Action  string `json:"action"` // pass, deny, would_deny, fault
	Policy  string `json:"policy"`
	Took    int    `json:"took_us"`
	Phase   int    `json:"phase"`
	Status  int    `json:"status"`
	Rule    int    `json:"rule_id"`
	Details string `json:"details"`
	Request struct {
		Method, Host, Path, Protocol string
	} `json:"request"`
	Client struct{ Address string } `json:"client"`
	Rules  []EventRule              `json:"rules"`
	Scores map[string]int           `json:"scores"`
	Error  string                   `json:"error"`
}

// An EventRule is one rule that matched.
type EventRule struct {
	ID       int    `json:"id"`
	Phase    int    `json:"phase"`
	Severity string `json:"severity"`
	Message  string `json:"msg"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Matched  []struct {
		Variable string `json:"variable"`
		Value    string `json:"value"` // with log_matched_data
	} `json:"matched"`
}

func readEvent(text []byte) (*Exchange, error) {
	e := &Event{}
	if err := decode(text, e); err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	return &Exchange{Source: "event", ID: e.ID, Method: e.Request.Method, Path: e.Request.Path, Host: e.Request.Host,
		Protocol: e.Request.Protocol, Client: e.Client.Address, Event: e,
		Missing: []string{"an event holds neither the query nor headers nor the body, so nothing was replayed"}}, nil
}

// maxRecord bounds one record of a log; a longer one is passed over.
const maxRecord = 16 << 20

// Records yields the records of a log, one by one: each line of JSON, bare or at the
// end of one of Envoy's log lines, and each record of Coraza's native format, the one
// that is cut short too. Other lines are left out. A record is valid until the next one.
func Records(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		var native []byte // a record in progress
		for {
			line, err := readLine(in)
			if err != nil && !errors.Is(err, io.EOF) {
				yield(nil, err)
				return
			}
			trimmed := bytes.TrimSpace(line)
			record := []byte(nil)
			switch {
			case nativeStart.Match(trimmed):
				record, native = native, bytes.Clone(line) // the one before is cut short
			case native != nil:
				if len(native) < maxRecord {
					native = append(native, line...)
				}
				if bytes.HasPrefix(trimmed, []byte("--")) && bytes.HasSuffix(trimmed, []byte("-Z--")) {
					record, native = native, nil
				}
			case len(trimmed) > 0 && trimmed[0] == '{':
				record = trimmed
			default:
				if at := bytes.Index(trimmed, []byte("] {")); at >= 0 {
					record = trimmed[at+2:]
				}
			}
			if record != nil && !yield(record, nil) {
				return
			}
			if err != nil { // the log's end
				if native != nil {
					yield(native, nil)
				}
				return
			}
		}
	}
}

// readLine reads a line; one longer than maxRecord comes cut, as no record.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		piece, err := in.ReadSlice('\n')
		if len(line) <= maxRecord {
			line = append(line, piece...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if len(line) > maxRecord {
			line = nil
		}
		return line, err
	}
}

// Find reads the record of the transaction id, in upper or lower case, from a log: an
// event, or, where an audit log has it too, whichever comes first with a request to
// replay.
func Find(r io.Reader, id string) (*Exchange, error) {
	var event *Exchange
	for record, err := range Records(r) {
		if err != nil {
			return nil, fmt.Errorf("reading the log: %w", err)
		}
		if !bytes.Contains(record, []byte(id)) && !bytes.Contains(record, []byte(strings.ToUpper(id))) {
			continue
		}
		x, err := Read(record, 0)
		if err != nil || !strings.EqualFold(x.ID, id) {
			continue // the ID of another's request, or an access log's line
		}
		if x.Event == nil {
			return x, nil
		}
		event = x
	}
	if event == nil {
		return nil, fmt.Errorf("no record of %s is in the log", id)
	}
	return event, nil
}
