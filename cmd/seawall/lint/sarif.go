package lint

import (
	"io"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/seawall-waf/seawall/cmd/seawall/terminal"
)

// The parts of SARIF 2.1.0 (OASIS, sarif-v2.1.0-os) that code scanning reads.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string    `json:"id"`
		Short sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     Level           `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind,omitempty"`
	}
)

// SARIF prints the report for code scanning. version is the program's.
func (r *Report) SARIF(w io.Writer, version string) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{},
		Tool: sarifTool{sarifDriver{Name: "seawall", Version: version}}}
	for _, c := range Codes {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{c.Name, sarifText{c.Says}})
	}
	for _, f := range r.Findings {
		result := sarifResult{RuleID: f.Code, Level: f.Level, Message: sarifText{f.what()}}
		result.RuleIndex = slices.IndexFunc(Codes, func(c Code) bool { return c.Name == f.Code })
		if f.Fix != "" {
			result.Message.Text += "; fix: " + f.Fix
		}
		if f.File != "" {
			result.Locations = []sarifLocation{f.sarif()}
		}
		run.Results = append(run.Results, result)
	}
	return terminal.JSON(w).Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

func (f Finding) sarif() sarifLocation {
	l := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{uri(f.File)}}}
	if f.Line > 0 {
		l.Physical.Region = &sarifRegion{f.Line, f.Column}
	}
	if f.Key != "" {
		l.Logical = append(l.Logical, sarifLogical{f.Key, "member"})
	}
	if f.Place != "" {
		l.Logical = append(l.Logical, sarifLogical{Name: f.Place})
	}
	return l
}

// uri is a relative reference for a relative name (RFC 3986, 4.2).
func uri(file string) string {
	u := url.URL{Path: filepath.ToSlash(file)}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}
