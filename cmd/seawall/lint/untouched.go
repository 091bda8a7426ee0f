package lint

import (
	"os"
	"strings"

	"github.com/seawall-waf/seawall/rules"
)

// untouched remembers which files a compilation would create, the audit log and the
// debug log, and returns what removes those that it did, while they are empty. A
// log that belongs to whoever ran validate would be one that Envoy cannot write.
func untouched(text string) (restore func()) {
	directives, _ := rules.Walk(rules.FS(), text) // what it could read of a broken text
	var created []string
	for _, d := range directives {
		if name := strings.ToLower(nameOf(d)); name != "secauditlog" && name != "secdebuglog" {
			continue
		}
		path := argumentOf(d)
		if _, err := os.Lstat(path); os.IsNotExist(err) {
			created = append(created, path)
		}
	}
	return func() {
		for _, path := range created {
			if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
				_ = os.Remove(path) // it is empty, and stays so
			}
		}
	}
}
