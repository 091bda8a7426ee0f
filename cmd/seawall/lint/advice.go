package lint

import (
	"regexp"
	"strings"

	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// advise parts a problem from what would be right. The core says both in one
// sentence, or gives a hint; where it says only what is wrong, a table knows more.
func advise(problem, hint string) (message, fix string) {
	if hint != "" {
		return problem, hint
	}
	if m := wanted.FindStringSubmatch(problem); m != nil {
		return "cannot be " + m[2], "write " + m[1]
	}
	if m := clauses.FindStringSubmatch(problem); m != nil {
		for begins, instead := range map[string]string{"known are ": "write one of ", "there are: ": "write one of "} {
			if rest, ok := strings.CutPrefix(m[2], begins); ok {
				m[2] = instead + rest
			}
		}
		return m[1], m[2]
	}
	for _, a := range advice {
		if m := a.problem.FindStringSubmatchIndex(problem); m != nil {
			message = problem
			if a.message != "" {
				message = string(a.problem.ExpandString(nil, a.message, problem, m))
			}
			return message, string(a.problem.ExpandString(nil, a.fix, problem, m))
		}
	}
	return problem, "see the reference of keys and directives in Seawall's README"
}

// adviseOn is advise for a directive. Coraza names neither the directive whose
// value it cannot read nor the variable that it does not know.
func adviseOn(e *rules.DirectiveError) (message, fix string) {
	message, fix = advise(e.Err.Error(), e.Hint)
	name := nameOf(rules.Directive{Text: e.Text})
	switch problem := e.Err.Error(); {
	case problem == "unknown variable":
		for _, r := range seclang.Parse([]rules.Directive{{Text: e.Text}}).Rules {
			if r.Unknown != "" {
				message = r.Unknown
			}
		}
	case strings.EqualFold(name, "SecRuleRemoveByMsg") && strings.Contains(problem, "panicked"):
		fix = "write SecRuleRemoveById: Coraza 3.8.1 panics here if any rule above has no msg"
	case name != "" && namesValueAlone.MatchString(problem):
		message = name + ": " + message
	}
	return message, fix
}

var (
	wanted  = regexp.MustCompile(`(?s)^want (.+), got (.+)$`)
	clauses = regexp.MustCompile(`(?s)^(.+?); ((?:did you mean|known are|there are:|write|put|give|use|drop|move|leave|begin|break|choose) ?.*)$`)

	namesValueAlone = regexp.MustCompile(`^(?:strconv|syntax error|invalid rule engine status)`)
)

// advice is for what the core and Coraza 3.8.1 say without a way out. $1 is what
// the problem names.
var advice = []struct {
	problem      *regexp.Regexp
	message, fix string // an empty message leaves the problem as it is
}{
	// the document
	{re(`^not YAML: `), "", "correct the YAML on that line: an indentation is of spaces, and a text with : or # in it goes into quotes"},
	{re(`^not JSON: `), "", "correct the JSON there: a comma, a quote or a brace is missing or one too many"},
	{re(`^key "(.*)" is written twice, first on line (\d+)`), "", "keep one: line $2, or this"},
	{re(`^disabled: true stands alone`), "", "remove this key, or disabled"},
	{re(`stands for whole labels at the beginning only`), "", "write one entry for each host, or a wildcard that begins with *."},
	{re(`^missing: coraza-envoy-go-filter wants`), "", "write default_directive: and the name of one of the rule sets"},
	{re(`^missing: with several policies`), "", "write default_policy: and the name of one of them"},
	{re(`^missing: a policy is its directives`), "", "write directives: under it; SecRuleEngine Off asks for no inspection"},
	{re(`^missing: (.*)`), "", "write the key: $1"},
	{re(`^a label's name is (.*)`), "", "rename it: $1"},
	{re(`^a policy's name is (.*), for it`), "", "rename it: $1"},
	{re(`^want at most (\d+) labels`), "", "keep $1 of them"},
	{re(`ends in a backslash and is never completed`), "", "remove the backslash, or write the rest of the directive"},
	{re(`has \d+ bytes, over the limit of (\d+)`), "", "shorten it to $1 bytes; rules go into files, with an Include"},
	{re(`nested more than (\d+) deep`), "", "no config needs $1 levels; look for a bracket too many"},
	{re(`not valid UTF-8`), "", "save the file as plain UTF-8"},
	// SecLang
	{re(`^invalid action "(.*)"`), "", "write one of Coraza's actions, such as deny, pass, block, log, setvar, ctl"},
	{re(`^operator (\S+) not found`), "operator @$1 is not one of Coraza's", "write one of its operators, in its spelling: @rx, @pm, @streq, @contains, @within, @ipMatch ..."},
	{re(`invalid transformation name "(.*)"`), "", "write one of Coraza's, such as t:lowercase, t:urlDecodeUni, t:removeNulls, t:none"},
	{re(`^unknown variable`), "", "write one of Coraza's, such as ARGS, REQUEST_HEADERS, REQUEST_URI, REQUEST_BODY, REMOTE_ADDR"},
	{re(`invalid phase (\S+)`), "", "write phase:1 (request headers), 2 (request body), 3 (response headers), 4 (response body) or 5 (logging)"},
	{re(`failed to init action id: strconv\.\w+: parsing ("[^"]*")`), "$1 is no rule ID", "write a number, such as id:100001; 1 to 99999 are for rules of one's own"},
	{re(`failed to init action (\w+): (.*)`), "", "correct the value of $1, or remove it"},
	{re(`^strconv\.\w+: parsing ("[^"]*"): value out of range`), "$1 is out of range", "write a smaller number"},
	{re(`^strconv\.\w+: parsing ("[^"]*")`), "$1 is no number", "write a whole number, without a unit"},
	{re(`^syntax error: \[(\w+)/(\w+)\]`), "want $1 or $2", "write one of the two"},
	{re(`^invalid rule engine status: (.*)`), "$1 is no state of the engine", "write On, DetectionOnly or Off"},
	{re(`^unknown ctl action "(.*)"`), "", "write one of Coraza's, such as ctl:ruleRemoveById, ctl:ruleRemoveTargetById, ctl:ruleEngine"},
	{re(`^SecRuleUpdateTargetById: rule "(\d+)" not found`), "", "correct the ID, or move the line behind the Include that brings rule $1"},
	{re(`^@ipMatch`), "", "correct that entry, or remove it"},
	{re(`^include loop: `), "", "remove one of the Includes"},
	{re(`^more than \d+ Include`), "", "include a pattern such as conf.d/*.conf instead of each file"},
	{re(`it has more than the \d+ MiB that are read`), "", "break it into several files"},
	{re(`^including .*: no file matches`), "", "correct the pattern, write an absolute one, or start Envoy in the directory that it is meant from"},
	{re(`^including `), "", "correct the name, or write an absolute one"},
	{re(`a backtick opens a block here`), "", "end the block with a line that is a backtick"},
	{re(`the directive goes on behind its last backslash`), "", "remove the backslash, or write the rest of the directive"},
	{re(`the text is UTF-\d+|a NUL byte`), "", "save the file as plain UTF-8"},
	{re(`a line of \d+ bytes or more`), "", "break it with a backslash at the end of a line"},
	{re(`^expected syntax|syntax error|unexpected options|expected options|invalid syntax`), "", "write the directive as Coraza's documentation has it: its name, a space, its value"},
	{re(`parser panicked`), "", "rewrite the directive; Coraza cannot read it as it stands, and that is worth a report"},
}

func re(expression string) *regexp.Regexp { return regexp.MustCompile("(?s)" + expression) }
