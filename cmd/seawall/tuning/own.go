package tuning

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seawall-waf/seawall/cmd/seawall/exchange"
	"github.com/seawall-waf/seawall/cmd/seawall/record"
	"github.com/seawall-waf/seawall/cmd/seawall/replay"
	"github.com/seawall-waf/seawall/filter"
)

// mostOwn bounds the attacks of one rule that are sent to the excluded place.
const mostOwn = 60

// Inside is what all exclusions together let pass of their rules' own attacks, sent
// to the excluded places. An attack that several of the rules know is sent once.
type Inside struct {
	Sent    int `json:"own_attacks"`
	Pass    int `json:"pass_now"`
	Untried int `json:"exclusions_untried"` // no attack could be sent there
}

// tryOwn sends to each excluded place the attacks that its rule knows: an exclusion
// cannot open anything elsewhere, and this is what it costs there. engine has all of
// them. It returns also those that have no effect.
func (p *Policy) tryOwn(ctx context.Context, engine *filter.Engine, exclusions []*Exclusion, attacks []exchange.Attack, records []*record.Record) (inside Inside, idle []*Exclusion, err error) {
	sent := map[string]bool{}
	for _, e := range exclusions {
		var moved []*exchange.Exchange
		for i, r := range records {
			if len(moved) == mostOwn {
				break
			}
			for _, rule := range r.Rules {
				if rule.ID != e.Rule {
					continue
				}
				if x, ok := e.moved(attacks[i].Request, rule); ok {
					moved = append(moved, x)
				}
			}
		}
		// What its rule does not find there without the exclusion tells nothing.
		before, err := replay.All(ctx, p.base, moved)
		if err != nil {
			return inside, nil, err
		}
		moved = slices.Collect(func(yield func(*exchange.Exchange) bool) {
			for i, r := range before {
				if r.Denied() && len(responsible([]*Exclusion{e}, r)) > 0 && !yield(moved[i]) {
					return
				}
			}
		})
		after, err := replay.All(ctx, engine, moved)
		if err != nil {
			return inside, nil, err
		}
		if len(after) == 0 {
			inside.Untried++
		}
		e.Own, e.OwnBlocked = len(after), 0
		for i, r := range after {
			if r.Denied() {
				e.OwnBlocked++
			}
			x := moved[i]
			if key := fmt.Sprintf("%s %q %q %q", x.Method, x.Path, x.Headers, x.Body); !sent[key] {
				sent[key] = true
				inside.Sent++
				if !r.Denied() {
					inside.Pass++
				}
			}
			if len(responsible([]*Exclusion{e}, r)) > 0 && !slices.Contains(idle, e) {
				idle = append(idle, e)
			}
		}
	}
	return inside, idle, nil
}

// moved is an attack whose payload stands where the exclusion is, if it stands in a
// field of the same kind.
func (e *Exclusion) moved(from *exchange.Exchange, rule record.Rule) (*exchange.Exchange, bool) {
	collection, name, keyed := strings.Cut(e.Target, ":")
	if !keyed {
		return nil, false
	}
	if strings.HasPrefix(name, "/^") {
		name = strings.NewReplacer("/^", "", "$/", "", `\d+`, "1", `\`, "").Replace(name)
	}
	for _, on := range rule.Matched {
		other, field, named := strings.Cut(on.Variable, ":")
		if !named {
			continue
		}
		x := *from
		x.Headers = slices.Clone(from.Headers)
		path, query, _ := strings.Cut(x.Path, "?")
		if len(e.Paths) > 0 {
			path = example(e.Paths[0])
		}
		ok := false
		switch {
		case strings.HasPrefix(collection, "ARGS") && strings.HasPrefix(other, "ARGS") && !strings.HasSuffix(other, "NAMES"):
			var inQuery bool
			query, inQuery = renamed(query, "&", field, url.QueryEscape(name))
			ok = renameInBody(&x, field, name) || inQuery
		case collection == "REQUEST_HEADERS" && other == collection:
			ok = renameHeader(&x, field, name)
		case collection == "REQUEST_COOKIES" && other == collection:
			ok = renameCookie(&x, field, name)
		case collection == "REQUEST_COOKIES" && other == "ARGS":
			ok = asCookie(&x, query, field, name)
			query = ""
		}
		if !ok {
			continue
		}
		if x.Path = path; query != "" {
			x.Path += "?" + query
		}
		return &x, true
	}
	return nil, false
}

func renameInBody(x *exchange.Exchange, from, to string) bool {
	body, ok := renamed(string(x.Body), "&", from, url.QueryEscape(to))
	x.Body = []byte(body)
	for i, h := range x.Headers {
		if h[0] == "content-length" {
			x.Headers[i][1] = strconv.Itoa(len(body))
		}
	}
	return ok
}

func renameHeader(x *exchange.Exchange, from, to string) (ok bool) {
	for i, h := range x.Headers {
		if strings.EqualFold(h[0], from) {
			x.Headers[i][0], ok = strings.ToLower(to), true
		}
	}
	return ok
}

func renameCookie(x *exchange.Exchange, from, to string) (ok bool) {
	for i, h := range x.Headers {
		if h[0] == "cookie" {
			x.Headers[i][1], ok = renamed(h[1], ";", from, to)
		}
	}
	return ok
}

// asCookie moves an argument into a cookie: few of CRS's tests use cookies.
func asCookie(x *exchange.Exchange, query, from, to string) bool {
	form := query
	if len(x.Body) > 0 {
		form = string(x.Body)
	}
	values, err := url.ParseQuery(form)
	value := values.Get(from)
	if err != nil || value == "" || strings.Contains(value, ";") { // which no cookie can hold
		return false
	}
	x.Method, x.Body = "GET", nil
	x.Headers = slices.DeleteFunc(x.Headers, func(h [2]string) bool { return strings.HasPrefix(h[0], "content-") })
	x.Headers = append(x.Headers, [2]string{"cookie", to + "=" + value})
	return true
}

// renamed gives the field of a form, or the cookie, another name.
func renamed(form, separator, from, to string) (string, bool) {
	fields := strings.Split(form, separator)
	found := false
	for i, field := range fields {
		name, value, both := strings.Cut(field, "=")
		plain, err := url.QueryUnescape(strings.TrimSpace(name))
		if err == nil && both && strings.EqualFold(plain, from) {
			fields[i], found = to+"="+value, true
		}
	}
	return strings.Join(fields, separator), found
}
