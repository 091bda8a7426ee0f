package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/collection"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// form gives a WAF a form, and its text as a query string as well, which Coraza parses.
func form(t testing.TB, waf coraza.WAF, text string) (types.Transaction, plugintypes.TransactionVariables) {
	tx := waf.NewTransaction()
	t.Cleanup(func() { _ = tx.Close() })
	tx.(interface{ ExtractGetArguments(string) }).ExtractGetArguments(text)
	tx.ProcessURI("/", "POST", "HTTP/1.1")
	tx.AddRequestHeader("content-type", "application/x-www-form-urlencoded")
	tx.ProcessRequestHeaders()
	_, _, err := tx.WriteRequestBody([]byte(text))
	require.NoError(t, err)
	_, err = tx.ProcessRequestBody()
	require.NoError(t, err)
	return tx, tx.(plugintypes.TransactionState).Variables()
}

func members(c collection.Collection) []string {
	var all []string
	for _, m := range c.FindAll() {
		all = append(all, fmt.Sprintf("%q=%q", m.Key(), m.Value()))
	}
	slices.Sort(all)
	return all
}

func formWAF(t testing.TB, rules string) coraza.WAF {
	waf, err := Compile(FS(), "SecRuleEngine On\nSecRequestBodyAccess On\n"+rules, coraza.NewWAFConfig())
	require.NoError(t, err)
	return waf
}

func TestOfTwoNamesThatDifferInCaseBothAreSeen(t *testing.T) {
	waf := formWAF(t, `SecRule ARGS "@contains evil" "id:1,phase:2,deny"`)
	for _, text := range []string{"a=evil&A=b", "A=b&a=evil", "a=b&A=evil", "a=b&%41=evil&a=c", "x=1&aB=evil&Ab=1&AB=2&ab=3"} {
		for range 20 { // the other one was taken at random
			tx, v := form(t, waf, text)
			require.NotNil(t, tx.Interruption(), text)
			require.Len(t, v.ArgsPost().FindAll(), strings.Count(text, "&")+1)
		}
	}
}

func TestAFormIsReadAsAQueryStringIs(t *testing.T) {
	waf := formWAF(t, "SecArgumentsLimit 5\n")
	for _, text := range forms {
		formIsReadAsAQuery(t, waf, text)
	}
	tx, v := form(t, waf, "a=1&&b=2&c=3&d=4&e=5&")
	assert.Nil(t, tx.Interruption())
	assert.NotEqual(t, "1", v.ArgumentsLimitReached().Get(), "five are five")
	assert.Equal(t, "a=1&&b=2&c=3&d=4&e=5&", v.RequestBody().Get())
	assert.Equal(t, "21", v.RequestBodyLength().Get())
	_, v = form(t, waf, "a=1&b=2&c=3&d=4&e=5&f=6")
	assert.Equal(t, "1", v.ArgumentsLimitReached().Get())
	assert.Len(t, v.ArgsPost().FindAll(), 5)
}

var forms = []string{"", "&", "a", "a=", "=a", "=", "a=b=c", "a=1&a=2&A=3", "a+b=c+d", "%61=%62", "%", "a=%", "a=%4", "a=%zz&b=%4g%g4", "%2=1", "a=%00%ff&\xff=\x80",
	"a;b=1&c", "?a=1", "a=1#b", "a=\"'<>&<=>", "%2541=1", "a=%2B+%26", "é=ü&É=Ü"}

func formIsReadAsAQuery(t testing.TB, waf coraza.WAF, text string) {
	_, v := form(t, waf, text)
	require.Equal(t, members(v.ArgsGet()), members(v.ArgsPost()), "%q", text)
}

func FuzzForms(f *testing.F) {
	for _, text := range forms {
		f.Add(text)
	}
	waf := formWAF(f, "")
	f.Fuzz(func(t *testing.T, text string) { formIsReadAsAQuery(t, waf, text) })
}
