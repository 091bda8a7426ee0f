package filter_test

import (
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/stretchr/testify/require"

	"github.com/seawall-waf/seawall/filter"
)

// fuzzRules deny once in each phase, and turn what a rule can turn.
const fuzzRules = `SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain
SecAction "id:1,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On"
SecRule REQUEST_HEADERS:Content-Type "@beginsWith application/json" "id:2,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQUEST_HEADERS:X-Do "@streq allow" "id:3,phase:1,allow"
SecRule REQUEST_HEADERS:X-Do "@streq engine-off" "id:4,phase:1,pass,ctl:ruleEngine=Off"
SecRule REQUEST_HEADERS:X-Do "@streq detect" "id:5,phase:1,pass,ctl:ruleEngine=DetectionOnly"
SecRule REQUEST_HEADERS:X-Do "@streq small-limit" "id:6,phase:1,pass,ctl:requestBodyLimit=20"
SecRule REQUEST_HEADERS:X-Do "@streq deny" "id:101,phase:1,deny,status:401,log"
SecRule REQUEST_HEADERS:X-Do "@streq redirect" "id:102,phase:1,redirect:/why,log"
SecRule REQUEST_HEADERS:X-Do "@streq drop" "id:103,phase:2,drop,log"
SecRule REQUEST_HEADERS:X-Late "@streq late" "id:104,phase:2,pass,log"
SecRule REQUEST_HEADERS:Content-Type "@beginsWith application/json" "id:105,phase:2,pass,log"
SecRule ARGS|REQUEST_BODY|REQUEST_HEADERS:X-Late "@contains evil" "id:202,phase:2,deny,log"
SecRule RESPONSE_HEADERS:X-Do "@streq deny" "id:303,phase:3,deny,log"
SecRule RESPONSE_BODY|RESPONSE_HEADERS:X-Late "@contains evil" "id:404,phase:4,deny,log"
SecRule REQUEST_HEADERS:X-Panic "@seawallFault 1" "id:9001,phase:1,pass"
SecRule REQUEST_HEADERS:X-Panic "@seawallFault 2" "id:9002,phase:2,pass"
SecRule REQUEST_HEADERS:X-Panic "@seawallFault 3" "id:9003,phase:3,pass"
SecRule REQUEST_HEADERS:X-Panic "@seawallFault 4" "id:9004,phase:4,pass"
SecRule REQUEST_HEADERS:X-Panic "@seawallFault 5" "id:9005,phase:5,pass"
`

// fuzzConfig is one config and what the oracle must know of it.
type fuzzConfig struct {
	options    string // YAML beside the directives
	directives string // behind fuzzRules
	limit      int    // SecLang's body limit, of both directions
	held       int    // max_held_bytes, where it is below the limit
	rejects    bool   // SecLang's limit action
	budget     bool   // held is what the whole process may hold
	heavy      bool   // every head has phase 1 run with phase 2, off the event thread

	open, hosts, requestOnly, responseOnly bool

	engine *filter.Engine
	stock  map[string]coraza.WAF
}

const (
	smallLimit   = 64
	noLimit      = 1 << 27 // Coraza's own for requests; no script gets there
	rejecting    = "SecRequestBodyLimit 64\nSecRequestBodyInMemoryLimit 64\nSecRequestBodyLimitAction Reject\nSecResponseBodyLimit 64\nSecResponseBodyLimitAction Reject\n"
	partial      = "SecRequestBodyLimit 64\nSecRequestBodyInMemoryLimit 64\nSecRequestBodyLimitAction ProcessPartial\nSecResponseBodyLimit 64\nSecResponseBodyLimitAction ProcessPartial\n"
	capRejects   = "SecRequestBodyLimitAction Reject\nSecResponseBodyLimitAction Reject\n"
	accessOff    = "SecRequestBodyAccess Off\nSecResponseBodyAccess Off\n"
	capPartial   = "SecRequestBodyLimitAction ProcessPartial\nSecResponseBodyLimitAction ProcessPartial\n"
	inline       = "request_body: {offload_bytes: 0}\nresponse_body: {offload_bytes: 0}\n"
	heavyCap     = "request_body: {offload_bytes: 1, max_held_bytes: 1024}\nresponse_body: {offload_bytes: 1, max_held_bytes: 1024}\n"
	heavyOffload = "request_body: {offload_bytes: 1}\nresponse_body: {offload_bytes: 1}\n" // and a cookie in every head
	offloaded    = "request_body: {offload_bytes: 24}\nresponse_body: {offload_bytes: 24}\n"
	capInline    = "request_body: {offload_bytes: 0, max_held_bytes: 1024}\nresponse_body: {offload_bytes: 0, max_held_bytes: 1024}\n"
	capOffloads  = "request_body: {offload_bytes: 24, max_held_bytes: 1024}\nresponse_body: {offload_bytes: 24, max_held_bytes: 1024}\n"
)

func fuzzConfigs() []*fuzzConfig {
	return []*fuzzConfig{
		{options: inline, directives: rejecting, limit: smallLimit, rejects: true},
		{options: offloaded, directives: rejecting, limit: smallLimit, rejects: true},
		{options: inline, directives: partial, limit: smallLimit},
		{options: offloaded, directives: partial, limit: smallLimit},
		{options: offloaded, directives: rejecting + "SecRuleEngine DetectionOnly\n", limit: smallLimit},
		{options: capOffloads, directives: capRejects, limit: noLimit, held: 1024, rejects: true},
		{options: capInline, directives: capPartial, limit: noLimit, held: 1024},
		{options: offloaded + "on_error: open\n", directives: partial, limit: smallLimit, open: true},
		{options: inline + "on_error: open\n", directives: rejecting, limit: smallLimit, rejects: true, open: true},
		{options: offloaded + "inspect: request\n", directives: partial, limit: smallLimit, requestOnly: true},
		{options: offloaded + "inspect: response\n", directives: rejecting, limit: smallLimit, rejects: true, responseOnly: true},
		{options: offloaded, directives: partial + accessOff, limit: smallLimit},
		{options: offloaded, directives: partial, limit: smallLimit, hosts: true},
		{options: offloaded + "held_bytes_budget: 1KiB\n", directives: capRejects, limit: noLimit, held: 1024, budget: true, rejects: true},
		{options: heavyOffload, directives: rejecting, limit: smallLimit, rejects: true, heavy: true},
		{options: heavyOffload + "on_error: open\n", directives: partial, limit: smallLimit, open: true, heavy: true},
		{options: heavyCap, directives: capRejects, limit: noLimit, held: 1024, rejects: true, heavy: true},
		{options: heavyCap, directives: capPartial, limit: noLimit, held: 1024, heavy: true},
		{options: heavyCap, directives: rejecting, limit: smallLimit, held: 1024, rejects: true, heavy: true},
		{options: heavyOffload + "held_bytes_budget: 1KiB\n", directives: capRejects, limit: noLimit, held: 1024, budget: true, rejects: true, heavy: true},
		{options: heavyOffload + "held_bytes_budget: 1KiB\n", directives: capPartial, limit: noLimit, held: 1024, budget: true, heavy: true},
		{options: heavyCap, directives: capRejects + accessOff, limit: noLimit, held: 1024, rejects: true, heavy: true},
		{options: heavyCap + "inspect: request\n", directives: capRejects, limit: noLimit, held: 1024, rejects: true, requestOnly: true, heavy: true},
		{options: heavyCap + "inspect: response\n", directives: capRejects, limit: noLimit, held: 1024, rejects: true, responseOnly: true, heavy: true},
	}
}

func (c *fuzzConfig) compile(f *testing.F) {
	f.Helper()
	text := fuzzRules + c.directives
	c.stock = map[string]coraza.WAF{"default": stockWAF(f, text)}
	document := c.options + "policies:\n  default:\n    directives: |\n      " + indented(text)
	if c.hosts {
		const strict = "SecAction \"id:7001,phase:1,deny,status:403,log\"\n"
		c.stock["strict"] = stockWAF(f, text+strict)
		document += "  strict:\n    directives: |\n      " + indented(text+strict) +
			"default_policy: default\nhosts: {strict.example.com: strict}\n"
	}
	c.engine = engine(f, document)
}

func stockWAF(f *testing.F, text string) coraza.WAF {
	f.Helper()
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithDirectives(text))
	require.NoError(f, err)
	return waf
}

func indented(text string) string {
	return strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n      ") + "\n"
}

// FuzzExchange reads bytes as the events of one exchange on a proxy that is as
// odd as the border allows, checks each verdict against the border's contract,
// and the outcome against stock Coraza, which gets every body whole.
func FuzzExchange(f *testing.F) {
	configs := fuzzConfigs()
	for _, c := range configs {
		c.compile(f)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := readScript(configs, data)
		p := &oddProxy{t: t, script: s, host: newRecorder(), heldBefore: filter.HeldBytes()}
		p.tx = s.config.engine.NewTransaction(p.host)
		s.play(p)
		p.finish()

		o := &oracle{config: s.config}
		defer o.close()
		p.checkFlow(&p.request, o.request(s, &p.request))
		if p.response.begun && !p.own && s.answer.Headers != nil {
			p.checkFlow(&p.response, o.response(s, &p.response))
		}
		p.checkCounts()
	})
}
