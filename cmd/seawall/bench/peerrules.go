package bench

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seawall-waf/seawall/rules"
)

// What libmodsecurity 3.0.9 does not know: directives and variables of Coraza's
// own.
var corazaOnly = regexp.MustCompile(`(?i)^(SecRxPreFilter|Sec(Request|Response)BodyJsonDepthLimit|SecArgumentsLimit|SecRequestBodyInMemoryLimit)\s` +
	`|^SecRule\s+(URI_PARSE_ERROR|ARGUMENTS_LIMIT_REACHED)\s`)

// actionless is a chain's link that has no actions, as CRS 4.25.0 has one; it
// does not load.
var actionless = regexp.MustCompile(`^SecRule\s+\S+\s+"(?:[^"\\]|\\.)*"\s*$`)

var dataFile = regexp.MustCompile(`@(?:pmFromFile|pmf|ipMatchFromFile|ipMatchF)\s+([^"]+)`)

// modSecurityRules writes CRS where libmodsecurity can read it, all includes in
// one file, the data files beside it.
func modSecurityRules(dir string, paranoia int) (file string, err error) {
	policy, err := CoreRuleSet(paranoia)
	if err != nil {
		return "", err
	}
	directives, err := rules.Walk(rules.FS(), policy.Text)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, d := range directives {
		name, _, _ := strings.Cut(d.Text, " ")
		if strings.EqualFold(name, "Include") || corazaOnly.MatchString(d.Text) {
			continue
		}
		for _, m := range dataFile.FindAllStringSubmatch(d.Text, -1) {
			for name := range strings.FieldsSeq(m[1]) {
				if err := copyBeside(dir, d.File, name); err != nil {
					return "", err
				}
			}
		}
		all.WriteString(strings.ReplaceAll(d.Text, "%{MULTIPART_DUPLICATE_PART_HEADER}", "")) // Coraza's own too
		if actionless.MatchString(d.Text) {
			all.WriteString(` "t:none"`)
		}
		all.WriteString("\n")
	}
	file = filepath.Join(dir, "rules.conf")
	if err := os.WriteFile(file, []byte(all.String()), 0o600); err != nil {
		return "", fmt.Errorf("writing the rules: %w", err)
	}
	return file, nil
}

// copyBeside copies a data file that stands beside a rule's file.
func copyBeside(dir, ruleFile, name string) error {
	data, err := fs.ReadFile(rules.FS(), filepath.Join(filepath.Dir(ruleFile), name))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, filepath.Base(name)), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("copying %s: %w", name, err)
	}
	return nil
}
