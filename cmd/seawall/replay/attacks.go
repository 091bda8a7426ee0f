package replay

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
)

// Attacks returns every attack among CRS's regression tests, in the order of the
// rules. The slice is shared.
var Attacks = sync.OnceValues(func() ([]exchange.Attack, error) {
	files, err := exchange.AttackFiles()
	if err != nil {
		return nil, err
	}
	var all []exchange.Attack
	for _, file := range files {
		found, err := exchange.AttacksIn(file)
		if err != nil {
			return nil, err
		}
		for _, attack := range found {
			if attack.Request.Host != "" { // a proxy answers a request without by itself
				reflect(attack.Request)
				all = append(all, attack)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b exchange.Attack) int { return a.Rule - b.Rule })
	return all, nil
})

// classes names what each of CRS's files is about, by the thousands of its rules.
var classes = map[int]string{
	911: "method", 913: "scanner", 920: "protocol", 921: "smuggling", 922: "multipart",
	930: "lfi", 931: "rfi", 932: "rce", 933: "php", 934: "ssrf", // and Node.js, templates
	941: "xss", 942: "sqli", 943: "session", 944: "java",
	950: "leak", 951: "leak", 952: "leak", 953: "leak", 954: "leak", 955: "webshell", 956: "leak",
}

// ClassOf is the class of attack that a rule of CRS is about; "" for another rule.
func ClassOf(rule int) string { return classes[rule/1000] }

// reflect gives an attack the answer of CRS's own test server: POST /reflect
// answers as its JSON body says, everything else with an empty 200.
func reflect(x *exchange.Exchange) {
	x.Response = &exchange.Response{Status: 200, Headers: [][2]string{{"content-length", "0"}}}
	if x.Method != http.MethodPost || x.Path != "/reflect" {
		return
	}
	var wanted struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
		Encoded []byte            `json:"encodedBody"`
	}
	if json.Unmarshal(x.Body, &wanted) != nil {
		return
	}
	answer := &exchange.Response{Status: max(wanted.Status, 200), Body: []byte(wanted.Body)}
	if len(wanted.Encoded) > 0 {
		answer.Body = wanted.Encoded
	}
	typed := false
	for name, value := range wanted.Headers {
		typed = typed || strings.EqualFold(name, "content-type")
		answer.Headers = append(answer.Headers, [2]string{strings.ToLower(name), value})
	}
	if !typed {
		answer.Headers = append(answer.Headers, [2]string{"content-type", http.DetectContentType(answer.Body)})
	}
	slices.SortFunc(answer.Headers, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	x.Response = answer
}
