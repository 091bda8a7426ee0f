package tuning

import "strings"

// Whoever can send requests writes the log, so that a pattern must be no wider than
// what the log shows:
//   - identifiers become their kind where several of that kind were at the same
//     place, and a pattern of a kind matches nothing else
//   - names become anything where there are many, by as many clients
//   - a pattern keeps a literal segment: one without would be every path
// Everything else stays the path that it is.

// Bounds on evidence. A place beyond mostPlaces, or deeper than deepest, is not
// widened.
const (
	fewIdentifiers = 3
	mostPlaces     = 50_000
	deepest        = 10
)

// places keeps the hashes of identifiers, fewIdentifiers at most, by where in a path
// they were: "/users/{number}".
type places map[string][]uint64

// take counts a path's identifiers as evidence, and returns the path as widened has it.
func (p places) take(path string) string {
	eachIdentifier(path, func(place, segment string) string {
		hash := hashOf(segment)
		seen := p[place]
		if len(seen) < fewIdentifiers && (seen != nil || len(p) < mostPlaces) && kindOf(segment).segment != segment {
			p[place] = sketch(seen).with(hash)
		}
		return segment
	})
	return p.widened(path)
}

// widened replaces identifiers where there is evidence that others stand there too.
func (p places) widened(path string) string {
	pattern := eachIdentifier(path, func(place, segment string) string {
		if len(p[place]) < fewIdentifiers {
			return segment
		}
		return kindOf(segment).segment
	})
	if !hasLiteral(pattern) {
		return path
	}
	return pattern
}

// eachIdentifier calls visit with each identifier of a path, and with its place: all
// that precedes it, and its kind.
func eachIdentifier(path string, visit func(place, segment string) string) string {
	if path == "" {
		return ""
	}
	segments := strings.Split(path[1:], "/")
	var place strings.Builder
	for i, segment := range segments {
		if i == deepest {
			break
		}
		place.WriteByte('/')
		if k := kindOf(segment); k != nil {
			place.WriteString(k.segment)
			segments[i] = visit(place.String(), segment)
		} else {
			place.WriteString(segment)
		}
	}
	return "/" + strings.Join(segments, "/")
}

// A place with more names than manyNames, sent by as many clients, has names of
// things in it (users, products); those with less than a hundredth of its events
// become anything.
const (
	manyNames   = 40
	fewOfEvents = 100
)

// A tally is what was seen of a path.
type tally struct {
	events  int
	clients sketch
}

// merged maps each of many patterns to the one that stands for it.
func merged(seen map[string]*tally) map[string]string {
	type one struct {
		pattern  string
		segments []string
	}
	all := make([]*one, 0, len(seen))
	for pattern := range seen {
		all = append(all, &one{pattern, strings.Split(pattern, "/")})
	}
	isName := func(segment string) bool { return plainSegment.MatchString(segment) || strings.HasPrefix(segment, odd) }
	var walk func(group []*one, depth int)
	walk = func(group []*one, depth int) {
		names, total := map[string]int{}, 0
		var clients sketch
		for _, o := range group {
			if depth < len(o.segments) && depth <= deepest && isName(o.segments[depth]) {
				names[o.segments[depth]] += seen[o.pattern].events
				total += seen[o.pattern].events
				clients = clients.and(seen[o.pattern].clients)
			}
		}
		many := len(names) > manyNames && clients.count() > manyNames
		next := map[string][]*one{}
		for _, o := range group {
			if depth >= len(o.segments) {
				continue
			}
			if name := o.segments[depth]; many && name != "" && isName(name) && names[name]*fewOfEvents < total {
				o.segments[depth] = anything
			}
			next[o.segments[depth]] = append(next[o.segments[depth]], o)
		}
		for _, below := range next {
			walk(below, depth+1)
		}
	}
	walk(all, 1)
	into := make(map[string]string, len(all))
	for _, o := range all {
		pattern := strings.Join(o.segments, "/")
		if !hasLiteral(pattern) {
			pattern = o.pattern
		}
		into[o.pattern] = nameable(pattern)
	}
	return into
}
