package screen

import (
	"github.com/corazawaf/coraza/v3/types/variables"
)

// source is a real collection behind a variable: its values or its names.
type source struct {
	collection variables.RuleVariable
	names      bool
}

// views are the variables that show other collections.
var views = map[string][]source{
	"ARGS":                   {{variables.ArgsGet, false}, {variables.ArgsPost, false}, {variables.ArgsPath, false}},
	"ARGS_NAMES":             {{variables.ArgsGet, true}, {variables.ArgsPost, true}, {variables.ArgsPath, true}},
	"ARGS_GET_NAMES":         {{variables.ArgsGet, true}},
	"ARGS_POST_NAMES":        {{variables.ArgsPost, true}},
	"REQUEST_HEADERS_NAMES":  {{variables.RequestHeaders, true}},
	"REQUEST_COOKIES_NAMES":  {{variables.RequestCookies, true}},
	"RESPONSE_HEADERS_NAMES": {{variables.ResponseHeaders, true}},
	"XML":                    {{variables.RequestXML, false}},
}

// plain are the collections that the front shows as the engine will: functions of
// the exchange alone. What is left out depends on rules, on the clock or on chance:
// TX, MATCHED_VAR and its like, RULE, GEO, ENV, HIGHEST_SEVERITY, DURATION, TIME and
// its like, FILES_TMPNAMES.
var plain = map[string]variables.RuleVariable{}

func init() {
	for _, v := range []variables.RuleVariable{
		variables.ArgsCombinedSize, variables.ArgsGet, variables.ArgsPath, variables.ArgsPost, variables.ArgumentsLimitReached,
		variables.Files, variables.FilesCombinedSize, variables.FilesNames, variables.FilesSizes, variables.FilesTmpContent,
		variables.FullRequestLength, variables.InboundDataError, variables.MultipartDataAfter,
		variables.MultipartDuplicatePartHeader, variables.MultipartFilename, variables.MultipartFilenameCharset,
		variables.MultipartFilenameLanguage, variables.MultipartInvalidQuoting, variables.MultipartName,
		variables.MultipartPartHeaders, variables.MultipartStrictError, variables.OutboundDataError, variables.QueryString,
		variables.RemoteAddr, variables.RemoteHost, variables.RemotePort, variables.ReqbodyError, variables.ReqbodyErrorMsg,
		variables.ReqbodyProcessor, variables.ReqbodyProcessorError, variables.ReqbodyProcessorErrorMsg,
		variables.RequestBasename, variables.RequestBody, variables.RequestBodyLength, variables.RequestCookies,
		variables.RequestFilename, variables.RequestHeaders, variables.RequestLine, variables.RequestMethod,
		variables.RequestProtocol, variables.RequestURI, variables.RequestURIRaw, variables.RequestXML,
		variables.ResBodyProcessor, variables.ResponseArgs, variables.ResponseBody, variables.ResponseContentLength,
		variables.ResponseContentType, variables.ResponseHeaders, variables.ResponseProtocol, variables.ResponseStatus,
		variables.ResponseXML, variables.ServerAddr, variables.ServerName, variables.ServerPort, variables.StatusLine,
		variables.UniqueID, variables.URIParseError, variables.UrlencodedError,
	} {
		plain[v.Name()] = v
	}
}

// sources finds the collections behind a variable; ok is false where the front may
// show another value than the engine.
func sources(name string) ([]source, bool) {
	if parts, ok := views[name]; ok {
		return parts, true
	}
	v, ok := plain[name]
	return []source{{collection: v}}, ok
}

// parsing are the collections that say how parsing went.
var parsing = map[variables.RuleVariable]bool{
	variables.ReqbodyError: true, variables.ReqbodyProcessorError: true, variables.MultipartStrictError: true,
	variables.MultipartDataAfter: true, variables.MultipartDuplicatePartHeader: true, variables.MultipartInvalidQuoting: true,
	variables.InboundDataError: true, variables.OutboundDataError: true, variables.UrlencodedError: true,
	variables.URIParseError: true, variables.ArgumentsLimitReached: true,
}

// head are the collections that are complete when the head has been parsed, and
// change only if trailers come.
var head = map[variables.RuleVariable]bool{
	variables.ArgsGet: true, variables.RequestHeaders: true, variables.RequestCookies: true,
	variables.RequestURI: true, variables.RequestURIRaw: true, variables.RequestFilename: true,
	variables.RequestBasename: true, variables.RequestLine: true, variables.RequestMethod: true,
	variables.RequestProtocol: true, variables.QueryString: true, variables.RemoteAddr: true,
	variables.RemotePort: true, variables.ServerAddr: true, variables.ServerPort: true, variables.UniqueID: true,
}
