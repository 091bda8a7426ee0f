package rules

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/corazawaf/coraza/v3"
)

// CompileOffline is Compile for whoever judges no traffic: neither to compile nor to
// evaluate opens or writes a log of the text's, or connects to a log's server. That a
// log could not be written is no error here.
func CompileOffline(fsys fs.FS, text string, cfg coraza.WAFConfig) (coraza.WAF, error) {
	return compileReviewed(fsys, text, cfg, true)
}

// noDebugLog takes the place of SecDebugLog, which opens its file where it stands.
const noDebugLog = "SecDebugLog /dev/null"

// noLogs stands behind the text. Coraza opens the audit log, or its connection, only
// behind all directives, and then the last ones count. At debug level 0 nothing
// is spent on lines that nobody keeps.
const noLogs = "SecAuditEngine Off\nSecAuditLogType Serial\nSecAuditLog /dev/null\nSecDebugLogLevel 0\n"

// muted replaces each SecDebugLog of text, of the files that it includes, and of
// directives, which Walk found in them. Lines keep their numbers.
func muted(files *snapshot, text string, directives []Directive) (string, error) {
	touched := map[string]bool{}
	for i, d := range directives {
		// Without an argument it is a fault, which Coraza is to find.
		if d.is("SecDebugLog") && includeArgument(d.Text) != "" {
			touched[d.File], directives[i].Text = true, noDebugLog
		}
	}
	for name := range touched {
		if name == "" {
			continue
		}
		contents, err := mutedText(name, string(files.files[name].value))
		if err != nil {
			return "", err
		}
		files.files[name] = outcome[[]byte]{value: []byte(contents)}
	}
	if !touched[""] {
		return text, nil
	}
	return mutedText("", text)
}

func mutedText(name, text string) (string, error) {
	lines := strings.Split(text, "\n")
	logical, err := newLogicalLines(name, text)
	for err == nil {
		var d *Directive
		if d, err = logical.next(); d == nil {
			break
		}
		if !d.is("SecDebugLog") || includeArgument(d.Text) == "" {
			continue
		}
		clear(lines[d.Line-1 : logical.line]) // with its continuations
		lines[d.Line-1] = noDebugLog
	}
	if err != nil {
		return "", fmt.Errorf("reading directives: %w", err) // Walk has read the same
	}
	return strings.Join(lines, "\n"), nil
}
