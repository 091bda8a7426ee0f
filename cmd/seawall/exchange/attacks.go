package exchange

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	crstests "github.com/corazawaf/coraza-coreruleset/v4/tests"
	"github.com/goccy/go-yaml"
)

// An Attack is a stage of one of CRS's regression tests that some rule must find.
type Attack struct {
	Test    string // "942100-3"
	Rule    int    // that the test is of
	Expect  []int  // rules that must match
	Request *Exchange
}

// AttackFiles lists CRS's files of tests, in order: "REQUEST-942-.../942100.yaml".
func AttackFiles() ([]string, error) { return fs.Glob(crstests.FS, "*/*.yaml") }

// Attacks are CRS's own tests for a rule, all of them, and some of the other rules of
// its file (its category), spread evenly: at most n in all. There are none for a rule
// that is not CRS's.
func Attacks(rule, n int) ([]Attack, error) {
	files, err := fs.Glob(crstests.FS, fmt.Sprintf("*-%d-*/*.yaml", rule/1000))
	if err != nil {
		return nil, err
	}
	var own, others []Attack
	for _, file := range files {
		found, err := AttacksIn(file)
		if err != nil {
			return nil, err
		}
		if strings.TrimSuffix(path.Base(file), ".yaml") == strconv.Itoa(rule) {
			own = found
		} else {
			others = append(others, found...)
		}
	}
	own = own[:min(len(own), n)]
	return append(slices.Clip(own), spread(others, n-len(own))...), nil
}

// spread takes n of all, evenly.
func spread(all []Attack, n int) []Attack {
	if n >= len(all) {
		return all
	}
	chosen := make([]Attack, 0, max(n, 0))
	for i := range n {
		chosen = append(chosen, all[i*len(all)/n])
	}
	return chosen
}

// AttacksIn reads one of AttackFiles: the tests of one request that expect a match.
func AttacksIn(file string) ([]Attack, error) {
	text, err := fs.ReadFile(crstests.FS, file)
	if err != nil {
		return nil, err
	}
	var suite struct {
		Rule  int `yaml:"rule_id"`
		Tests []struct {
			ID     int `yaml:"test_id"`
			Stages []struct {
				Input  testInput `yaml:"input"`
				Output struct {
					Log struct {
						Expect []int `yaml:"expect_ids"`
					} `yaml:"log"`
				} `yaml:"output"`
			} `yaml:"stages"`
		} `yaml:"tests"`
	}
	if err := yaml.Unmarshal(text, &suite); err != nil {
		return nil, fmt.Errorf("reading CRS's %s: %w", file, err)
	}
	var found []Attack
	for i, test := range suite.Tests {
		if len(test.Stages) != 1 || len(test.Stages[0].Output.Log.Expect) == 0 {
			continue
		}
		stage := test.Stages[0]
		x, err := stage.Input.exchange()
		if err != nil {
			continue // bytes that no HTTP/1 request is
		}
		found = append(found, Attack{Test: fmt.Sprintf("%d-%d", suite.Rule, cmp.Or(test.ID, i+1)), Rule: suite.Rule,
			Expect: stage.Output.Log.Expect, Request: x})
	}
	return found, nil
}

// testInput is a stage's request, as the go-ftw format has it.
type testInput struct {
	Method, URI, Version, Data string
	Headers                    yaml.MapSlice
	Encoded                    string `yaml:"encoded_request"`
	Autocomplete               *bool  `yaml:"autocomplete_headers"`
}

// exchange follows go-ftw: a form's content type and the length are added unless the
// test says otherwise, and a form that is not encoded is.
func (in *testInput) exchange() (*Exchange, error) {
	if in.Encoded != "" {
		raw, err := base64.StdEncoding.DecodeString(in.Encoded)
		if err != nil {
			return nil, err
		}
		x, err := readHTTP(raw)
		if err == nil {
			x.Source = "CRS test"
		}
		return x, err
	}
	x := &Exchange{Source: "CRS test", Method: cmp.Or(in.Method, "GET"), Path: cmp.Or(in.URI, "/"),
		Protocol: cmp.Or(in.Version, "HTTP/1.1")}
	for _, h := range in.Headers {
		x.add(fmt.Sprint(h.Key), fmt.Sprint(h.Value))
	}
	complete := in.Autocomplete == nil || *in.Autocomplete
	data := in.Data
	contentType, typed := x.Header("content-type")
	if data != "" && complete {
		if !typed {
			contentType = "application/x-www-form-urlencoded"
			x.add("content-type", contentType)
		}
		if contentType == "application/x-www-form-urlencoded" {
			data = encoded(data)
		}
	}
	if strings.Contains(contentType, "multipart/form-data;") {
		data = strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\n", "\r\n")
	}
	x.Body = []byte(data)
	if _, ok := x.Header("content-length"); complete && !ok &&
		(data != "" || slices.Contains([]string{"POST", "PUT", "PATCH", "DELETE"}, x.Method)) {
		x.Headers = append(x.Headers, [2]string{"content-length", strconv.Itoa(len(data))})
	} else if !ok && !in.chunked() && strings.HasPrefix(x.Protocol, "HTTP/1") {
		x.Body = nil // RFC 9112, 6.3: without either it has none
	}
	if x.Path == "/reflect" {
		x.Response = reflected(x.Body)
	}
	return x, nil
}

func (in *testInput) chunked() bool {
	return slices.ContainsFunc(in.Headers, func(h yaml.MapItem) bool {
		return strings.EqualFold(fmt.Sprint(h.Key), "transfer-encoding")
	})
}

// encoded escapes a form whose names and values are written plainly.
func encoded(data string) string {
	if plain, err := url.QueryUnescape(data); err != nil || plain != data {
		return data
	}
	pairs := strings.Split(data, "&")
	for i, pair := range pairs {
		name, value, equals := strings.Cut(pair, "=")
		pairs[i] = url.QueryEscape(name)
		if equals {
			pairs[i] += "=" + url.QueryEscape(value)
		}
	}
	return strings.Join(pairs, "&")
}
