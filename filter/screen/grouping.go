package screen

import (
	"cmp"
	"strings"

	"github.com/corazawaf/coraza/v3/types/variables"

	"github.com/seawall-waf/seawall/filter/screen/transform"
)

// scrambling are the transformations that make other text of nearly every value:
// what they leave is looked at apart, so that it does not fill the others' automata.
var scrambling = map[string]bool{"base64decode": true, "base64decodeext": true, "base64encode": true,
	"hexdecode": true, "hexencode": true, "md5": true, "sha1": true, "length": true}

// groupName is the scan that serves a target. Few rules look at every header, and
// few at the parts of the request line: these have scans of their own. So have expressions
// behind a "!", which hardly a text spares.
func (t *target) groupName(op string) string {
	name := "request"
	switch {
	case t.phase > 2:
		name = "response"
	case t.collection == variables.RequestHeaders && t.names:
		name = "header names"
	case t.collection == variables.RequestHeaders && t.variable.Key == "":
		name = "headers"
	case t.collection == variables.RequestHeaders:
		name = "named headers"
	case requestLine[t.collection], t.collection == variables.RequestBody:
		name = t.collection.Name()
	}
	if t.negated && op == "rx" {
		name += ", refused"
	}
	if scrambles(t.chain) {
		name += ", scrambled"
	}
	return name
}

var requestLine = map[variables.RuleVariable]bool{variables.RequestLine: true, variables.RequestURI: true,
	variables.RequestURIRaw: true, variables.RequestMethod: true, variables.RequestProtocol: true,
	variables.RequestBasename: true, variables.QueryString: true}

func scrambles(chain transform.Chain) bool { return throughScrambling(chain) > 0 }

// throughScrambling is how many steps a chain has up to its last scrambling one.
func throughScrambling(chain transform.Chain) int {
	for n := len(chain); n > 0; n-- {
		if scrambling[chain[n-1].Name] {
			return n
		}
	}
	return 0
}

const withoutBlanks = ", without blanks"

// changedGroup names the scan of what a chain has changed, beside that of its group.
// Some transformations change much innocent text, and few rules ask for them: to look
// for everything again in what they leave would be in vain.
func changedGroup(chain transform.Chain) string {
	if scrambles(chain) {
		return ""
	}
	group := ""
	for _, t := range chain {
		switch t.Name {
		case "removewhitespace":
			group = withoutBlanks
		case "lowercase", "cmdline":
			if group != withoutBlanks {
				group = ", in lower case"
			}
		case "normalizepath", "normalizepathwin", "compresswhitespace", "replacecomments", "removecommentschar":
			group = cmp.Or(group, ", tidied")
		}
		if group == withoutBlanks && !keepsBlankless[t.Name] {
			group = ", tidied"
		}
	}
	return group
}

// keepsBlankless are the transformations that leave no blanks where none were. Others
// decode them, or put them in the place of comments.
var keepsBlankless = map[string]bool{"removewhitespace": true, "lowercase": true, "uppercase": true, "removenulls": true,
	"trim": true, "trimleft": true, "trimright": true}

func chainName(chain transform.Chain) string {
	names := make([]string, len(chain))
	for i, t := range chain {
		names[i] = t.Name
	}
	return strings.Join(names, ",")
}
