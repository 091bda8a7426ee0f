package main

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"path"
	"strings"

	crstests "github.com/corazawaf/coraza-coreruleset/v4/tests"
	"github.com/coreruleset/go-ftw/v2/ftwhttp"
	"github.com/coreruleset/go-ftw/v2/test"
	"github.com/rs/zerolog"
)

// A crsTest is one of CRS's regression tests, as it is in the module.
type crsTest struct {
	id     string // "942100-3": the rule and the test's number
	file   string
	stages []stage
}

// A stage is one request and what CRS expects of it.
type stage struct {
	bytes  []byte // what go-ftw would write to the connection
	expect test.Output
}

// loadSuite reads every test, in the order of the files' names.
func loadSuite(fsys fs.FS) ([]crsTest, error) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // go-ftw traces each header otherwise
	var suite []crsTest
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		file, err := test.GetTestFromYaml(text, path.Base(name))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, one := range file.Tests {
			t := crsTest{id: one.IdString(), file: name}
			for _, s := range one.Stages {
				bytes, err := requestBytes(test.NewInput(&s.Input))
				if err != nil {
					return fmt.Errorf("%s: test %s: %w", name, t.id, err)
				}
				t.stages = append(t.stages, stage{bytes: bytes, expect: test.Output(s.Output)})
			}
			suite = append(suite, t)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading CRS's tests: %w", err)
	}
	return suite, nil
}

// crsSuite is the suite of the CRS release that Seawall embeds.
func crsSuite() ([]crsTest, error) { return loadSuite(crstests.FS) }

// only is the tests whose IDs begin so.
func only(suite []crsTest, prefix string) []crsTest {
	var chosen []crsTest
	for _, t := range suite {
		if strings.HasPrefix(t.id, prefix) {
			chosen = append(chosen, t)
		}
	}
	return chosen
}

// requestBytes is what go-ftw's runner sends for input, by go-ftw's own code.
func requestBytes(in *test.Input) ([]byte, error) {
	if in.EncodedRequest != "" {
		return base64.StdEncoding.DecodeString(in.EncodedRequest)
	}
	line := &ftwhttp.RequestLine{Method: in.GetMethod(), URI: in.GetURI(), Version: in.GetVersion()}
	return ftwhttp.BuildRequest(ftwhttp.NewRequest(line, in.GetHeaders(), in.GetData(), *in.AutocompleteHeaders))
}
