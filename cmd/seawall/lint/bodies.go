package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seawall-waf/seawall/filter"
	"github.com/seawall-waf/seawall/filter/screen/seclang"
	"github.com/seawall-waf/seawall/rules"
)

// A direction's settings, and the variables that only its bodies fill.
type direction struct {
	body, access, ctl, limit string
	variables                []string
	uninspected              bool // the config says so
	held                     int  // max_held_bytes
}

func (s *ruleSet) directions() []direction {
	return []direction{
		{
			"request", "SecRequestBodyAccess", "requestBodyAccess", "SecRequestBodyLimit",
			[]string{"REQUEST_BODY", "ARGS_POST", "ARGS_POST_NAMES", "FILES", "FILES_NAMES", "FILES_SIZES", "FILES_COMBINED_SIZE",
				"FILES_TMP_CONTENT", "FILES_TMPNAMES", "MULTIPART_PART_HEADERS", "MULTIPART_STRICT_ERROR", "MULTIPART_FILENAME",
				"MULTIPART_NAME", "REQBODY_ERROR", "XML", "JSON"},
			s.config.ResponseOnly, s.config.RequestBody.MaxHeldBytes,
		},
		{
			"response", "SecResponseBodyAccess", "responseBodyAccess", "SecResponseBodyLimit",
			[]string{"RESPONSE_BODY", "RESPONSE_XML", "RESPONSE_ARGS"},
			s.config.RequestOnly, s.config.ResponseBody.MaxHeldBytes,
		},
	}
}

// bodyAccess: rules that look at bodies never match while none is read. Coraza's
// default is Off, and so an absent directive is one.
func (s *ruleSet) bodyAccess() {
	for _, way := range s.directions() {
		d, written := s.last(way.access)
		if way.uninspected || written && strings.EqualFold(argumentOf(d), "On") || s.switchedOn(way.ctl) {
			continue
		}
		blind := s.lookingAt(way.variables)
		if len(blind) == 0 {
			continue
		}
		file, line, said := d.File, d.Line, way.access+" Off"
		if !written {
			r := s.byID(blind[0])
			file, line, said = r.File, r.Line, "no "+way.access+", and its default is Off"
			if embedded(file) {
				file, line = "", 1
			}
		}
		s.report("body-access-off", Warning, file, line, "write "+way.access+" On, or say inspect: "+other(way.body)+" if these rules shall not run",
			"%s: %s of the policy (%s) look%s at %s bodies and will see none", said, count(len(blind), "rule"), some(blind), map[bool]string{true: "s"}[len(blind) == 1], way.body)
	}
}

func other(body string) string {
	return map[string]string{"request": "response", "response": "request"}[body]
}

// switchedOn: some rule reads bodies for some requests.
func (s *ruleSet) switchedOn(ctl string) bool {
	return slices.ContainsFunc(s.final.Rules, func(r *seclang.Rule) bool {
		return slices.ContainsFunc(append([]*seclang.Rule{r}, r.Links...), func(one *seclang.Rule) bool {
			return slices.ContainsFunc(one.Ctls, func(c seclang.Ctl) bool { return c.Name == ctl && strings.EqualFold(c.Argument, "on") })
		})
	})
}

func (s *ruleSet) lookingAt(names []string) (ids []int) {
	for _, r := range s.final.Rules {
		for _, one := range append([]*seclang.Rule{r}, r.Links...) {
			looks := slices.ContainsFunc(one.Variables, func(v seclang.Variable) bool { return slices.Contains(names, v.Name) })
			if looks && !slices.Contains(ids, r.ID) {
				ids = append(ids, r.ID)
			}
		}
	}
	return ids
}

func (s *ruleSet) byID(id int) *seclang.Rule {
	return s.final.Rules[slices.IndexFunc(s.final.Rules, func(r *seclang.Rule) bool { return r.ID == id })]
}

// limits: a limit that another one undercuts is never the one that acts. What
// Seawall holds does not count towards Envoy's per_connection_buffer_limit_bytes,
// so that one is none of them.
func (s *ruleSet) limits() {
	for _, way := range s.directions() {
		d, written := s.last(way.limit)
		limit, err := strconv.Atoi(argumentOf(d))
		if !written || err != nil {
			limit = way.held
		}
		said := fmt.Sprintf("%s %d", way.limit, limit)
		if !written {
			said = fmt.Sprintf("max_held_bytes %d", limit)
		}
		if s.config.HeldBytesBudget < limit && !way.uninspected {
			s.limited(d, "raise held_bytes_budget, or write a lower "+way.limit,
				"%s is above held_bytes_budget, %d, which is for all bodies together: a larger body gets 503", said, s.config.HeldBytesBudget)
		}
		if way.body != "request" || way.uninspected {
			continue
		}
		for _, envoy := range s.doc.limits {
			if envoy.bytes < limit {
				s.limited(d, "raise that one, or write "+way.limit+" "+strconv.Itoa(envoy.bytes),
					"%s is never reached: %s answers 413 past %d bytes, whatever the rules say", said, envoy.by, envoy.bytes)
			}
		}
	}
	if d, ok := s.last("SecRequestBodyAccess"); ok && s.config.RequestBody.OffloadBytes > s.config.RequestBody.MaxHeldBytes {
		s.limited(d, "write an offload_bytes below max_held_bytes; the default is "+strconv.Itoa(filter.DefaultOffloadBytes),
			"request_body.offload_bytes %d is above max_held_bytes: every body is inspected on Envoy's worker thread", s.config.RequestBody.OffloadBytes)
	}
}

// limited reports at d or, where nobody wrote it, at the head of the document.
func (s *ruleSet) limited(d rules.Directive, fix, format string, args ...any) {
	if embedded(d.File) || d.Line == 0 {
		d.File, d.Line = "", 1
	}
	s.report("limit-defeated", Warning, d.File, d.Line, fix, format, args...)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// some are the first few IDs.
func some(ids []int) string {
	const shown = 5
	var words []string
	for _, id := range ids[:min(shown, len(ids))] {
		words = append(words, strconv.Itoa(id))
	}
	if len(ids) > shown {
		words = append(words, "...")
	}
	return strings.Join(words, ", ")
}
