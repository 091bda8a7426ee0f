package filtertest

import "strings"

// Cases returns the behaviour table.
func Cases() []Case {
	var all []Case
	for _, group := range [][]Case{phases(), bodies(), limits(), replies(), hosts(), streaming(), attacks(), badInput(), contentTypes(), compressed(), bounds()} {
		all = append(all, group...)
	}
	return all
}

var (
	text  = Fields{{"content-type", "text/plain"}}
	jsonT = Fields{{"content-type", "application/json"}}
	form  = Fields{{"content-type", "application/x-www-form-urlencoded"}}
	page  = Message{Headers: text, Body: []string{"hello from upstream"}}
)

func with(f Fields, more ...[2]string) Fields { return append(append(Fields{}, f...), more...) }

func do(value string) Fields { return Fields{{"x-do", value}} }

// phases: one denial in each phase, and that nothing goes on before it.
func phases() []Case {
	return []Case{
		{Name: "InnocentGetPasses", Config: "rules", Smoke: true, Upstream: page, Want: Want{Status: 200}},
		{Name: "InnocentPostPasses", Config: "rules", Smoke: true, Upstream: page,
			Request: Message{Method: "POST", Headers: form, Body: []string{"a=1&b=2"}}, Want: Want{Status: 200}},
		{Name: "Phase1Denies", Config: "rules", Smoke: true, Upstream: page,
			Request: Message{Headers: Fields{{"x-phase-1", "evil"}}}, Want: Want{Status: 403, Denied: true, Rule: 1101}},
		{Name: "Phase1DeniesBeforeTheBody", Config: "rules", Upstream: page,
			Request: Message{Method: "POST", Headers: with(form, [2]string{"x-phase-1", "evil"}), Body: []string{"a=1"}},
			Want:    Want{Status: 403, Denied: true, Rule: 1101}},
		{Name: "Phase2DeniesWithoutABody", Config: "rules", Upstream: page,
			Request: Message{Path: "/?q=evil"}, Want: Want{Status: 403, Denied: true, Rule: 1102}},
		{Name: "Phase3Denies", Config: "rules", Smoke: true,
			Upstream: Message{Headers: with(text, [2]string{"x-phase-3", "evil"}), Body: []string{"internal detail"}},
			Want:     Want{Status: 403, ResponseDenied: true, Rule: 1103}},
		{Name: "Phase4Denies", Config: "rules", Smoke: true,
			Upstream: Message{Headers: text, Body: []string{"an ", "ev", "il page"}},
			Want:     Want{Status: 403, ResponseDenied: true, Rule: 1104}},
		{Name: "ResponseTypeInUpperCaseIsInspected", Config: "rules",
			Upstream: Message{Headers: Fields{{"content-type", "Text/HTML ; charset=utf-8"}}, Body: []string{"an evil page"}},
			Want:     Want{Status: 403, ResponseDenied: true, Rule: 1104}},
		{Name: "Phase4RunsForUninspectedBodies", Config: "rules",
			Upstream: Message{Headers: Fields{{"content-type", "image/png"}, {"x-late", "not evil at all"}}, Body: []string{"bytes"}},
			Want:     Want{Status: 403, ResponseDenied: true, Rule: 1104}},
		{Name: "ResponseWithoutABodyIsJudged", Config: "rules",
			Upstream: Message{Status: 204, Headers: Fields{{"x-late", "so evil"}}},
			Want:     Want{Status: 403, ResponseDenied: true, Rule: 1104}},
		{Name: "DetectionOnlyPassesEverything", Config: "detect", Upstream: Message{Headers: text, Body: []string{"evil"}},
			Request: Message{Method: "POST", Path: "/?q=evil", Headers: with(form, [2]string{"x-phase-1", "evil"}), Body: []string{"x=evil"}},
			Want:    Want{Status: 200}},
		{Name: "EngineOffPassesEverything", Config: "off", Upstream: page,
			Request: Message{Path: "/?q=evil"}, Want: Want{Status: 200}},
		{Name: "DisabledConfigPassesEverything", Config: "disabled", Upstream: page,
			Request: Message{Method: "POST", Path: "/?q=evil", Body: []string{"evil"}}, Want: Want{Status: 200}},
		{Name: "EngineTurnedOffByARulePasses", Config: "rules", Upstream: page,
			Request: Message{Method: "POST", Path: "/?q=evil", Headers: with(form, do("engine-off")[0]), Body: []string{"x=evil"}},
			Want:    Want{Status: 200}},
		{Name: "AllowSkipsTheRest", Config: "rules", Upstream: page,
			Request: Message{Path: "/?q=evil", Headers: do("allow")}, Want: Want{Status: 200}},
	}
}

// bodies: phase 2 and 4 run whatever ends the body, and bytes are kept.
func bodies() []Case {
	big := strings.Repeat("0123456789abcdef", 200_000) // 3.2 MB: beyond Envoy's 1 MiB buffer
	return []Case{
		{Name: "AttackInTheLastChunk", Config: "rules", Smoke: true, Upstream: page,
			Request: Message{Method: "POST", Headers: form, Body: []string{"a=1&", "b=2&", "c=evil"}, NoLength: true},
			Want:    Want{Status: 403, Denied: true, Rule: 1102}},
		{Name: "AttackAcrossChunks", Config: "rules", Upstream: page,
			Request: Message{Method: "POST", Headers: form, Body: []string{"c=e", "v", "i", "l"}, NoLength: true},
			Want:    Want{Status: 403, Denied: true, Rule: 1102}},
		{Name: "TrailersDoNotSkipRequestBodyRules", Config: "rules", Smoke: true, Upstream: page,
			Request: Message{Method: "POST", Headers: form, Body: []string{"a=1&c=evil"}, Trailers: Fields{{"x-sum", "1"}}, NoLength: true},
			Want:    Want{Status: 403, Denied: true, Rule: 1102}},
		{Name: "AttackInATrailer", Config: "rules", Upstream: page,
			Request: Message{Method: "POST", Headers: form, Body: []string{"a=1"}, Trailers: Fields{{"x-late", "evil"}}, NoLength: true},
			Want:    Want{Status: 403, Denied: true, Rule: 1102}},
		{Name: "ATrailerDoesNotChooseHowTheBodyIsParsed", Config: "rules", Upstream: page,
			Request: Message{Method: "POST", Body: []string{"a=1&c=%65vil"}, Trailers: Fields{{"content-type", "text/plain"}}, Headers: form, NoLength: true},
			Want:    Want{Status: 403, Denied: true, Rule: 1102}},
		{Name: "ATrailerGivesNoTypeToABodyWithoutOne", Config: "rules", Upstream: page,
			Request: Message{Method: "POST", Body: []string{"c=evil"}, Trailers: Fields{{"content-type", "multipart/form-data; boundary=A"}}, NoLength: true},
			Want:    Want{Status: 403, Denied: true, Rule: 1102}},
		{Name: "BodyAndTrailersPassWhole", Config: "rules", Smoke: true, Upstream: Message{Headers: text, Body: []string{"one", "two"}, Trailers: Fields{{"x-check", "yes"}}, NoLength: true},
			Request: Message{Method: "POST", Headers: form, Body: []string{"a=1&", "b=2"}, Trailers: Fields{{"x-sum", "7"}}, NoLength: true},
			Want:    Want{Status: 200}},
		{Name: "ResponseTrailersDoNotSkipBodyRules", Config: "rules",
			Upstream: Message{Headers: text, Body: []string{"an evil page"}, Trailers: Fields{{"x-check", "yes"}}, NoLength: true},
			Want:     Want{Status: 403, ResponseDenied: true, Rule: 1104}},
		{Name: "AttackInAResponseTrailer", Config: "rules",
			Upstream: Message{Headers: text, Body: []string{"page"}, Trailers: Fields{{"x-late", "evil"}}, NoLength: true},
			Want:     Want{Status: 403, ResponseDenied: true, Rule: 1104}},
		{Name: "JSONFieldIsInspected", Config: "rules", Upstream: page,
			Request: Message{Method: "POST", Headers: jsonT, Body: []string{`{"a":{"b":["x","`, `evil"]}}`}},
			Want:    Want{Status: 403, Denied: true, Rule: 1102}},
		{Name: "LargeRequestPassesWhole", Config: "rules", Smoke: true, Upstream: page,
			Request: Message{Method: "POST", Headers: text, Body: []string{big}}, Want: Want{Status: 200}},
		{Name: "LargeRequestIsInspectedToItsEnd", Config: "rules", Smoke: true, Upstream: page,
			Request: Message{Method: "POST", Headers: text, Body: []string{big, "evil"}, NoLength: true},
			Want:    Want{Status: 403, Denied: true, Rule: 1102}},
		{Name: "LargeRequestWithTrailersPassesWhole", Config: "rules", Smoke: true, Upstream: page,
			Request: Message{Method: "POST", Headers: text, Body: []string{big}, NoLength: true, Trailers: Fields{{"x-sum", "1"}}}, Want: Want{Status: 200}},
		{Name: "LargeRequestPassesWholeInline", Config: "inline", Upstream: page,
			Request: Message{Method: "POST", Headers: text, Body: []string{big}}, Want: Want{Status: 200}},
		{Name: "LargeRequestWithTrailersPassesWholeInline", Config: "inline", Upstream: page,
			Request: Message{Method: "POST", Headers: text, Body: []string{big}, NoLength: true, Trailers: Fields{{"x-sum", "1"}}}, Want: Want{Status: 200}},
		{Name: "LargeResponsePassesWhole", Config: "rules", Smoke: true, Upstream: Message{Headers: text, Body: []string{big}}, Want: Want{Status: 200}},
		{Name: "LargeResponseWithTrailersPassesWhole", Config: "rules", Upstream: Message{Headers: text, Body: []string{big}, NoLength: true, Trailers: Fields{{"x-check", "1"}}}, Want: Want{Status: 200}},
		{Name: "LargeResponsePassesWholeInline", Config: "inline", Upstream: Message{Headers: text, Body: []string{big}}, Want: Want{Status: 200}},
		{Name: "LargeResponseIsInspectedToItsEnd", Config: "rules", Smoke: true, Upstream: Message{Headers: text, Body: []string{big, "evil"}},
			Want: Want{Status: 403, ResponseDenied: true, Rule: 1104}},
		{Name: "UninspectedResponseTypePassesWhole", Config: "rules", Upstream: Message{Headers: Fields{{"content-type", "image/png"}}, Body: []string{big, "evil"}}, Want: Want{Status: 200}},
		{Name: "BodyAccessOffStillRunsPhase2", Config: "nobody", Upstream: page,
			Request: Message{Method: "POST", Path: "/?q=evil", Headers: form, Body: []string{"a=1"}}, Want: Want{Status: 403, Denied: true, Rule: 1102}},
		{Name: "BodyAccessOffPassesBodies", Config: "nobody", Upstream: Message{Headers: text, Body: []string{"evil"}},
			Request: Message{Method: "POST", Headers: form, Body: []string{"a=evil"}}, Want: Want{Status: 200}},
		{Name: "HeadIsJudged", Config: "rules", Upstream: Message{Headers: with(text, [2]string{"x-late", "evil"})},
			Request: Message{Method: "HEAD"}, Want: Want{Status: 403, ResponseDenied: true, Rule: 1103}},
		{Name: "HeadPasses", Config: "rules", Upstream: Message{Headers: text}, Request: Message{Method: "HEAD"}, Want: Want{Status: 200}},
		{Name: "NotModifiedPasses", Config: "rules", Upstream: Message{Status: 304}, Want: Want{Status: 304}},
	}
}

// limits: a body at the limit -1, 0, +1, under each of SecLang's actions. The
// engine's limits are inclusive: a body of exactly the limit is over it.
func limits() []Case {
	at := func(n int) []string { return []string{strings.Repeat("x", n)} }
	evilAfter := func(n int) []string { return []string{strings.Repeat("x", n), "evil"} }
	post := func(body []string, noLength bool) Message {
		return Message{Method: "POST", Headers: text, Body: body, NoLength: noLength}
	}
	answer := func(body []string) Message { return Message{Headers: text, Body: body} }
	var all []Case
	for _, mode := range []struct {
		name     string
		noLength bool
	}{{"", false}, {"Chunked", true}} {
		all = append(all,
			Case{Name: "Reject" + mode.name + "BelowTheLimitPasses", Config: "reject", Upstream: page, Request: post(at(999), mode.noLength), Want: Want{Status: 200}},
			Case{Name: "Reject" + mode.name + "AtTheLimit", Config: "reject", Upstream: page, Request: post(at(1000), mode.noLength), Want: Want{Status: 413, Denied: true}},
			Case{Name: "Reject" + mode.name + "AboveTheLimit", Config: "reject", Upstream: page, Request: post(at(1001), mode.noLength), Want: Want{Status: 413, Denied: true}},
			Case{Name: "Partial" + mode.name + "BelowTheLimitPasses", Config: "partial", Upstream: page, Request: post(at(999), mode.noLength), Want: Want{Status: 200}},
			Case{Name: "Partial" + mode.name + "AtTheLimitPasses", Config: "partial", Upstream: page, Request: post(at(1000), mode.noLength), Want: Want{Status: 200}},
			Case{Name: "Partial" + mode.name + "AboveTheLimitPassesWhole", Config: "partial", Upstream: page, Request: post(evilAfter(1000), mode.noLength), Want: Want{Status: 200}},
			Case{Name: "Partial" + mode.name + "WithinTheLimitIsInspected", Config: "partial", Upstream: page,
				Request: post([]string{"evil", strings.Repeat("x", 2000)}, mode.noLength), Want: Want{Status: 403, Denied: true, Rule: 1102}},
			Case{Name: "Partial" + mode.name + "LargeBodyPassesWhole", Config: "partial", Upstream: page,
				Request: post([]string{strings.Repeat("x", 999), strings.Repeat("y", 300_000), strings.Repeat("z", 300_000)}, mode.noLength), Want: Want{Status: 200}},
		)
	}
	return append(all,
		Case{Name: "ResponseRejectBelowTheLimitPasses", Config: "reject", Upstream: answer(at(999)), Want: Want{Status: 200}},
		Case{Name: "ResponseRejectAtTheLimit", Config: "reject", Upstream: answer(at(1000)), Want: Want{Status: 500, ResponseDenied: true}},
		Case{Name: "ResponsePartialAboveTheLimitPassesWhole", Config: "partial", Upstream: answer(evilAfter(1000)), Want: Want{Status: 200}},
		Case{Name: "ResponsePartialWithinTheLimitIsInspected", Config: "partial", Upstream: answer([]string{"evil", strings.Repeat("x", 5000)}), Want: Want{Status: 403, ResponseDenied: true, Rule: 1104}},
		Case{Name: "OurOwnCapAnswers413", Config: "capped", Upstream: page, Request: post(at(65_537), false), Want: Want{Status: 413, Denied: true}},
		Case{Name: "OurOwnCapNeverDeniesInDetectionOnly", Config: "capped-detect", Upstream: answer(at(200_000)), Request: post(at(200_000), true), Want: Want{Status: 200}},
		Case{Name: "OurOwnCapPassesUpToIt", Config: "capped", Upstream: page, Request: post(at(65_536), false), Want: Want{Status: 200}},
		Case{Name: "OurOwnCapOnResponsesAnswers500", Config: "capped", Upstream: answer(at(65_537)), Want: Want{Status: 500, ResponseDenied: true}},
	)
}

// replies: what a denial looks like.
func replies() []Case {
	return []Case{
		{Name: "StatusFromTheRule", Config: "rules", Upstream: page, Request: Message{Headers: do("status")}, Want: Want{Status: 429, Denied: true, Rule: 1201}},
		{Name: "RedirectSendsItsLocation", Config: "rules", Smoke: true, Upstream: page, Request: Message{Headers: do("redirect")},
			Want: Want{Status: 302, Denied: true, Header: Fields{{"location", "https://blocked.example.com/why"}}}},
		{Name: "RedirectInPhase2KeepsItsStatus", Config: "rules", Upstream: page,
			Request: Message{Method: "POST", Headers: with(form, do("redirect-phase-2")[0]), Body: []string{"a=1"}},
			Want:    Want{Status: 307, Denied: true, Header: Fields{{"location", "/why"}}}},
		{Name: "DropAnswers403", Config: "rules", Smoke: true, Upstream: page, Request: Message{Headers: do("drop")}, Want: Want{Status: 403, Denied: true, Rule: 1203}},
		{Name: "BlockPageIsHTMLForABrowser", Config: "rules", Upstream: page, Request: Message{Path: "/?q=evil", Headers: Fields{{"accept", "text/html,*/*"}}},
			Want: Want{Status: 403, Denied: true, BodyContains: "<html"}},
		{Name: "BlockPageIsJSONForAnAPI", Config: "rules", Upstream: page, Request: Message{Method: "POST", Headers: jsonT, Body: []string{`{"q":"evil"}`}},
			Want: Want{Status: 403, Denied: true, BodyContains: `"id"`}},
		{Name: "GRPCDenialHasAStatusThatMeansIt", Config: "rules", Protocol: "h2", Smoke: true, Upstream: page,
			Request: Message{Method: "POST", Path: "/svc/Method", Headers: Fields{{"content-type", "application/grpc"}, {"te", "trailers"}, {"x-phase-1", "evil"}}, Body: []string{"\x00\x00\x00\x00\x02hi"}},
			Want:    Want{Status: 200, Denied: true, Header: Fields{{"grpc-status", "7"}}}},
		{Name: "DenialWithoutContentHasNone", Config: "rules", Upstream: page, Request: Message{Headers: do("no-content")}, Want: Want{Status: 204, Denied: true, Rule: 1212}},
		{Name: "BlockedWithBlockID", Config: "rules", Upstream: page, Request: Message{Path: "/?q=evil"}, Want: Want{Status: 403, Denied: true, BodyContains: "Request blocked."}},
	}
}

// hosts: a client's bytes never choose the weaker policy (the default, here).
func hosts() []Case {
	var all []Case
	for name, authority := range map[string]string{
		"AsWritten": "shop.example.com", "InUpperCase": "SHOP.Example.COM", "WithAPort": "shop.example.com:8443",
		"WithATrailingDot": "shop.example.com.", "WithATrailingDotAndPort": "shop.example.com.:443",
		"OfAWildcard": "eu.bank.example.com", "DeepBelowAWildcard": "a.b.Bank.example.com:80", "InIPv6": "[2001:DB8:0:0::1]:8080",
	} {
		all = append(all, Case{Name: "StrictHost" + name, Config: "hosts", Upstream: page, Request: Message{Authority: authority}, Want: Want{Status: 403, Denied: true, Rule: 7001}})
	}
	for name, authority := range map[string]string{"Joined": "shop.example.com,other", "WithAnEncodedDot": "shop%2eexample.com", "WithABadPort": "shop.example.com:80x"} {
		all = append(all, Case{Name: "HostThatIsNone" + name, Config: "hosts", Upstream: page, Request: Message{Authority: authority}, Want: Want{Status: 400, Denied: true}})
	}
	return append(all,
		Case{Name: "OtherHostGetsTheDefaultPolicy", Config: "hosts", Upstream: page, Request: Message{Authority: "static.example.com"}, Want: Want{Status: 200}},
		Case{Name: "RulesSeeOneHost", Config: "rules", Upstream: page, Request: Message{Headers: do("count-hosts")}, Want: Want{Status: 200}},
		Case{Name: "ChunkedIsSynthesised", Config: "rules", Protocol: "h1", Upstream: page,
			Request: Message{Method: "POST", Headers: with(text, do("want-chunked")[0]), Body: []string{"abc"}, NoLength: true}, Want: Want{Status: 200}},
		Case{Name: "ClientAddressIsReal", Config: "rules", Upstream: page, Request: Message{Headers: do("loopback-only")}, Want: Want{Status: 200}},
		Case{Name: "ServerAddressIsReal", Config: "rules", Upstream: page, Request: Message{Headers: do("loopback-server")}, Want: Want{Status: 200}},
		Case{Name: "ServerPortIsReal", Config: "rules", Upstream: page, Request: Message{Headers: do("server-port-80")}, Want: Want{Status: 200}},
	)
}

// streaming: what is never held, and what does not get by on that.
func streaming() []Case {
	grpc := Fields{{"content-type", "application/grpc"}, {"te", "trailers"}}
	return []Case{
		{Name: "EventStreamIsNotHeld", Config: "rules", Upstream: Message{Headers: Fields{{"content-type", "text/event-stream"}}, Body: []string{"data: 1\n\n", "data: evil\n\n"}}, Want: Want{Status: 200}},
		{Name: "GRPCPasses", Config: "rules", Protocol: "h2", Request: Message{Method: "POST", Path: "/svc/Method", Headers: grpc, Body: []string{"\x00\x00\x00\x00\x02hi", "\x00\x00\x00\x00\x03you"}},
			Upstream: Message{Headers: Fields{{"content-type", "application/grpc"}}, Body: []string{"\x00\x00\x00\x00\x01x"}, Trailers: Fields{{"grpc-status", "0"}}}, Want: Want{Status: 200}},
		{Name: "GRPCMessageThatNeverEndsIsDenied", Config: "rules", Protocol: "h2", Upstream: page,
			Request: Message{Method: "POST", Path: "/svc/Method", Headers: grpc, Body: []string{"\x00&a=b&q=evil"}},
			Want:    Want{Status: 200, ResponseDenied: true, Header: Fields{{"grpc-status", "7"}}}},
		{Name: "GRPCWithAFlagThatIsNoneIsDenied", Config: "rules", Protocol: "h2", Upstream: page,
			Request: Message{Method: "POST", Path: "/svc/Method", Headers: grpc, Body: []string{"\x02", "\x00\x00\x00\x06q=evil"}},
			Want:    Want{Status: 200, ResponseDenied: true, Header: Fields{{"grpc-status", "7"}}}},
		{Name: "GRPCTypeOnHTTP1IsAnOrdinaryBody", Config: "rules", Protocol: "h1", Upstream: page,
			Request: Message{Method: "POST", Headers: Fields{{"content-type", "application/grpc"}}, Body: []string{"q=evil"}}, Want: Want{Status: 200, Denied: true, Header: Fields{{"grpc-status", "7"}}}},
		{Name: "UpgradeHeaderAloneSwitchesNothingOff", Config: "rules", Smoke: true, Upstream: page,
			Request: Message{Method: "POST", Headers: with(form, [2]string{"upgrade", "websocket"}), Body: []string{"q=evil"}}, Protocol: "h1", Want: Want{Status: 403, Denied: true, Rule: 1102}},
	}
}
