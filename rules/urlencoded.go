package rules

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"

	"github.com/seawall-waf/seawall/filter/screen/transform"
)

// urlencoded parses forms as Coraza 3.8.1's own processor does, but keeps all of them:
// of two names that differ only in case (a=1&A=2), Coraza's keeps one, at random, and
// no rule sees the other's value. Applications see both.
type urlencoded struct{}

// urlDecode is SecLang's t:urlDecode, which reads escapes as forms do.
var urlDecode, _ = transform.Lookup("urlDecode")

// settable is what Coraza's single variables are beside collection.Single.
type settable interface{ Set(value string) }

// ProcessRequest fills ARGS_POST, REQUEST_BODY and REQUEST_BODY_LENGTH. Arguments past
// the limit are dropped, and ARGUMENTS_LIMIT_REACHED says so.
func (urlencoded) ProcessRequest(body io.Reader, v plugintypes.TransactionVariables, options plugintypes.BodyProcessorOptions) error {
	text := new(strings.Builder)
	if _, err := io.Copy(text, body); err != nil {
		return err
	}
	raw, ok1 := v.RequestBody().(settable)
	length, ok2 := v.RequestBodyLength().(settable)
	reached, ok3 := v.ArgumentsLimitReached().(settable)
	if !ok1 || !ok2 || !ok3 {
		return fmt.Errorf("the engine's variables cannot be set: %T", v.RequestBody())
	}
	args, n := v.ArgsPost(), 0
	for pair := range strings.SplitSeq(text.String(), "&") {
		if pair == "" {
			continue
		}
		if options.ArgumentLimit > 0 && n >= options.ArgumentLimit {
			reached.Set("1")
			break
		}
		name, value, _ := strings.Cut(pair, "=")
		args.Add(urlDecode.Apply(name), urlDecode.Apply(value))
		n++
	}
	raw.Set(text.String())
	length.Set(strconv.Itoa(text.Len()))
	return nil
}

// ProcessResponse does nothing: no response is a form.
func (urlencoded) ProcessResponse(io.Reader, plugintypes.TransactionVariables, plugintypes.BodyProcessorOptions) error {
	return nil
}
