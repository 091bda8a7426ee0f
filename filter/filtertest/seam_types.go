package filtertest

import (
	"bytes"
	"compress/gzip"
	"strings"
)

// attackForm is a form with an attack, attackValue the attack alone.
const (
	attackValue = "1' or 1=1-- "
	attackForm  = "id=" + attackValue
)

// contentTypes: how a body is parsed is the client's to say. Whatever it says,
// with the Core Rule Set the attack is found (949110), the type refused (949111)
// or the body refused as malformed (400): no word of the client's lets it pass.
func contentTypes() []Case {
	curl := Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}}
	post := func(body string, types ...string) Message {
		m := Message{Method: "POST", Headers: curl, Body: []string{body}}
		for _, t := range types {
			m.Headers = with(m.Headers, [2]string{"content-type", t})
		}
		return m
	}
	row := func(name string, request Message, want Want) Case {
		return Case{Name: name, Config: "default", Upstream: page, Request: request, Want: want}
	}
	denied := Want{Status: 403, Denied: true, Rule: 949110}
	refused := Want{Status: 403, Denied: true, Rule: 949111} // by its head, in phase 1
	broken := Want{Status: 400, Denied: true}
	multipart := func(contentType string, lines ...string) Message {
		return post(strings.Join(lines, "\r\n")+"\r\n", contentType)
	}
	const disposition = `Content-Disposition: form-data; name="id"`
	return []Case{
		row("AFormOfAnotherCase", post(attackForm, "Application/X-WWW-Form-URLEncoded"), denied),
		row("AFormWithACharset", post(attackForm, "application/x-www-form-urlencoded; charset=utf-8"), denied),
		row("AFormInUTF7", post("id=1+ACc- or 1+AD0-1-- ", "application/x-www-form-urlencoded; charset=utf-7"), refused),
		row("AFormAndATrailingSemicolon", post(attackForm, "application/x-www-form-urlencoded;"), refused),
		row("AnUnknownType", post(attackForm, "application/x-odd"), refused),
		row("ATypeThatIsNone", post(attackForm, "form"), refused),
		row("TwoTypesTextFirst", post(`{"id":"`+attackValue+`"}`, "text/plain", "application/json"), refused),
		row("TwoTypesJSONFirst", post(`{"id":"`+attackValue+`"}`, "application/json", "text/plain"), refused),
		row("NoTypeAtAll", post(attackForm), refused),
		row("PlainText", post(attackForm, "text/plain"), refused),
		row("AttackInXML", post("<a><id>"+attackValue+"</id></a>", "application/xml"), denied),
		row("AttackInJSONOfASuffix", post(`{"id":"`+attackValue+`"}`, "application/vnd.api+json"), refused),

		row("AttackInMultipart", multipart("multipart/form-data; boundary=AAA",
			"--AAA", disposition, "", attackValue, "--AAA--"), denied),
		row("TwoBoundariesFirstUsed", multipart("multipart/form-data; boundary=AAA; boundary=BBB",
			"--AAA", disposition, "", attackValue, "--AAA--"), broken),
		row("TwoBoundariesSecondUsed", multipart("multipart/form-data; boundary=AAA; boundary=BBB",
			"--BBB", disposition, "", attackValue, "--BBB--"), broken),
		row("AnotherBoundaryInside", multipart("multipart/form-data; boundary=AAA",
			"--AAA", `Content-Disposition: form-data; name="a"`, "Content-Type: multipart/mixed; boundary=BBB", "",
			"--BBB", disposition, "", attackValue, "--BBB--", "--AAA--"), denied),
		row("MultipartWithLFOnly", post("--AAA\n"+disposition+"\n\n"+attackValue+"\n--AAA--\n", "multipart/form-data; boundary=AAA"), denied),
		row("MultipartWithoutItsEnd", multipart("multipart/form-data; boundary=AAA", "--AAA", disposition, "", attackValue), broken),
		row("MultipartWithoutABoundary", multipart("multipart/form-data", "--AAA", disposition, "", attackValue, "--AAA--"), broken),
		row("ExtendedFilename", multipart("multipart/form-data; boundary=AAA",
			"--AAA", `Content-Disposition: form-data; name="f"; filename*=UTF-8''shell.php`, "", "x", "--AAA--"), denied),
		row("TwoFilenames", multipart("multipart/form-data; boundary=AAA",
			"--AAA", `Content-Disposition: form-data; name="f"; filename="a.txt"; filename*=UTF-8''shell.php`, "", "x", "--AAA--"), denied),
		row("UTF7InTheFirstPart", multipart("multipart/form-data; boundary=AAA",
			"--AAA", `Content-Disposition: form-data; name="_charset_"`, "", "utf-7",
			"--AAA", disposition, "", "1+ACc- or 1+AD0-1-- ", "--AAA--"), denied),
		row("UTF7AsAPartsCharset", multipart("multipart/form-data; boundary=AAA",
			"--AAA", disposition, "Content-Type: text/plain; charset=utf-7", "", "1+ACc- or 1+AD0-1-- ", "--AAA--"), denied),

		row("DottedKeyBeforeThePathItNames", post(`{"a.b":"good","a":{"b":"`+attackValue+`"}}`, "application/json"), denied),
		row("DottedKeyAfterThePathItNames", post(`{"a":{"b":"`+attackValue+`"},"a.b":"good"}`, "application/json"), denied),
		row("DuplicateKeyAttackFirst", post(`{"q":"`+attackValue+`","q":"good"}`, "application/json"), denied),
		row("DuplicateKeyAttackLast", post(`{"q":"good","q":"`+attackValue+`"}`, "application/json"), denied),
		row("DuplicateFieldAttackFirst", post(attackForm+"&id=1", "application/x-www-form-urlencoded"), denied),
		row("DuplicateFieldAttackLast", post("id=1&"+attackForm, "application/x-www-form-urlencoded"), denied),
		row("DuplicateCookieAttackFirst", Message{Headers: with(curl, [2]string{"cookie", attackForm}, [2]string{"cookie", "id=1"})}, denied),
		row("DuplicateCookieAttackLast", Message{Headers: with(curl, [2]string{"cookie", "id=1"}, [2]string{"cookie", attackForm})}, denied),
	}
}

// compressed: bodies are not decompressed. The Core Rule Set refuses such
// requests; a compressed response passes byte for byte, its head judged.
func compressed() []Case {
	curl := Fields{{"user-agent", "curl/8"}, {"accept", "*/*"}, {"content-type", "application/x-www-form-urlencoded"}}
	zipped := gzipped(attackForm)
	encoded := func(config, encoding string, want Want) Case {
		return Case{Config: config, Upstream: page, Want: want,
			Request: Message{Method: "POST", Headers: with(curl, [2]string{"content-encoding", encoding}), Body: []string{zipped}}}
	}
	refused := Want{Status: 403, Denied: true, Rule: 949111} // by its head, in phase 1
	leak := Message{Headers: with(text, [2]string{"content-encoding", "gzip"}), Body: []string{gzipped("an evil page")}}
	rows := map[string]Case{
		"CRSRefusesAGzippedRequest":        encoded("default", "gzip", refused),
		"CRSRefusesAnEncodingOfOtherCase":  encoded("default", "GZip", refused),
		"CRSRefusesAnUnknownEncoding":      encoded("default", "x-odd", refused),
		"OwnRulesSeeAGzippedRequestAsItIs": encoded("rules", "gzip", Want{Status: 200}),
		"AGzippedResponsePassesWhole":      {Config: "rules", Upstream: leak, Want: Want{Status: 200}},
		"AGzippedResponsesHeadIsJudged": {Config: "rules", Want: Want{Status: 403, ResponseDenied: true, Rule: 1103},
			Upstream: Message{Headers: with(leak.Headers, [2]string{"x-late", "evil"}), Body: leak.Body}},
	}
	var all []Case
	for name, c := range rows {
		c.Name = name
		all = append(all, c)
	}
	return all
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // a buffer takes everything
	_ = w.Close()
	return b.String()
}
