package exchange

import (
	"regexp"
	"slices"
)

// What Envoy takes for a Referer (Http::Utility::isValidRefererValue): a URL with a
// host, without userinfo and fragment, or a relative reference of RFC 3986's
// characters without a colon in its first segment.
var (
	absoluteReferer = regexp.MustCompile(`^[A-Za-z]+://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?([/?][^\x00-\x20#\x7f]*)?$`)
	relativeReferer = regexp.MustCompile(`^[A-Za-z0-9._~!$&'()*+,;=@?%-]*(/[A-Za-z0-9._~!$&'()*+,;=@?%:/-]*)?$`)
)

// ThroughEnvoy takes out what Envoy takes out of every request before any filter,
// and says so: a Referer that is no URL, or the second one
// (ConnectionManagerUtility::mutateRequestHeaders).
func (x *Exchange) ThroughEnvoy() {
	var values []string
	for _, h := range x.Headers {
		if h[0] == "referer" {
			values = append(values, h[1])
		}
	}
	if len(values) == 0 || len(values) == 1 && (absoluteReferer.MatchString(values[0]) || relativeReferer.MatchString(values[0])) {
		return
	}
	x.Headers = slices.DeleteFunc(slices.Clone(x.Headers), func(h [2]string) bool { return h[0] == "referer" })
	x.Missing = append(x.Missing, "Envoy takes a Referer that is no URL out of the request, so that neither rules nor the upstream see it")
}
