package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// root is the project's folder, wherever below it we were started.
func root() string {
	for dir := "."; len(dir) < 40; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	return "."
}

// fixtures adds testdata/rules: each NAME.conf with the exchanges of NAME.http,
// blocking as it is written and once more under DetectionOnly. {{dir}} in the
// rules is the folder, {{tmp}} one that may be written to.
func (in *inputs) fixtures() error {
	dir, err := filepath.Abs(filepath.Join(root(), "e2e", "equal", "testdata", "rules"))
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.conf"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		exchanges, err := os.ReadFile(strings.TrimSuffix(file, ".conf") + ".http")
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(file), ".conf")
		written := strings.NewReplacer("{{dir}}", dir, "{{tmp}}", os.TempDir()).Replace(string(text))
		for _, rules := range []*ruleSet{{name: name, text: written}, {name: name + "/detect", text: written + "\nSecRuleEngine DetectionOnly\n"}} {
			if err := in.file("fixture", rules, exchanges); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}

// file adds the exchanges of a .http file. A line "### name" begins a request, a
// line "<<<" its answer, which is otherwise an ordinary page. Two words after the
// name change the text below: crlf gives bodies the line ends of multipart, and
// escapes reads \x00 and the like as Go does.
func (in *inputs) file(source string, rules *ruleSet, text []byte) error {
	for _, section := range bytes.Split(append([]byte("\n"), text...), []byte("\n### "))[1:] {
		title, raw, _ := strings.Cut(string(section), "\n")
		words := strings.Fields(title)
		end := "\n"
		for _, word := range words[1:] {
			switch word {
			case "crlf":
				end = "\r\n"
				raw = strings.ReplaceAll(raw, "\n", end)
			case "escapes":
				unquoted, err := strconv.Unquote(`"` + strings.NewReplacer("\n", `\n`, `"`, `\"`).Replace(raw) + `"`)
				if err != nil {
					return fmt.Errorf("%s: %w", title, err)
				}
				raw = unquoted
			default:
				return fmt.Errorf("%s: unknown word %q", title, word)
			}
		}
		request, answer, answered := strings.Cut(raw, "<<<"+end)
		e, err := readRequest(trimmed(request, end))
		if err != nil {
			return fmt.Errorf("%s: %w", title, err)
		}
		e.usual()
		if answered {
			if err := e.readAnswer(trimmed(answer, end)); err != nil {
				return fmt.Errorf("%s: %w", title, err)
			}
		}
		if len(e.body) > 0 && e.header("content-length") == "" && e.header("x-chunked") == "" {
			e.headers = append(e.headers, [2]string{"content-length", strconv.Itoa(len(e.body))})
		}
		in.add(source, words[0], rules, e)
	}
	return nil
}

// trimmed takes off what stands before the next section, and ends a head that has
// no body. A body that ends in line breaks needs escapes.
func trimmed(text, end string) []byte {
	text = strings.TrimRight(text, "\r\n")
	if !strings.Contains(text, end+end) {
		text += end + end
	}
	return []byte(text)
}
