package main

import (
	"encoding/json"
	"fmt"

	"github.com/corazawaf/coraza/v3"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/rules"
)

// A ruleSet is one SecLang configuration, compiled by both sides.
type ruleSet struct {
	name, text string
	stock      coraza.WAF
	engine     *filter.Engine
}

// compileStock compiles with Coraza's own operators: it must be done for every
// rule set before Seawall's first, which replaces some of them for the process.
func (s *ruleSet) compileStock() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	s.stock, err = coraza.NewWAF(coraza.NewWAFConfig().WithRootFS(rules.FS()).WithDirectives(s.text))
	return err
}

// compileSeawall compiles what a user would write. screen is on, off, or empty
// for a config that does not say.
func (s *ruleSet) compileSeawall(screen string) error {
	document := map[string]any{"directives": []string{s.text}}
	if screen != "" {
		document["screen"] = screen
	}
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	config, err := filter.ParseConfig(text)
	if err != nil {
		return err
	}
	s.engine, err = filter.NewEngine(config)
	return err
}

// crsRules is CRS at a paranoia level, with records of what it audits.
func crsRules(level int, engine string) *ruleSet {
	return &ruleSet{name: fmt.Sprintf("pl%d/%s", level, engine), text: fmt.Sprintf(`Include @recommended.conf
SecRuleEngine %s
SecAuditLogType %s
SecAuditLogParts ABCEFHIJKZ
Include @crs-setup.conf.example
SecAction "id:900000,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=%d"
Include @owasp_crs/*.conf
`, engine, auditType, level)}
}
