package rules

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
)

// urlencoded parses forms as Coraza 3.8.1's own processor does, but keeps all of them:
// of two names that differ only in case (a=1&A=2), Coraza's keeps one, at random, and
// no rule sees the other's value. Applications see both.
type urlencoded struct{}

// settable is what Coraza's single variables are beside collection.Single.
type settable interface{ Set(value string) }

// ProcessRequest fills ARGS_POST, REQUEST_BODY and REQUEST_BODY_LENGTH. Arguments past
// the limit are dropped, and ARGUMENTS_LIMIT_REACHED says so.
func (urlencoded) ProcessRequest(body io.Reader, v plugintypes.TransactionVariables, options plugintypes.BodyProcessorOptions) error {
	text := new(strings.Builder)
	if _, err := io.Copy(text, body); err != nil {
		return err
	}
	raw, length, ok := settables(v)
	reached, ok2 := v.ArgumentsLimitReached().(settable)
	if !ok || !ok2 {
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
		args.Add(unescaped(name), unescaped(value))
		n++
	}
	raw.Set(text.String())
	length.Set(strconv.Itoa(text.Len()))
	return nil
}

func settables(v plugintypes.TransactionVariables) (raw, length settable, ok bool) {
	raw, ok1 := v.RequestBody().(settable)
	length, ok2 := v.RequestBodyLength().(settable)
	return raw, length, ok1 && ok2
}

// ProcessResponse does nothing: no response is a form.
func (urlencoded) ProcessResponse(io.Reader, plugintypes.TransactionVariables, plugintypes.BodyProcessorOptions) error {
	return nil
}

// unescaped decodes + and %XX. What is no escape stays as it is.
func unescaped(s string) string {
	if strings.IndexByte(s, '+') < 0 && strings.IndexByte(s, '%') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b == '+':
			out = append(out, ' ')
		case b == '%' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			out = append(out, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			out = append(out, b)
		}
	}
	return string(out)
}

// hexDigit is -1 for what is none.
func hexDigit(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return int(b - '0')
	case 'a' <= b && b <= 'f':
		return int(b-'a') + 10
	case 'A' <= b && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}
