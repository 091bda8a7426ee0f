package main

// engineCauses names each test whose expectation Coraza itself does not meet, on
// the very bytes of the test, and why. A test counts as the engine's own only if
// it is named here and stock Coraza shows it again in the same run.
var engineCauses = map[string]string{
	"922130-1": multipartParser,
	"922130-2": multipartParser,
	"922130-7": multipartParser,
}

// The tests accept rule 922130's line or ModSecurity's own "Invalid part header".
const multipartParser = "a control byte in the name of a part's header: Go's mime/multipart, which Coraza's parser is built " +
	"on, refuses the body there as malformed (rules 200002 and 200003), before rule 922130 has a header to look at"
