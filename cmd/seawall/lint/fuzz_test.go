package lint

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/envoy"
)

// Whatever a file holds, checking it ends, without a panic, and every finding says
// where and what.
func FuzzCheck(f *testing.F) {
	names, err := filepath.Glob("../testdata/broken/*")
	require.NoError(f, err)
	for _, name := range names {
		contents, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(contents)
	}
	for _, door := range [][]byte{envoy.DynamicModuleBootstrap, envoy.GolangBootstrap} {
		_, filters, _ := bytes.Cut(door, []byte("http_filters:"))
		f.Add(bytes.ReplaceAll(append([]byte("http_filters:"), filters...), []byte("Include @seawall.conf"), []byte("SecRuleEngine On")))
	}
	f.Add([]byte("SecRuleRemoveById 1-5 9\nSecAction \"id:1,phase:1,ctl:ruleRemoveTargetByTag=a;ARGS:b,skipAfter:x\"\n"))
	f.Fuzz(func(t *testing.T, contents []byte) {
		// No rule set's time, and no file of this machine read or written.
		for _, word := range []string{"include", "file", "log", "secupload", "secdatadir"} {
			if bytes.Contains(bytes.ToLower(contents), []byte(word)) || len(contents) > 1<<14 {
				return
			}
		}
		for _, found := range [][]Finding{File("x", contents), Document("x", contents), Envoy("x", contents), SecLang("x", append([]byte("SecRuleEngine On\n"), contents...))} {
			for _, one := range found {
				if one.Message == "" || one.File == "" || one.Line < 1 || one.Fix == "" {
					t.Errorf("%+v", one)
				}
			}
		}
	})
}
