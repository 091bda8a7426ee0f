package filter_test

import "strings"

// around are exchanges whose bodies end before, at and behind a limit.
func around(limit int) (visits []visit) {
	for n := limit - 2; n <= limit+2; n++ {
		body := "a=evil&b=" + strings.Repeat("x", n-9)
		visits = append(visits,
			visit{headers: []string{"content-type", formType}, body: body},
			visit{path: "/?early=1", headers: []string{"content-type", formType}, body: "a=fine&b=" + strings.Repeat("x", n-9)},
			visit{status: 200, answer: []string{"content-type", "text/plain"}, answerBody: body},
			visit{path: "/?early=1", status: 200, answer: []string{"content-type", "text/plain"}, answerBody: strings.Repeat("y", n)})
	}
	return visits
}

// sameBodies are the cases of bodies, trailers and audit records.
var sameBodies = []sameCase{
	{"AnAttackInTrailersIsForPhaseTwo", `
SecRule REQUEST_HEADERS:X-Sum "@rx evil" "id:1,phase:1,deny,log"
SecRule REQUEST_HEADERS:X-Sum "@rx evil" "id:2,phase:2,deny,log"
SecRule RESPONSE_HEADERS:X-Sum "@rx evil" "id:3,phase:3,deny,log"
SecRule RESPONSE_HEADERS:X-Sum "@rx evil" "id:4,phase:4,deny,log"
SecRule &REQUEST_HEADERS:X-Sum "@eq 0" "id:5,phase:1,pass,log,chain"
  SecRule ARGS:count "@eq 1"
SecRule &REQUEST_HEADERS:X-Sum "@eq 1" "id:6,phase:2,pass,log"`, "", []visit{
		{body: "x", trailers: []string{"x-sum", "evil"}}, {path: "/?count=1", body: "x", trailers: []string{"x-sum", "ok"}, status: 200},
		{status: 200, answer: []string{"content-type", "text/plain"}, answerBody: "x", answerTrailers: []string{"x-sum", "evil"}}}},
	{"BodiesAroundTheirLimits", `
SecRequestBodyLimit 20
SecRequestBodyInMemoryLimit 20
SecRequestBodyLimitAction Reject
SecResponseBodyLimit 20
SecResponseBodyLimitAction ProcessPartial
SecRule REQUEST_BODY|RESPONSE_BODY "@rx evil" "id:1,phase:2,deny,log"
SecRule RESPONSE_BODY "@rx evil" "id:2,phase:4,deny,log"
SecRule INBOUND_DATA_ERROR "!@eq 0" "id:3,phase:2,pass,log"
SecRule OUTBOUND_DATA_ERROR "!@eq 0" "id:4,phase:4,pass,log"
SecRule ARGS:early "@eq 1" "id:5,phase:1,pass,log"`, "", around(20)},
	{"PartialBodiesAroundTheirLimits", `
SecRequestBodyLimit 20
SecRequestBodyInMemoryLimit 20
SecRequestBodyLimitAction ProcessPartial
SecResponseBodyLimit 20
SecResponseBodyLimitAction Reject
SecRule REQUEST_BODY "@rx evil" "id:1,phase:2,deny,log"
SecRule RESPONSE_BODY "@rx evil" "id:2,phase:4,deny,log"
SecRule INBOUND_DATA_ERROR "!@eq 0" "id:3,phase:2,pass,log"
SecRule OUTBOUND_DATA_ERROR "!@eq 0" "id:4,phase:4,pass,log"
SecRule ARGS:early "@eq 1" "id:5,phase:1,pass,log"`, "", around(20)},
	{"NothingOfAnInnocentExchangeIsMissingInItsAuditRecord", `
SecAuditEngine On
SecAuditLogType screenTest
SecAuditLogParts ABCEFHKZ
SecRule ARGS|REQUEST_BODY|RESPONSE_BODY "@rx evil" "id:1,phase:4,deny,log"`, "", []visit{
		{path: "/?a=1", headers: []string{"content-type", formType, "x-a", "b"}, body: "b=2", status: 404, answer: []string{"content-type", "text/plain"}, answerBody: "no such page"},
		{path: "/?a=evil", headers: []string{"content-type", formType}, body: "b=2", status: 200, answer: []string{"content-type", "text/plain"}, answerBody: "page"}}},
	{"ARelevantStatusAloneMakesAnAuditRecord", `
SecAuditEngine RelevantOnly
SecAuditLogRelevantStatus "^404"
SecAuditLogType screenTest
SecAuditLogParts ABHKZ
SecRule ARGS "@rx evil" "id:1,phase:2,pass,nolog,auditlog"
SecRule ARGS:quiet "@eq 1" "id:2,phase:1,pass,nolog,ctl:auditEngine=Off"
SecRule ARGS:quiet "@eq 5" "id:3,phase:5,pass,nolog,ctl:auditEngine=Off"`, "", []visit{
		{status: 404}, {status: 200}, {path: "/?a=evil", status: 404}, {path: "/?quiet=1", status: 404}, {path: "/?quiet=5", status: 404}}},
	{"ABodyBeyondMemoryIsGivenToTheEngineWhole", `
SecRequestBodyInMemoryLimit 10
SecRule ARGS "@rx evil" "id:1,phase:2,deny,log"
SecRule REQUEST_BODY "@rx b=1&" "id:2,phase:2,pass,log"`, "", []visit{
		{headers: []string{"content-type", formType}, body: "a=aaaaaaaaaaaaaaaaaaaaaaaaaa&b=1&c=evil&d=ddddddddddddddddddddddddddd"}}},
}
