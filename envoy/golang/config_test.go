package golang

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/envoyproxy/envoy/contrib/golang/common/go/api"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/seawall-waf/seawall/filter"
)

// testDirectives deny what says "evil", one rule for each phase.
const testDirectives = `
SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 10485760
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain
SecResponseBodyLimit 10485760
SecAction "id:100,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On"
SecRule ARGS_GET "@contains evil" "id:101,phase:1,deny,status:403"
SecRule REQUEST_BODY "@contains evil" "id:102,phase:2,deny,status:403"
SecRule RESPONSE_HEADERS:x-says "@contains evil" "id:103,phase:3,deny,status:502"
SecRule RESPONSE_BODY "@contains evil" "id:104,phase:4,deny,status:502"
SecRule REQUEST_HEADERS:x-drop "@streq 1" "id:105,phase:1,drop"
SecRule REQUEST_HEADERS:x-trailer "@contains evil" "id:106,phase:2,deny,status:403"
SecRule REMOTE_ADDR "@ipMatch 127.0.0.1" "id:107,phase:1,deny,status:403"
`

// with returns a config document of testDirectives and of other keys.
func with(t testing.TB, other map[string]any) *anypb.Any {
	fields := map[string]any{"directives": testDirectives}
	for key, value := range other {
		fields[key] = value
	}
	return typedStruct(t, "xds.type.v3.TypedStruct", fields)
}

// offloaded inspects every body on another goroutine, inPlace none.
func offloaded(t testing.TB) *anypb.Any { return with(t, bodies(1)) }
func inPlace(t testing.TB) *anypb.Any   { return with(t, bodies(0)) }

func bodies(offloadBytes float64) map[string]any {
	limits := map[string]any{"offload_bytes": offloadBytes}
	return map[string]any{"request_body": limits, "response_body": limits}
}

func parsed(t testing.TB, document *anypb.Any, stats api.ConfigCallbackHandler) any {
	c, err := Parser{}.Parse(document, stats)
	require.NoError(t, err)
	return c
}

var badDocument = &anypb.Any{TypeUrl: "type.googleapis.com/google.protobuf.StringValue", Value: []byte("\n\x05{\"a\":")}

func TestBadConfigIsRejected(t *testing.T) {
	for _, tc := range []struct {
		name string
		any  *anypb.Any
		want string
	}{
		{"unknown key", with(t, map[string]any{"directive": "x"}), "directive"},
		{"unknown directive", with(t, map[string]any{"directives": "SecRuleEngin On"}), "SecRuleEngin"},
		{"cut short", badDocument, ""},
		{"another message", packed(t, wrapperspb.Bool(true)), "google.protobuf.BoolValue"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parser{}.Parse(tc.any, newStats())
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// Contrib has a RELEASE_ASSERT for a route's config that fails to parse at the
// first request.
func TestBadRouteConfigOnAWorkerDoesNotEndEnvoy(t *testing.T) {
	parent := parsed(t, inPlace(t), newStats())
	main := Parser{onMainThread: func() bool { return true }}
	worker := Parser{onMainThread: func() bool { return false }}

	_, err := main.Parse(badDocument, nil)
	require.Error(t, err, "where Envoy can reject it, it must")
	_, err = worker.Parse(badDocument, newStats())
	require.Error(t, err, "a filter's config is never parsed by a request")

	child, err := worker.Parse(badDocument, nil)
	require.NoError(t, err)
	s := newStream(t, worker.Merge(parent, child))
	s.request.sendHeaders(get("/"), true)
	s.turn()
	require.NotNil(t, s.reply)
	assert.Equal(t, 500, s.reply.status)
	assert.False(t, s.request.got.headers)
	assert.NotEmpty(t, logged.containing("parsing a per-route config"))
	s.finish()
}

func TestRouteConfigReplacesPoliciesAndKeepsMetrics(t *testing.T) {
	stats := newStats()
	parent := parsed(t, inPlace(t), stats)
	strict := parsed(t, with(t, map[string]any{"directives": `SecRuleEngine On
SecRule REQUEST_URI "@contains good" "id:201,phase:1,deny,status:418"`}), nil)
	disabled := parsed(t, typedStruct(t, "xds.type.v3.TypedStruct", map[string]any{"disabled": true}), nil)

	run := func(config any, path string) *fakeStream {
		s := newStream(t, config)
		s.request.sendHeaders(get(path), true)
		s.turn()
		s.finish()
		return s
	}
	assert.Equal(t, 403, run(parent, "/?a=evil").reply.status)
	merged := Parser{}.Merge(parent, strict)
	assert.Equal(t, 418, run(merged, "/good").reply.status)
	assert.Nil(t, run(merged, "/?a=evil").reply, "the parent's rules must not run")
	assert.EqualValues(t, 3, stats.value("seawall.transactions"))
	assert.EqualValues(t, 2, stats.value("seawall.denied"))

	off := Parser{}.Merge(merged, disabled)
	assert.True(t, run(off, "/good?a=evil").request.got.ended)
	again := Parser{}.Merge(off, strict)
	assert.Equal(t, 418, run(again, "/good").reply.status, "a route below may inspect again")
	assert.EqualValues(t, 3, stats.value("seawall.denied"), "metrics come down every level")
}

func TestRouteWithoutMetricsStillDecides(t *testing.T) {
	s := newStream(t, parsed(t, inPlace(t), nil))
	s.request.sendHeaders(get("/?a=evil"), true)
	s.turn()
	assert.Equal(t, 403, s.reply.status)
	s.finish()
}

// Contrib recovers from nothing in the factory and in Merge.
func TestForeignConfigAnswers500(t *testing.T) {
	for _, config := range []any{nil, "text", (*config)(nil), Parser{}.Merge(nil, "text"), Parser{}.Merge(&config{}, (*config)(nil))} {
		s := newStream(t, config)
		s.request.sendHeaders(post("/"), false)
		s.request.sendData("body", true)
		s.turn()
		require.NotNil(t, s.reply)
		assert.Equal(t, 500, s.reply.status)
		assert.False(t, s.request.got.headers)
		assert.True(t, s.response.got.ended, "the reply reaches the client")
		s.finish()
	}
}

func TestPanicWhileParsingIsAnError(t *testing.T) {
	_, err := Parser{}.Parse(inPlace(t), panicking{})
	require.ErrorContains(t, err, "panic: no scope")
}

type panicking struct{ api.ConfigCallbackHandler }

func (panicking) DefineCounterMetric(string) api.CounterMetric { panic("no scope") }

func TestCountersAreDefinedForEveryPolicy(t *testing.T) {
	stats := newStats()
	two := map[string]any{
		"policies":       map[string]any{"strict": map[string]any{"directives": "SecRuleEngine On"}, "lax": map[string]any{"directives": "SecRuleEngine On"}},
		"default_policy": "strict",
		"hosts":          map[string]any{"lax.example.com": "lax"},
	}
	config := parsed(t, typedStruct(t, "xds.type.v3.TypedStruct", two), stats)
	for _, host := range []string{"example.com", "lax.example.com", "other.example.com"} {
		s := newStream(t, config)
		h := get("/")
		h.values[":authority"] = []string{host}
		s.request.sendHeaders(h, true)
		s.finish()
	}
	for _, name := range []string{"transactions", "denied", "would_deny", "errors", "duration_us_sum", "duration_us_count"} {
		assert.Contains(t, stats.values, "seawall."+name)
		assert.Contains(t, stats.values, "seawall."+name+".policy.lax")
		assert.Contains(t, stats.values, "seawall."+name+".policy.strict")
	}
	assert.EqualValues(t, 3, stats.value("seawall.transactions"))
	assert.EqualValues(t, 2, stats.value("seawall.transactions.policy.strict"))
	assert.EqualValues(t, 1, stats.value("seawall.transactions.policy.lax"))
	assert.EqualValues(t, 3, stats.value("seawall.duration_us_count"))
}

// Contrib calls a config's Destroy, if it has one, while streams still use it;
// ours has none. Engines go with what refers to them: the filter's config, the
// routes' merged ones, and streams that outlive both.
func TestEnginesAreClosedWithTheLastThatUsesThem(t *testing.T) {
	_, destroyed := any(&config{}).(api.Config)
	require.False(t, destroyed)
	awaitRuleSets(t, 0)
	document := func(id int) *anypb.Any {
		return with(t, map[string]any{"directives": fmt.Sprintf("SecRuleEngine On\nSecAction \"id:%d,phase:1,deny,status:418\"", id)})
	}
	const reloads = 20
	var parent any
	var oldest *fakeStream
	for n := range reloads {
		parent = parsed(t, document(1000+n), newStats())
		merged := Parser{}.Merge(parent, parsed(t, document(2000+n), nil))
		merged = Parser{}.Merge(merged, parsed(t, document(3000+n), nil))
		if n == 0 {
			oldest = newStream(t, merged)
		}
	}
	awaitRuleSets(t, 2) // the last filter's, and the one that a stream has
	oldest.request.sendHeaders(get("/"), true)
	oldest.turn()
	assert.Equal(t, 418, oldest.reply.status, "it is judged by the config that it began with")
	oldest.finish()
	oldest = nil
	awaitRuleSets(t, 1)
	runtime.KeepAlive(parent)
	parent = nil
	awaitRuleSets(t, 0)
}

// awaitRuleSets collects garbage until exactly n rule sets are open.
func awaitRuleSets(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool { runtime.GC(); return filter.LiveRuleSets() == n }, 20*time.Second, time.Millisecond,
		"%d rule sets are open", n)
}
