package main

// engineCauses names each test whose expectation Coraza itself does not meet, on
// the very bytes of the test, and why. A test counts as the engine's own only if
// it is named here and stock Coraza shows it again in the same run.
var engineCauses = map[string]string{
	"920100-5": "Apache answers 400 to a CONNECT without a port; Envoy accepts it over HTTP/2, and rule 920100 sees it",
	"920270-4": "Apache answers 400 to %00 in Host; Envoy passes it on, and rule 920270 sees it",
	"920274-1": "Apache answers 400 to %1F in Host; Envoy passes it on, and rule 920274 sees it",
	"920290-1": "Apache answers 400 to an empty Host; Envoy accepts it over HTTP/1.1, and rule 920290 sees it",
	"922130-1": multipartParser,
	"922130-2": multipartParser,
	"922130-7": multipartParser,
}

// The tests accept rule 922130's line or ModSecurity's own "Invalid part header".
const multipartParser = "a control byte in the name of a part's header: Go's mime/multipart, which Coraza's parser is built " +
	"on, refuses the body there as malformed (rules 200002 and 200003), before rule 922130 has a header to look at"
