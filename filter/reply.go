package filter

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/types"
)

// gRPC status codes (grpc/status.proto) that a denial can mean.
const (
	grpcNone              = -1
	grpcPermissionDenied  = 7
	grpcResourceExhausted = 8
	grpcInternal          = 13
	grpcUnauthenticated   = 16
)

// denial is why and how an exchange ends.
type denial struct {
	status   int
	rule     int    // 0 where no rule decided
	reason   string // for the response code details where rule is 0
	location string
	drop     bool
	fault    bool
}

// denialOf reads Coraza's interruption: deny with its status, redirect with its
// URL in Data, drop often without any status.
func denialOf(it *types.Interruption) denial {
	d := denial{status: it.Status, rule: it.RuleID}
	switch it.Action {
	case "redirect":
		d.location = headerSafe(it.Data)
		if d.status < 300 || d.status > 399 {
			d.status = 302
		}
	case "drop":
		d.drop = true
		d.status = 403
	default:
		if d.rule == 0 && (it.Status == 413 || it.Status == 500) {
			d.reason = "body_limit" // set by Coraza's Write...Body, which has no rule
		}
		if d.status < 200 || d.status > 599 {
			d.status = 403
		}
	}
	return d
}

// headerSafe cuts a value before the first control byte: a redirect's URL may
// hold a macro that a client filled.
func headerSafe(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }); i >= 0 {
		return s[:i]
	}
	return s
}

func (d denial) details() string {
	switch {
	case d.fault:
		return "seawall_error{" + d.reason + "}"
	case d.rule != 0:
		return "seawall_denied{" + strconv.Itoa(d.rule) + "}"
	default:
		return "seawall_denied{" + d.reason + "}"
	}
}

func (d denial) grpcStatus() int {
	switch {
	case d.fault:
		return grpcInternal
	case d.status == 401:
		return grpcUnauthenticated
	case d.status == 413 || d.status == 429:
		return grpcResourceExhausted
	}
	return grpcPermissionDenied
}

// blockPages render the body of a denial.
type blockPages struct {
	config BlockResponse
}

func newBlockPages(c BlockResponse) blockPages { return blockPages{config: c} }

// reply builds the response to a denial. accept and contentType are the
// request's: a client that asked for HTML gets HTML, one that speaks JSON JSON.
func (p blockPages) reply(d denial, id string, tr *traits) *Reply {
	r := &Reply{Status: d.status, GRPCStatus: grpcNone, Details: d.details(), CloseConnection: d.drop}
	r.Headers = [][2]string{{"x-seawall-id", id}, {"cache-control", "no-store"}}
	if d.location != "" {
		r.Headers = append(r.Headers, [2]string{"location", d.location})
		return r
	}
	if tr.grpc || isGRPCContentType(tr.contentType) {
		r.GRPCStatus = d.grpcStatus()
		r.Body = fmt.Appendf(nil, "denied by policy, id %s", id)
		return r
	}
	template, contentType := p.config.Text, "text/plain; charset=utf-8"
	switch {
	case strings.Contains(tr.accept, "text/html"):
		template, contentType = p.config.HTML, "text/html; charset=utf-8"
	case strings.Contains(tr.accept, "json") || strings.Contains(tr.contentType, "json"):
		template, contentType = p.config.JSON, "application/json"
	}
	body := strings.NewReplacer("{{id}}", id, "{{status}}", strconv.Itoa(d.status), "{{rule_id}}", strconv.Itoa(d.rule)).Replace(template)
	switch d.status {
	case 204, 205, 304:
		return r // RFC 9110 forbids content: its bytes would begin the next response
	}
	r.Headers = append(r.Headers, [2]string{"content-type", contentType})
	r.Body = []byte(body)
	return r
}
