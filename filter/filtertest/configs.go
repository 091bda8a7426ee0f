package filtertest

import "strings"

// Configs are the config documents that the cases name.
var Configs = map[string]string{
	"default": `{}`,
	"rules":   rulesConfig(""),
	"detect":  rulesConfig("SecRuleEngine DetectionOnly"),
	"off":     rulesConfig("SecRuleEngine Off"),
	"inline":  rulesConfig("") + "request_body: {offload_bytes: 0}\nresponse_body: {offload_bytes: 0}\n",
	"reject":  rulesConfig("SecRequestBodyLimit 1000\nSecRequestBodyInMemoryLimit 1000\nSecRequestBodyLimitAction Reject\nSecResponseBodyLimit 1000\nSecResponseBodyLimitAction Reject"),
	"partial": rulesConfig("SecRequestBodyLimit 1000\nSecRequestBodyInMemoryLimit 1000\nSecRequestBodyLimitAction ProcessPartial\nSecResponseBodyLimit 1000\nSecResponseBodyLimitAction ProcessPartial"),
	"capped":  strings.ReplaceAll(rulesConfig(""), "BodyLimit 8388608", "BodyLimitAction Reject") + "request_body: {max_held_bytes: 65536}\nresponse_body: {max_held_bytes: 65536}\n",
	"capped-detect": strings.ReplaceAll(rulesConfig("SecRuleEngine DetectionOnly"), "BodyLimit 8388608", "BodyLimitAction Reject") +
		"request_body: {max_held_bytes: 65536}\nresponse_body: {max_held_bytes: 65536}\n",
	"nobody": rulesConfig("SecRequestBodyAccess Off\nSecResponseBodyAccess Off"),
	"hosts": `
policies:
  strict:
    directives: |
      SecRuleEngine On
      SecAction "id:7001,phase:1,deny,status:403"
  lax:
    directives: |
      SecRuleEngine Off
default_policy: lax
hosts:
  shop.example.com: strict
  "*.bank.example.com": strict
  "[2001:db8::1]": strict
`,
	"disabled": `disabled: true`,
}

// FaultConfigs need the operator @seawallFault (package faults).
var FaultConfigs = map[string]string{
	"fault-closed": faultConfig("closed"),
	"fault-open":   faultConfig("open"),
}

// rulesConfig is a small rule set with one way to be denied in each phase; the
// directives given come last and so prevail.
func rulesConfig(last string) string {
	return "directives:\n- |\n" + indent(`
SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 8388608
SecRequestBodyInMemoryLimit 131072
SecRequestBodyLimitAction Reject
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html
SecResponseBodyLimit 8388608
SecResponseBodyLimitAction Reject
SecAction "id:1000,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On"
SecRule REQUEST_HEADERS:Content-Type "^application/json" "id:1001,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQUEST_HEADERS:X-Phase-1 "@streq evil" "id:1101,phase:1,deny,log,msg:'phase 1'"
SecRule ARGS|REQUEST_BODY|REQUEST_COOKIES|REQUEST_HEADERS:X-Late "@contains evil" "id:1102,phase:2,deny,log,msg:'phase 2'"
SecRule RESPONSE_HEADERS:X-Phase-3|RESPONSE_HEADERS:X-Late "@streq evil" "id:1103,phase:3,deny,log,msg:'phase 3'"
SecRule RESPONSE_BODY|RESPONSE_HEADERS:X-Late "@contains evil" "id:1104,phase:4,deny,log,msg:'phase 4'"
SecRule REQUEST_HEADERS:X-Do "@streq status" "id:1201,phase:1,deny,status:429"
SecRule REQUEST_HEADERS:X-Do "@streq redirect" "id:1202,phase:1,redirect:https://blocked.example.com/why"
SecRule REQUEST_HEADERS:X-Do "@streq drop" "id:1203,phase:1,drop"
SecRule REQUEST_HEADERS:X-Do "@streq no-content" "id:1212,phase:1,deny,status:204"
SecRule REQUEST_HEADERS:X-Do "@streq allow" "id:1204,phase:1,allow"
SecRule REQUEST_HEADERS:X-Do "@streq engine-off" "id:1205,phase:1,pass,ctl:ruleEngine=Off"
SecRule REQUEST_HEADERS:X-Do "@streq count-hosts" "chain,id:1206,phase:1,deny,status:418"
  SecRule &REQUEST_HEADERS:Host "!@eq 1"
SecRule REQUEST_HEADERS:X-Do "@streq want-chunked" "chain,id:1207,phase:1,deny,status:418"
  SecRule &REQUEST_HEADERS:Transfer-Encoding "@eq 0"
SecRule REQUEST_HEADERS:X-Do "@streq loopback-only" "chain,id:1208,phase:1,deny,status:418"
  SecRule REMOTE_ADDR "!@ipMatch 127.0.0.1"
SecRule REQUEST_HEADERS:X-Do "@streq redirect-phase-2" "id:1209,phase:2,redirect:/why,status:307"
SecRule REQUEST_HEADERS:X-Do "@streq loopback-server" "chain,id:1210,phase:1,deny,status:418"
  SecRule SERVER_ADDR "!@ipMatch 127.0.0.1"
SecRule REQUEST_HEADERS:X-Do "@streq server-port-80" "chain,id:1211,phase:1,deny,status:418"
  SecRule SERVER_PORT "@eq 80"
`+last)
}

func faultConfig(onError string) string {
	return "on_error: " + onError + "\n" + "directives: |\n" + indent(`
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain
SecRule REQUEST_HEADERS:X-Panic "@seawallFault 1" "id:9001,phase:1,pass"
SecRule REQUEST_HEADERS:X-Panic "@seawallFault 2" "id:9002,phase:2,pass"
SecRule REQUEST_HEADERS:X-Panic "@seawallFault 3" "id:9003,phase:3,pass"
SecRule REQUEST_HEADERS:X-Panic "@seawallFault 4" "id:9004,phase:4,pass"
SecRule REQUEST_HEADERS:X-Panic "@seawallFault 5" "id:9005,phase:5,pass"
`)
}

func indent(s string) string {
	out := ""
	for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		out += "  " + line + "\n"
	}
	return out
}
