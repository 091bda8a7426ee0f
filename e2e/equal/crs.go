package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	crstests "github.com/corazawaf/coraza-coreruleset/v4/tests"
	"github.com/coreruleset/go-ftw/v2/ftwhttp"
	"github.com/coreruleset/go-ftw/v2/test"
	"github.com/rs/zerolog"
)

// crs adds each request of CRS's regression tests, at each level, blocking and
// only detecting.
func (in *inputs) crs(levels []int) error {
	zerolog.SetGlobalLevel(zerolog.Disabled) // go-ftw traces each header otherwise
	type named struct {
		name string
		*exchange
	}
	var all []named
	err := fs.WalkDir(crstests.FS, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".yaml" {
			return err
		}
		text, err := fs.ReadFile(crstests.FS, file)
		if err != nil {
			return err
		}
		suite, err := test.GetTestFromYaml(text, path.Base(file))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, one := range suite.Tests {
			for i, stage := range one.Stages {
				name := one.IdString()
				if i > 0 {
					name += fmt.Sprintf("-stage%d", i+1)
				}
				raw, err := requestBytes(test.NewInput(&stage.Input))
				if err != nil {
					return fmt.Errorf("%s: test %s: %w", file, name, err)
				}
				e, err := readRequest(raw)
				if err != nil {
					in.skip("CRS's test %s: %v, so a proxy answers it itself", name, err)
					continue
				}
				reflect(e)
				all = append(all, named{name, e})
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading CRS's tests: %w", err)
	}
	for _, level := range levels {
		for _, engine := range []string{"On", "DetectionOnly"} {
			rules := crsRules(level, engine)
			for _, n := range all {
				in.add("crs", n.name, rules, n.exchange)
			}
		}
	}
	return nil
}

// requestBytes is what go-ftw's runner sends for input, by go-ftw's own code.
func requestBytes(in *test.Input) ([]byte, error) {
	if in.EncodedRequest != "" {
		return base64.StdEncoding.DecodeString(in.EncodedRequest)
	}
	line := &ftwhttp.RequestLine{Method: in.GetMethod(), URI: in.GetURI(), Version: in.GetVersion()}
	return ftwhttp.BuildRequest(ftwhttp.NewRequest(line, in.GetHeaders(), in.GetData(), *in.AutocompleteHeaders))
}

// reflect gives an exchange the answer of CRS's own test server, albedo: POST
// /reflect answers as its JSON body says, everything else with an empty 200.
func reflect(e *exchange) {
	e.status, e.answerHeaders = http.StatusOK, [][2]string{{"content-length", "0"}}
	if e.method != http.MethodPost || e.target != "/reflect" {
		return
	}
	var spec struct {
		Status      int               `json:"status"`
		Headers     map[string]string `json:"headers"`
		Body        string            `json:"body"`
		EncodedBody string            `json:"encodedBody"`
	}
	if json.Unmarshal(e.body, &spec) != nil {
		e.status = http.StatusBadRequest
		return
	}
	if spec.Status != 0 {
		e.status = spec.Status
	}
	e.answer = []byte(spec.Body)
	if spec.EncodedBody != "" {
		e.answer, _ = base64.StdEncoding.DecodeString(spec.EncodedBody)
	}
	e.answerHeaders = nil
	typed := false
	for _, name := range slices.Sorted(maps.Keys(spec.Headers)) {
		typed = typed || strings.EqualFold(name, "content-type")
		e.answerHeaders = append(e.answerHeaders, [2]string{strings.ToLower(name), spec.Headers[name]})
	}
	if !typed {
		e.answerHeaders = append(e.answerHeaders, [2]string{"content-type", http.DetectContentType(e.answer)})
	}
}
