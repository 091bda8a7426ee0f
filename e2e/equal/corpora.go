package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// corpora adds what others have collected, where it lies beside the project.
func (in *inputs) corpora(folder string) error {
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(root(), folder)
	}
	if _, err := os.Stat(folder); err != nil {
		in.skip("the corpora: %v", err)
		return nil
	}
	rules := crsRules(1, "On")
	rules.name = "pl1"
	if err := in.attackStrings(folder, rules); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(folder, "naughty-strings", "blns.json"))
	if err != nil {
		return err
	}
	var naughty []string
	if err := json.Unmarshal(text, &naughty); err != nil {
		return fmt.Errorf("reading the naughty strings: %w", err)
	}
	for i, s := range naughty {
		in.everywhere("naughty", strconv.Itoa(i), rules, s)
	}
	documents, err := filepath.Glob(filepath.Join(folder, "json", "*.json"))
	if err != nil {
		return err
	}
	for _, file := range documents {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		in.add("json", filepath.Base(file), rules, withBody("application/json", text))
	}
	return in.modsecurity(filepath.Join(folder, "modsecurity", "regression"))
}

// perFile bounds how many strings of one file are run in every place: one file
// has 14,000 of a kind.
const perFile = 150

func (in *inputs) attackStrings(folder string, rules *ruleSet) error {
	files, err := filepath.Glob(filepath.Join(folder, "sqli-xss", "*.txt"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var found []string
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			if line := lines.Text(); line != "" && line[0] != '#' {
				found = append(found, line)
			}
		}
		step := len(found)/perFile + 1
		for i := 0; i < len(found); i += step {
			in.payload("sqli-xss", fmt.Sprintf("%s/%d", filepath.Base(file), i), rules, found[i])
		}
	}
	return nil
}

// regression is one of ModSecurity's own tests; what it expects is of no
// interest here. A body is a string or a list of lines.
type regression struct {
	Title   string
	Rules   []string
	Request struct {
		URI, Method string
		Version     any `json:"http_version"`
		Headers     headerMap
		Body        json.RawMessage
	}
	Response struct {
		Headers headerMap
		Body    json.RawMessage
	}
}

// headerMap is an object; one test has a word in its place.
type headerMap map[string]any

func (h *headerMap) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '{' {
		return nil
	}
	return json.Unmarshal(text, (*map[string]any)(h))
}

// writes matches directives that name files of ModSecurity's tests, network what
// asks others.
var (
	writes  = regexp.MustCompile(`(?i)^\s*(SecAuditLog|SecAuditLogStorageDir|SecAuditLog2|SecDebugLog|SecUploadDir|SecAuditLogType|SecTmpDir)\s`)
	network = regexp.MustCompile(`(?i)@rbl|SecRemoteRules|@inspectFile`)
)

func (in *inputs) modsecurity(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var tests []regression
		if err := json.Unmarshal(text, &tests); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		for i, test := range tests {
			var directives []string
			for _, line := range test.Rules {
				if !writes.MatchString(line) {
					directives = append(directives, line)
				}
			}
			rules := &ruleSet{name: fmt.Sprintf("%s/%d", name, i),
				text: "SecAuditLogType " + auditType + "\n" + strings.Join(directives, "\n") + "\n"}
			if network.MatchString(rules.text) {
				in.skip("ModSecurity's test %s: it runs a program or asks the network", rules.name)
				continue
			}
			in.add("modsecurity", "request", rules, test.exchange())
		}
	}
	return nil
}

func (t *regression) exchange() *exchange {
	e := &exchange{method: t.Request.Method, target: t.Request.URI, protocol: "HTTP/1.1", host: "localhost", status: 200}
	if e.method == "" {
		e.method = "GET"
	}
	if e.target == "" {
		e.target = "/"
	}
	switch fmt.Sprint(t.Request.Version) {
	case "1", "1.0":
		e.protocol = "HTTP/1.0"
	case "2", "2.0":
		e.protocol = "HTTP/2"
	}
	for _, name := range slices.Sorted(maps.Keys(t.Request.Headers)) {
		lower := strings.ToLower(name)
		switch value := fmt.Sprint(t.Request.Headers[name]); lower {
		case "host":
			e.host = value
		case "transfer-encoding", "upgrade", "content-length", "":
		default:
			e.headers = append(e.headers, [2]string{lower, value})
		}
	}
	if e.body = text(t.Request.Body, "\r\n"); len(e.body) > 0 {
		e.headers = append(e.headers, [2]string{"content-length", strconv.Itoa(len(e.body))})
	}
	for _, name := range slices.Sorted(maps.Keys(t.Response.Headers)) {
		e.answerHeaders = append(e.answerHeaders, [2]string{strings.ToLower(name), fmt.Sprint(t.Response.Headers[name])})
	}
	e.answer = text(t.Response.Body, "\n")
	return e
}

// text joins a body's lines.
func text(raw json.RawMessage, end string) []byte {
	var lines []string
	var one string
	switch {
	case json.Unmarshal(raw, &lines) == nil:
		return []byte(strings.Join(lines, end))
	case json.Unmarshal(raw, &one) == nil:
		return []byte(one)
	}
	return nil
}
