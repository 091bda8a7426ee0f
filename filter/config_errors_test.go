package filter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Each fault names its key and place, what is wrong and what would be right.
func TestParseConfigErrors(t *testing.T) {
	for _, tc := range []struct{ name, doc, want string }{
		{"UnknownKey", "directive: SecRuleEngine On\n", `directive (line 1, column 1): unknown key; did you mean "directives"?`},
		{"UnknownKeyDeep", "policies:\n  strict:\n    # a comment\n    directive: SecRuleEngine On\n", `policies.strict.directive (line 4, column 5): unknown key; did you mean "directives"?`},
		{"UnknownKeyOfAnotherWord", "frobnicate: 1\n", "frobnicate (line 1, column 1): unknown key; known are directives, policies, default_policy, hosts, inspect, on_error, request_body, response_body, block_response, held_bytes_budget, screen, verify_sample, log_matched_data, metric_labels, disabled"},
		{"UnknownKeyInJSON", "{\n  \"on_eror\": \"open\"\n}", `on_eror (line 2, column 3): unknown key; did you mean "on_error"?`},
		{"KeyInOtherCase", "Hosts: {}\n", `Hosts (line 1, column 1): unknown key; did you mean "hosts"?`},
		{"UnknownBodyKey", "request_body: {max_held_byte: 1}", `request_body.max_held_byte (line 1, column 16): unknown key; did you mean "max_held_bytes"?`},
		{"UnknownTemplate", "block_response: {xml: x}", "block_response.xml (line 1, column 18): unknown key; known are text, html, json"},
		{"DuplicateKeyYAML", "on_error: open\nhosts: {}\non_error: closed\n", `line 3, column 1: key "on_error" is written twice, first on line 1`},
		{"DuplicateKeyJSON", `{"on_error":"open","on_error":"closed"}`, `line 1, column 20: key "on_error" is written twice, first on line 1`},
		{"DuplicatePolicy", "policies:\n  a: {directives: SecRuleEngine On}\n  a: {directives: SecRuleEngine Off}\n", `line 3, column 3: key "a" is written twice, first on line 2`},
		{"NotAMap", "[1]", "line 1, column 1: want a map of keys such as directives, got a list"},
		{"NotAMapInYAML", "just text", `line 1, column 1: want a map of keys such as directives, got "just text"`},
		{"NullDocument", "null", "line 1, column 1: want a map of keys such as directives, got null"},
		{"NotUTF8", "\xff", "the config document is not valid UTF-8"},
		{"JSONCutShort", `{"directives": [`, "line 1, column 17: not JSON: the document ends too early"},
		{"JSONTrailingComma", `{"on_error": "open",}`, "line 1, column 21: not JSON: invalid character '}' looking for beginning of object key string"},
		{"JSONSingleQuotes", "{'on_error': 'open'}", `line 1, column 2: not JSON: invalid character '\''`},
		{"JSONGoesOn", "{} {}", "line 1, column 4: not JSON: the document goes on after its closing brace"},
		{"JSONGoesOnWithText", "{}\nx", "line 2, column 1: not JSON: the document goes on after its closing brace"},
		{"YAMLTab", "hosts:\n\ta: b\n", "line 2, column 1: not YAML: found character '\t' that cannot start any token"},
		{"YAMLTabInPlainText", "directives: SecRuleEngine\tOn\n", `line 1, column 13: a tab in a text without quotes: the YAML parser would drop it; put the text in quotes or begin it with "|"`},
		{"YAMLUnclosed", "directives: [a\n", "line 1, column 13: not YAML: sequence end token ']' not found"},
		{"YAMLReservedCharacter", "directives: @seawall.conf\n", "line 1, column 13: not YAML: '@' is a reserved character"},
		{"YAMLSecondDocument", "on_error: open\n---\non_error: closed\n", `line 3: a second document begins ("---"); the config is one document`},
		{"YAMLAlias", "on_error: &x open\n", `line 1, column 11: "&" begins a YAML anchor, which is not supported; write the value out`},
		{"YAMLMergeKey", "hosts:\n  <<: {a: b}\n", `line 2, column 3: YAML merge keys ("<<") are not supported; write the keys out`},
		{"YAMLUnquotedWildcard", "hosts:\n  *.example.com: default\n", `line 2, column 3: "*" begins a YAML alias, which is not supported; put a text that begins with "*" in quotes`},
		{"YAMLTag", "on_error: !!str open\n", `line 1, column 11: YAML tags are not supported; put a text that begins with "!" in quotes`},
		{"YAMLExplicitKey", "? on_error\n: open\n", `line 1, column 1: explicit YAML keys ("? key") are not supported; write "key: value"`},
		{"YAMLDirective", "%YAML 1.2\n---\non_error: open\n", "line 1, column 1: YAML directives (%) are not supported"},
		{"YAMLNullKey", "~: 1\n", "line 1, column 1: a key must be plain text"},
		{"EmptyListOfDirectives", "directives: []\n", "directives (line 1, column 13): holds no directive, and an empty rule set guards nothing; write SecRuleEngine Off to ask for that"},
		{"EmptyDirectives", "directives: \"\"\n", "directives (line 1, column 13): holds no directive, and an empty rule set guards nothing; write SecRuleEngine Off to ask for that"},
		{"NullDirectives", "directives:\n", "directives (line 1, column 13): want SecLang as one block or as a list of strings, got null"},
		{"OnlyComments", "directives: |\n  # nothing\n\n  # here\n", "directives (line 1, column 13): holds no directive, and an empty rule set guards nothing; write SecRuleEngine Off to ask for that"},
		{"OnlySpacesInList", "directives: [\" \", \"# x\"]\n", "directives (line 1, column 13): holds no directive, and an empty rule set guards nothing; write SecRuleEngine Off to ask for that"},
		{"DirectiveIsANumber", "directives: [1]\n", "directives[0] (line 1, column 14): want SecLang as a string in quotes, got 1"},
		{"DirectivesIsABool", "directives: true\n", "directives (line 1, column 13): want SecLang as one block or as a list of strings, got true"},
		{"FoldedDirectives", "directives: >\n  SecRuleEngine On\n  SecRequestBodyAccess On\n", `directives (line 1, column 13): YAML joins the lines of this text into one; begin it with "|" so that each directive keeps its line`},
		{"PlainTextOverLines", "directives: SecRuleEngine On\n  SecRequestBodyAccess On\n", `directives (line 1, column 13): YAML joins the lines of this text into one; begin it with "|" so that each directive keeps its line`},
		{"UnfinishedDirective", "directives: |\n  SecAction \"id:1,\\\n  # the rest is missing\n", "directives (line 1, column 13): the last directive ends in a backslash and is never completed; Coraza would leave it out in silence"},
		{"DirectivesAndPolicies", "directives: SecRuleEngine On\npolicies: {a: {directives: SecRuleEngine On}}\n", "directives (line 1, column 1): directives is short for a single policy; move it under policies, or drop policies"},
		{"NoPolicies", "policies: {}\n", "policies (line 1, column 11): want at least one policy, got none; SecRuleEngine Off asks for no inspection"},
		{"PoliciesAsList", "policies: [a]\n", "policies (line 1, column 11): want a map of policy names, each with its directives, got a list"},
		{"PolicyAsText", "policies: {a: SecRuleEngine On}\n", `policies.a (line 1, column 15): want a map with directives, got "SecRuleEngine On"`},
		{"PolicyWithoutDirectives", "policies:\n  a: {}\n", "policies.a.directives (line 2, column 3): missing: a policy is its directives"},
		{"PolicyName", "policies:\n  \"a b\": {directives: SecRuleEngine On}\n", `policies["a b"] (line 2, column 3): a policy's name is 1 to 64 of A-Z a-z 0-9 _ . -, for it becomes a metric label`},
		{"DefaultPolicyMissing", "on_error: open\npolicies:\n  a: {directives: SecRuleEngine On}\n  b: {directives: SecRuleEngine On}\n", `default_policy (line 2, column 1): missing: with several policies it names the one for the hosts that "hosts" does not name (a or b)`},
		{"DefaultPolicyUnknown", "policies: {a: {directives: SecRuleEngine On}}\ndefault_policy: b\n", `default_policy (line 2, column 17): no policy is named "b"; there are: a`},
		{"HostOfUnknownPolicy", "hosts: {a.com: strict}\n", `hosts["a.com"] (line 1, column 16): no policy is named "strict"; there are: default`},
		{"HostsOfOneNameAndTwoPolicies", "policies: {a: {directives: SecRuleEngine On}, b: {directives: SecRuleEngine Off}}\ndefault_policy: a\nhosts:\n  api.example.com: a\n  API.example.com:8443: b\n", `hosts["API.example.com:8443"] (line 5, column 3): is the same host "api.example.com" as hosts["api.example.com"] (line 4), with another policy: hosts are compared without case, port and trailing dot, for a client writes these as it likes and would so choose its policy; give both the same policy, or drop one`},
		{"HostIsAURL", "hosts: {'https://a.com/': default}\n", `hosts["https://a.com/"] (line 1, column 9): want a host only, such as api.example.com, without scheme, user or path`},
		{"HostIsAStar", "hosts: {'*': default}\n", `hosts["*"] (line 1, column 9): "*" is what the default policy is for`},
		{"HostStarInside", "hosts: {'a.*.com': default}\n", `hosts["a.*.com"] (line 1, column 9): a "*" stands for whole labels at the beginning only, as in "*.example.com"`},
		{"HostBareIPv6", "hosts: {'2001:db8::1': default}\n", `hosts["2001:db8::1"] (line 1, column 9): an IPv6 address stands in brackets, as in [2001:db8::1]`},
		{"HostNotASCII", "hosts: {bücher.example: default}\n", `hosts["bücher.example"] (line 1, column 9): want the host as it is sent, in ASCII ("xn--..." for an international name)`},
		{"HostEmptyLabel", "hosts: {a..com: default}\n", `hosts["a..com"] (line 1, column 9): is no valid host; want one such as api.example.com, *.example.com or [2001:db8::1]`},
		{"HostBelowIP", "hosts: {'*.10.0.0.1': default}\n", `hosts["*.10.0.0.1"] (line 1, column 9): an IP address has nothing below it`},
		{"HostToNumber", "hosts: {a.com: 1}\n", `hosts["a.com"] (line 1, column 16): want the name of a policy in quotes, got 1`},
		{"OnError", "on_error: fail\n", `on_error (line 1, column 11): want closed or open, got "fail"`},
		{"LongValueIsCutShort", "on_error: " + strings.Repeat("é", 100), `on_error (line 1, column 11): want closed or open, got "` + strings.Repeat("é", 30) + `..."`},
		{"JSONMissingValue", `{"on_error": }`, "line 1, column 14: not JSON: invalid character '}' looking for beginning of value"},
		{"InspectNothing", "inspect: none\n", `inspect (line 1, column 10): want both, request or response, got "none"`},
		{"BytesNegative", "request_body: {offload_bytes: -1}\n", "request_body.offload_bytes (line 1, column 31): want 0 to 1073741824 bytes, got -1"},
		{"BytesFraction", `{"request_body": {"max_held_bytes": 1.5}}`, `request_body.max_held_bytes (line 1, column 37): want a whole number of bytes, such as 65536, or "512KiB" or "16MiB", got 1.5`},
		{"BytesInDecimalUnit", "request_body: {max_held_bytes: 16MB}\n", `request_body.max_held_bytes (line 1, column 32): want a whole number of bytes, such as 65536, or "512KiB" or "16MiB", got "16MB"`},
		{"BytesTooFew", "request_body: {max_held_bytes: 12}\n", "request_body.max_held_bytes (line 1, column 32): want 1024 to 1073741824 bytes, got 12"},
		{"BytesTooMany", "response_body: {max_held_bytes: 2GiB}\n", `response_body.max_held_bytes (line 1, column 33): want 1024 to 1073741824 bytes, got "2GiB"`},
		{"BytesOctal", "request_body: {max_held_bytes: 0200000}\n", `request_body.max_held_bytes (line 1, column 32): want a whole number of bytes, such as 65536, or "512KiB" or "16MiB", got 0200000`},
		{"BytesHexadecimal", "request_body: {max_held_bytes: 0x10000}\n", `request_body.max_held_bytes (line 1, column 32): want a whole number of bytes, such as 65536, or "512KiB" or "16MiB", got 0x10000`},
		{"BodyAsNumber", "request_body: 65536\n", "request_body (line 1, column 15): want a map with max_held_bytes, offload_bytes, got 65536"},
		{"UnknownPlaceholder", "block_response: {text: 'blocked by {{rule}}'}\n", "block_response.text (line 1, column 24): unknown placeholder {{rule}}; known are {{id}}, {{status}} and {{rule_id}}"},
		{"OpenPlaceholder", "block_response: {text: 'blocked {{id'}\n", "block_response.text (line 1, column 24): unknown placeholder {{id; known are {{id}}, {{status}} and {{rule_id}}"},
		{"JSONTemplateWithoutQuotes", "block_response: {json: '{\"id\": {{id}}}'}\n", `block_response.json (line 1, column 24): is not JSON once the placeholders are replaced; write "{{id}}" in quotes, {{status}} and {{rule_id}} with or without`},
		{"EmptyTemplate", "block_response: {html: ''}\n", "block_response.html (line 1, column 24): is empty; leave the key out for the default"},
		{"LogMatchedDataAsText", "log_matched_data: yes\n", `log_matched_data (line 1, column 19): want true or false, got "yes"`},
		{"LabelName", "metric_labels: {Team: a}\n", "metric_labels.Team (line 1, column 17): a label's name is 1 to 64 of a-z 0-9 _, not beginning with a digit"},
		{"LabelTaken", "metric_labels: {policy: a}\n", "metric_labels.policy (line 1, column 17): this label's name is taken; choose another"},
		{"LabelValueEmpty", "metric_labels: {team: ''}\n", `metric_labels.team (line 1, column 23): want a text of 1 to 128 bytes without control characters, got ""`},
		{"LabelValueNumber", "metric_labels: {team: 1}\n", "metric_labels.team (line 1, column 23): want a text in quotes, got 1"},
		{"LabelValueControl", "metric_labels: {team: \"a\\nb\"}\n", `metric_labels.team (line 1, column 23): want a text of 1 to 128 bytes without control characters, got "a\nb"`},
		{"TooManyLabels", "metric_labels: {a: a, b: b, c: c, d: d, e: e, f: f, g: g, h: h, i: i}\n", "metric_labels (line 1, column 17): want at most 8 labels, got 9"},
		{"DisabledWithOtherKeys", "disabled: true\non_error: open\n", "on_error (line 2, column 1): disabled: true stands alone: nothing else applies where nothing is inspected"},
		{"BuiltOnEnvoyMode", `{"mode": "BOTH", "directives": ["SecRuleEngine On"]}`, `mode (line 1, column 10): want REQUEST_ONLY, FULL or RESPONSE_ONLY, got "BOTH"`},
		{"BuiltOnEnvoyUnknownKey", `{"mode": "FULL", "directives": ["SecRuleEngine On"], "on_error": "open"}`, `on_error (line 1, column 54): unknown key in a document of built-on-envoy (which "mode" makes it); known are directives, mode`},
		{"BuiltOnEnvoyWithoutDirectives", `{"mode": "FULL"}`, "directives (line 1, column 1): missing: built-on-envoy has no default for it"},
		{"GoFilterWithoutDefault", `{"directives": {"a": {"simple_directives": ["SecRuleEngine On"]}}}`, "default_directive (line 1, column 1): missing: coraza-envoy-go-filter wants the name of the rule set for all other hosts, even if there is only one"},
		{"GoFilterUnknownDefault", `{"directives": {"a": {"simple_directives": ["SecRuleEngine On"]}}, "default_directive": "b"}`, `default_directive (line 1, column 89): no policy is named "b"; there are: a`},
		{"GoFilterUnknownKey", `{"directives": {"a": {"simple_directive": ["SecRuleEngine On"]}}, "default_directive": "a"}`, `directives.a.simple_directive (line 1, column 23): unknown key in a document of coraza-envoy-go-filter (which "directives" makes it); did you mean "simple_directives"?`},
		{"GoFilterEmptyRules", `{"directives": {"a": {"simple_directives": []}}, "default_directive": "a"}`, "directives.a.simple_directives (line 1, column 44): holds no directive, and an empty rule set guards nothing; write SecRuleEngine Off to ask for that"},
		{"GoFilterLogFormat", `{"directives": {"a": {"simple_directives": ["SecRuleEngine On"]}}, "default_directive": "a", "log_format": "xml"}`, `log_format (line 1, column 108): want text or json, got "xml"`},
		{"GoFilterBool", `{"directives": {"a": {"simple_directives": ["SecRuleEngine On"]}}, "default_directive": "a", "use_re2": "no"}`, `use_re2 (line 1, column 105): want true or false, got "no"`},
		{"GoFilterWildcard", `{"directives": {"a": {"simple_directives": ["SecRuleEngine On"]}}, "default_directive": "a", "host_directive_map": {"*.a.com": "a"}}`, `host_directive_map["*.a.com"] (line 1, column 117): coraza-envoy-go-filter compares hosts as they are, so this one never matched; drop it, or move to the native keys, where it is a wildcard`},
		{"ProxyWasmUnknownKey", `{"directives_map": {"a": ["SecRuleEngine On"]}, "default_directive": "a"}`, `default_directive (line 1, column 49): unknown key in a document of coraza-proxy-wasm (which "directives_map" makes it); did you mean "default_directives"?`},
		{"ProxyWasmWithoutDefault", `{"directives_map": {"a": ["SecRuleEngine On"], "b": ["SecRuleEngine On"]}}`, `default_directives (line 1, column 2): missing: with several policies it names the one for the hosts that "per_authority_directives" does not name (a or b)`},
		{"ProxyWasmWithoutRules", `{"default_directives": "a"}`, "directives_map (line 1, column 1): missing: it names the rule sets"},
		{"ProxyWasmBothForms", `{"rules": ["SecRuleEngine On"], "directives_map": {"a": ["SecRuleEngine On"]}}`, "rules (line 1, column 2): is the old form of directives_map; write one of the two"},
		{"ProxyWasmUnknownPolicy", `{"directives_map": {"a": ["SecRuleEngine On"]}, "per_authority_directives": {"a.com": "b"}}`, `per_authority_directives["a.com"] (line 1, column 87): no policy is named "b"; there are: a`},
		{"ProxyWasmNoRuleSet", `{"directives_map": {}}`, "directives_map (line 1, column 20): want at least one rule set, got none; SecRuleEngine Off asks for no inspection"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := ParseConfig([]byte(tc.doc))
			assert.Nil(t, c)
			assert.EqualError(t, err, tc.want)
		})
	}
}

func TestDocumentIsBounded(t *testing.T) {
	for name, tc := range map[string]struct{ doc, want string }{
		"Bytes":         {strings.Repeat(" ", MaxDocumentBytes+1), "the config document has 4194305 bytes, over the limit of 4194304; put the rules into files and Include them"},
		"JSONValues":    {`{"directives":[` + strings.Repeat(`"x",`, maxValues) + `"x"]}`, "line 1, column 40008: the document holds more than 10000 values; put the rules into files and Include them"},
		"YAMLValues":    {"directives:\n" + strings.Repeat("- x\n", maxValues), "line 10000, column 3: the document holds more than 10000 values; put the rules into files and Include them"},
		"YAMLTokens":    {"directives: [" + strings.Repeat(",", MaxDocumentBytes/16), "line 1, column 40111: the document holds more than 10000 values; put the rules into files and Include them"},
		"JSONDepth":     {`{"hosts":` + strings.Repeat("[", 1<<20), "line 1, column 42: nested more than 32 deep"},
		"YAMLDepth":     {"hosts: " + strings.Repeat("[", 10_000), "line 1, column 40: nested more than 32 deep"},
		"YAMLDashes":    {strings.Repeat("- ", 10_000) + "x", "line 1, column 65: nested more than 32 deep"},
		"LineOfSecLang": {"directives: SecRuleEngine On " + strings.Repeat("x", 1<<16), "directives (line 1, column 13): has a line of 65536 bytes or more, where Coraza stops reading; break it with a backslash at the end of a line"},
		"BlockResponse": {"block_response: {text: " + strings.Repeat("x", MaxBlockBytes+1) + "}", "block_response.text (line 1, column 24): has 65537 bytes, over the limit of 65536"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseConfig([]byte(tc.doc))
			assert.EqualError(t, err, tc.want)
		})
	}
}
